//! `cargo awaitlint`.

mod args;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;

use self::args::{Args, Command};
use crate::check::{Report, check};
use crate::corpus::{self, Request};
use crate::fix;
use crate::mutants::recall;
use crate::output;
use crate::plan::plan;
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
        Some(Command::Plan { target }) => {
            print!("{}", plan(target)?);
            Ok(CLEAN)
        }
        Some(Command::Mutants { path, compile }) => {
            print!("{}", recall(path, *compile)?);
            Ok(CLEAN)
        }
        Some(Command::Corpus { step, data, work, half, sample }) => {
            let request = Request { step: *step, data: data.clone(), work: work.clone(), half: *half, sample: *sample };
            corpus::run(&request, &mut io::stdout().lock()).map(|()| CLEAN)
        }
        None => check_and_write(args),
    }
}

fn check_and_write(args: &Args) -> Result<u8, String> {
    if args.unsafe_fixes && !args.fix && !args.dry_run {
        return Err("--unsafe-fixes needs --fix or --dry-run".to_owned());
    }
    let report = check(&args.path, &args.overrides()?)?;
    if args.dry_run {
        print!("{}", fix::diff(&fix::changes(&report, args.unsafe_fixes)?, report.root()));
        return Ok(status(&report));
    }
    if args.fix {
        return write_fixes(args, &report);
    }
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

/// Applies the fixes and shows what is left.
fn write_fixes(args: &Args, report: &Report) -> Result<u8, String> {
    let outcome = fix::apply(report, args.unsafe_fixes)?;
    if outcome.broken_before {
        return Err("the project does not compile (cargo check) without any fix either; nothing was changed".to_owned());
    }
    println!("fixed {} findings in {} files", outcome.fixed, outcome.changed.len());
    for path in &outcome.restored {
        println!("restored, because cargo check failed with the fix: {}", path.display());
    }
    let after = check(&args.path, &args.overrides()?)?;
    output::write(&after, args.format, io::stdout().is_terminal(), &mut io::stdout().lock())
        .map_err(|error| format!("cannot write: {error}"))?;
    Ok(status(&after))
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
