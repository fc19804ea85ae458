use std::path::PathBuf;

use quadruplex::api::functions::messages;
use quadruplex::api::{PeerRef, types};
use serde_json::json;

use crate::Context;
use crate::failure::Failure;
use crate::output::say;
use crate::progress::Meter;
use crate::target::Target;

/// Send files to a chat, each as it is.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// To whom: @name, me, a link, a number, an id.
    #[arg(allow_hyphen_values = true)]
    peer: String,
    /// The files.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What is written under them.
    #[arg(long, value_name = "TEXT", default_value = "")]
    caption: String,
    #[command(flatten)]
    target: Target,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    let Arguments { peer, files, caption, target } = arguments;
    for file in &files {
        std::fs::metadata(file).map_err(|error| Failure::io(format_args!("cannot read {}", file.display()), &error))?;
    }
    let connected = target.sign_in(context).await?;
    for file in files {
        let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
        let mut meter = Meter::new(&name, context.json);
        let upload = connected.client.upload(file).progress(|progress| meter.tell(progress));
        let uploaded = connected.while_connected(async { Ok(upload.await?) }).await?;
        drop(meter);
        let size = uploaded.size();
        let attributes = [types::DocumentAttributeFilename::new(uploaded.name())];
        let media = types::InputMediaUploadedDocument::new(uploaded, "application/octet-stream", attributes);
        let request = messages::SendMedia::new(PeerRef::from(&peer), media, caption.as_str());
        connected.while_connected(async { Ok(connected.client.call(request).await?) }).await?;
        if context.json {
            say(json!({ "event": "uploaded", "file": name, "bytes": size, "to": peer }))?;
        } else {
            say(format_args!("{name}: {size} bytes sent to {peer}"))?;
        }
    }
    connected.close().await;
    Ok(())
}
