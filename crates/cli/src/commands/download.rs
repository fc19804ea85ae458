use std::path::PathBuf;

use quadruplex::RemoteFile;
use quadruplex::api::PeerRef;
use serde_json::json;

use crate::Context;
use crate::failure::{Failure, Kind};
use crate::messages::by_id;
use crate::output::say;
use crate::progress::Meter;
use crate::target::Target;

/// Download the file of a message. One that was cut off goes on where it stopped.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// From which chat: @name, me, a link, a number, an id.
    #[arg(allow_negative_numbers = true)]
    peer: String,
    /// The message, as `history` shows it.
    id: i32,
    /// Into which directory.
    #[arg(long, value_name = "DIR", default_value = ".")]
    to: PathBuf,
    #[command(flatten)]
    target: Target,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    let Arguments { peer, id, to, target } = arguments;
    let connected = target.sign_in(context).await?;
    let peer_ref = PeerRef::from(&peer);
    let found = connected.while_connected(async { Ok(by_id(&connected.client, &peer_ref, id).await?) }).await?;
    let media = found.and_then(|shown| shown.message.media);
    let file = media.as_ref().and_then(RemoteFile::of_media).ok_or_else(|| {
        Failure::new(
            Kind::Failed,
            format!("message {id} of {peer} has no file, or is not there\n  help: quadruplex history {peer} shows what is"),
        )
    })?;
    let file = file.from_message(peer_ref, id);
    let mut meter = Meter::new(file.name(), context.json);
    let download = connected.client.download(file).to_dir(to).progress(|progress| meter.tell(progress));
    let saved = connected.while_connected(async { Ok(download.await?) }).await?;
    drop(meter);
    if context.json {
        say(json!({ "event": "downloaded", "path": saved.path.display().to_string(), "bytes": saved.size }))?;
    } else {
        say(format_args!("{}: {} bytes", saved.path.display(), saved.size))?;
    }
    connected.close().await;
    Ok(())
}
