use serde_json::json;

use crate::Context;
use crate::failure::Failure;
use crate::output::say;
use crate::target::{self, Target};

/// Show messages as they come, are edited and deleted, until ctrl-c.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// End after so many messages.
    #[arg(long, value_name = "N", value_parser = target::number::<usize>)]
    count: Option<usize>,
    #[command(flatten)]
    target: Target,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    let Arguments { count, target } = arguments;
    let connected = target.sign_in(context).await?;
    let mut feed = connected.feed().await?;
    if context.json {
        say(json!({ "event": "listening" }))?;
    }
    let mut left = count.unwrap_or(usize::MAX);
    while left > 0 {
        let happened = tokio::select! {
            happened = feed.next() => happened,
            _ = tokio::signal::ctrl_c() => break,
        };
        let Some(happened) = happened else { return Err(connected.ended().await) };
        happened.print(context.json)?;
        feed.done();
        left -= 1;
    }
    connected.close().await;
    Ok(())
}
