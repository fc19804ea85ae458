//! Telegram on this machine: a sandbox, three people and what they do, measured.

mod actor;
mod report;
mod server;
mod steps;

use std::time::Duration;

use crate::Context;
use crate::failure::{Failure, Kind};
use report::Report;
use steps::Stage;

/// Show everything at work: accounts that exchange messages and files through a server on this machine.
///
/// Needs no account, no API id and no network.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How long every packet is on its way, in each direction, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=1000))]
    delay: u64,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    let mut report = Report::new(context.json);
    let failed = |problem: String| Failure::new(Kind::Failed, format!("the demo cannot start: {problem}"));
    let mut stage = Stage::start(Duration::from_millis(arguments.delay), !context.json).await.map_err(failed)?;
    stage.play(&mut report).await;
    report.finish()
}
