//! The `quadruplex` command.
//!
//! Every command is a room of its own in [`commands`]; what ends a command early, and with which exit code, is a
//! [`failure::Failure`].

mod commands;
mod echo;
mod failure;
mod feed;
mod help;
mod layer;
mod messages;
mod output;
mod people;
mod piped;
mod progress;
mod ready;
mod sessions;
mod state_dir;
mod target;
mod terminal;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use commands::Command;
use failure::Failure;
use state_dir::StateDir;
use target::Hosting;

/// Telegram from the command line, and a Telegram of your own to try it on.
#[derive(Debug, Parser)]
#[command(name = "quadruplex", version, after_help = failure::EXIT_CODES, max_term_width = 110)]
struct Arguments {
    /// Where sessions and the sandbox are kept.
    #[arg(long, global = true, value_name = "DIR", env = "QUADRUPLEX_STATE_DIR")]
    state_dir: Option<std::path::PathBuf>,
    /// Print JSON instead of text: one line for each thing that is there to tell.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// What holds for every command.
#[derive(Debug)]
struct Context {
    state_dir: StateDir,
    json: bool,
    hosting: Hosting,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { state_dir, json, command } = Arguments::parse();
    log();
    let context = match StateDir::new(state_dir) {
        Ok(state_dir) => Context { state_dir, json, hosting: Hosting::default() },
        Err(failure) => return told(&failure),
    };
    let code = command.run(&context).await.map_or_else(|failure| told(&failure), |()| ExitCode::SUCCESS);
    context.hosting.end().await;
    code
}

fn told(failure: &Failure) -> ExitCode {
    if failure.is_told() {
        eprintln!("error: {failure}");
    }
    failure.code()
}

/// What the parts below have to say goes to the standard error: warnings, or what `RUST_LOG` asks for.
fn log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).compact();
    // Colours are for eyes, not for files.
    if std::io::stderr().is_terminal() { log.init() } else { log.with_ansi(false).init() }
}
