//! Telegram on this machine: a sandbox, three people and what they do, measured.

mod actor;
mod report;
mod server;
mod steps;

use std::time::Duration;

use super::sandbox::asked_to_stop;
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
    let whole = async {
        let mut stage = Stage::start(Duration::from_millis(arguments.delay), !context.json).await.map_err(failed)?;
        stage.play(&mut report).await;
        Ok::<(), Failure>(())
    };
    tokio::select! {
        // What it has made is cleared away when it is dropped.
        stopped = asked_to_stop() => {
            let text = stopped.map_or_else(|error| format!("signals cannot be received: {error}"), |()| "ended before it was done".to_owned());
            return Err(Failure::new(Kind::Failed, format!("the demo: {text}")));
        }
        played = whole => played?,
    }
    report.finish()
}
