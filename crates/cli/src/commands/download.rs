use std::io::ErrorKind;
use std::path::PathBuf;

use quadruplex::api::PeerRef;
use quadruplex::{Client, Error, RemoteFile};
use serde_json::json;

use crate::Context;
use crate::failure::{Failure, Kind};
use crate::messages::by_id;
use crate::output::say;
use crate::progress::Meter;
use crate::target::{self, Target};

/// Download the file of a message. One that was cut off goes on where it stopped.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// From which chat: @name, me, a link, a number, an id.
    #[arg(allow_negative_numbers = true, value_parser = target::peer)]
    peer: String,
    /// The message, as `history` shows it.
    #[arg(value_parser = target::number::<i32>)]
    id: i32,
    /// Into which directory; - is the standard output.
    #[arg(long, value_name = "DIR", default_value = ".")]
    to: PathBuf,
    #[command(flatten)]
    target: Target,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    let Arguments { peer, id, to, target } = arguments;
    let is_printed = to.as_os_str() == "-";
    if is_printed && context.json {
        let text = "the file is printed, and --json as well\n  help: without --json, or --to with a directory; one of that name is ./-";
        return Err(Failure::new(Kind::Usage, text));
    }
    let connected = target.sign_in(context).await?;
    let found = connected.while_connected(async { Ok(file_of(&connected.client, PeerRef::from(&peer), id).await?) }).await?;
    let file = found.ok_or_else(|| {
        Failure::new(
            Kind::Failed,
            format!("message {id} of {peer} has no file, or is not there\n  help: quadruplex history {peer} shows what is"),
        )
    })?;
    let mut meter = Meter::new(file.name(), context.json);
    let download = connected.client.download(file);
    if is_printed {
        let printed = download.to_writer(tokio::io::stdout()).progress(|progress| meter.tell(progress));
        connected.while_connected(async { printed.await.map_err(unprinted) }).await?;
        drop(meter);
        connected.close().await;
        return Ok(());
    }
    let download = download.to_dir(to).progress(|progress| meter.tell(progress));
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

/// Nobody need read all of it (`| head`).
fn unprinted(error: Error) -> Failure {
    match &error {
        Error::Transfer { source, .. } if matches!(&**source, Error::Io { source, .. } if source.kind() == ErrorKind::BrokenPipe) => {
            Failure::unread()
        }
        _ => error.into(),
    }
}

/// The file of a message of this chat.
async fn file_of(client: &Client, peer: PeerRef, id: i32) -> Result<Option<RemoteFile>, Error> {
    // The history of a chat is not for bots.
    if client.own_user().is_some_and(|me| me.bot) {
        return Ok(client.message(peer, id).await?.and_then(|message| message.file()));
    }
    let found = by_id(client, &peer, id).await?;
    let media = found.and_then(|shown| shown.message.media);
    Ok(media.as_ref().and_then(RemoteFile::of_media).map(|file| file.from_message(peer, id)))
}
