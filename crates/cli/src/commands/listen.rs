use std::convert::Infallible;
use std::future::pending;

use serde_json::json;

use crate::Context;
use crate::failure::Failure;
use crate::feed::Feed;
use crate::output::say;
use crate::target::{self, Connected, Target};

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
    let feed = connected.feed().await?;
    if context.json {
        say(json!({ "event": "listening" }))?;
    }
    tokio::select! {
        shown = show(&connected, feed, count, context) => shown?,
        unread = tell_of_absences(&connected, context) => return Err(unread),
        _ = tokio::signal::ctrl_c() => context.hosting.hurry(),
    }
    connected.close().await;
    Ok(())
}

async fn show(connected: &Connected, mut feed: Feed, count: Option<usize>, context: &Context) -> Result<(), Failure> {
    let mut left = count.unwrap_or(usize::MAX);
    while left > 0 {
        let Some(happened) = feed.next().await else { return Err(connected.ended().await) };
        happened.print(context.json)?;
        feed.done();
        left -= 1;
    }
    Ok(())
}

/// Says when the server has been away for too long and when it is back: who waits for messages would take the silence for peace. Ends only
/// when nobody reads it.
async fn tell_of_absences(connected: &Connected, context: &Context) -> Failure {
    let told = async {
        loop {
            // Why a client is closed is said where its updates end.
            let Ok(away) = connected.away().await else { return pending().await };
            if context.json {
                say(json!({ "event": "away", "reason": away.replace("\n  ", "; ") }))?;
            } else {
                eprintln!("warning: {away}\n  what comes meanwhile is shown once it is back; ctrl-c ends the waiting");
            }
            let Ok(()) = connected.back().await else { return pending().await };
            if context.json {
                say(json!({ "event": "back" }))?;
            } else {
                eprintln!("the connection is back");
            }
        }
    };
    let told: Result<Infallible, Failure> = told.await;
    match told {
        Err(failure) => failure,
    }
}
