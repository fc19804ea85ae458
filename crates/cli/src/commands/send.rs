use serde_json::json;

use crate::Context;
use crate::failure::{Failure, Kind};
use crate::output::say;
use crate::target::{self, Target};

/// Send a message.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// To whom: @name, me, a link, a number, an id.
    #[arg(allow_negative_numbers = true, value_parser = target::peer)]
    peer: String,
    /// What; the standard input if it is left out.
    text: Option<String>,
    /// Without a sound at the other end.
    #[arg(long)]
    silent: bool,
    /// As an answer to this message.
    #[arg(long, value_name = "ID")]
    reply_to: Option<i32>,
    #[command(flatten)]
    target: Target,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    let Arguments { peer, text, silent, reply_to, target } = arguments;
    let text = match text {
        Some(text) => text,
        None => std::io::read_to_string(std::io::stdin()).map_err(|error| Failure::io("cannot read the standard input", &error))?,
    };
    if text.trim().is_empty() {
        return Err(Failure::new(
            Kind::Usage,
            "there is nothing to send\n  help: quadruplex send PEER TEXT, or the text on the standard input",
        ));
    }
    let connected = target.sign_in(context).await?;
    let mut call = connected.client.send(&peer, text);
    if silent {
        call = call.silent();
    }
    if let Some(id) = reply_to {
        call = call.reply_to(id);
    }
    let sent = connected.while_connected(async { Ok(call.await?) }).await?;
    if context.json {
        say(json!({ "event": "sent", "id": sent.id(), "to": peer }))?;
    } else {
        say(format_args!("sent, message {}", sent.id()))?;
    }
    connected.close().await;
    Ok(())
}
