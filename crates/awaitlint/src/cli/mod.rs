//! `cargo awaitlint`.

mod args;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;

use self::args::{Args, Command};
use crate::check::{Report, check};
use crate::corpus::{self, Request};
use crate::output;
use crate::rules::Rule;

/// Nothing to report.
const CLEAN: u8 = 0;
/// Findings.
const FOUND: u8 = 1;
/// The check could not run.
const FAILED: u8 = 2;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    // Cargo passes the name of the subcommand as the first argument.
    let mut args: Vec<_> = std::env::args_os().collect();
    if args.get(1).is_some_and(|arg| arg == "awaitlint") {
        args.remove(1);
    }
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { FAILED } else { CLEAN });
        }
    };
    match run(&args) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(FAILED)
        }
    }
}

fn run(args: &Args) -> Result<u8, String> {
    match &args.command {
        Some(Command::Explain { rule }) => explain(rule.as_deref()),
        Some(Command::Corpus { step, data, work, half, sample }) => {
            let request = Request { step: *step, data: data.clone(), work: work.clone(), half: *half, sample: *sample };
            corpus::run(&request, &mut io::stdout().lock()).map(|()| CLEAN)
        }
        None => check_and_write(args),
    }
}

fn check_and_write(args: &Args) -> Result<u8, String> {
    let report = check(&args.path, &args.overrides()?)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let written = output::write(&report, args.format, colour, &mut out).and_then(|()| out.flush());
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        return Err(format!("cannot write: {error}"));
    }
    Ok(status(&report))
}

fn status(report: &Report) -> u8 {
    if report.findings.is_empty() { CLEAN } else { FOUND }
}

fn explain(name: Option<&str>) -> Result<u8, String> {
    let text = match name {
        Some(name) => {
            let rule = Rule::named(name);
            let rule =
                rule.ok_or_else(|| format!("there is no rule `{name}`; {}", crate::config::suggest(name, Rule::all().map(Rule::name))))?;
            rule.explain().to_owned()
        }
        None => {
            let first = |rule: Rule| {
                rule.explain().split("## What").nth(1).unwrap_or_default().trim().split(". ").next().unwrap_or_default().replace('\n', " ")
            };
            Rule::all().map(|rule| format!("{:<24} {}\n", rule.name(), first(rule))).collect()
        }
    };
    print!("{text}");
    Ok(CLEAN)
}
