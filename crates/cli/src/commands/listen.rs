use crate::Context;
use crate::failure::Failure;
use crate::target::Target;

/// Show messages as they come, until ctrl-c.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// End after so many messages.
    #[arg(long, value_name = "N")]
    count: Option<usize>,
    #[command(flatten)]
    target: Target,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    let Arguments { count, target } = arguments;
    let connected = target.sign_in(context).await?;
    let mut feed = connected.feed().await?;
    let mut left = count.unwrap_or(usize::MAX);
    while left > 0 {
        let messages = tokio::select! {
            messages = feed.next() => messages?,
            _ = tokio::signal::ctrl_c() => break,
        };
        for message in messages.iter().take(left) {
            message.print(context.json)?;
        }
        left = left.saturating_sub(messages.len());
    }
    connected.close().await;
    Ok(())
}
