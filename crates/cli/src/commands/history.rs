use quadruplex::api::PeerRef;

use crate::Context;
use crate::failure::Failure;
use crate::messages::history;
use crate::target::{self, Target};

/// Show the last messages of a chat, oldest first.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Of which chat: @name, me, a link, a number, an id.
    #[arg(allow_negative_numbers = true, value_parser = target::peer)]
    peer: String,
    /// How many.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = target::number::<usize>)]
    limit: usize,
    #[command(flatten)]
    target: Target,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    let Arguments { peer, limit, target } = arguments;
    let connected = target.sign_in(context).await?;
    let peer = PeerRef::from(&peer);
    let messages = connected.while_connected(async { Ok(history(&connected.client, &peer, limit).await?) }).await?;
    for message in messages {
        message.print(context.json)?;
    }
    connected.close().await;
    Ok(())
}
