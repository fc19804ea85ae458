use std::fs::File;
use std::path::{Path, PathBuf};

use quadruplex::{Attachment, UploadSource};
use serde_json::json;

use crate::Context;
use crate::failure::{Failure, Kind};
use crate::output::say;
use crate::piped::Piped;
use crate::progress::Meter;
use crate::target::{self, Target};

/// Send files to a chat, each as it is.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// To whom: @name, me, a link, a number, an id.
    #[arg(allow_negative_numbers = true, value_parser = target::peer)]
    peer: String,
    /// The files; - is the standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What the standard input is called there.
    #[arg(long, value_name = "NAME", default_value = "stdin")]
    name: String,
    /// What is written under them.
    #[arg(long, value_name = "TEXT", default_value = "")]
    caption: String,
    #[command(flatten)]
    target: Target,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    let Arguments { peer, files, name: name_of_input, caption, target } = arguments;
    let is_input = |file: &Path| file.as_os_str() == "-";
    if files.iter().filter(|file| is_input(file)).count() > 1 {
        return Err(Failure::new(Kind::Usage, "the standard input can be sent once\n  help: a file of that name is ./-"));
    }
    // All of them before the first is sent.
    let sizes = files.iter().map(|file| if is_input(file) { Ok(0) } else { size_of(file) }).collect::<Result<Vec<_>, _>>()?;
    let connected = target.sign_in(context).await?;
    for (file, mut size) in files.into_iter().zip(sizes) {
        let (name, source) = if is_input(&file) {
            (name_of_input.clone(), UploadSource::stream(name_of_input.as_str(), Piped::stdin()))
        } else {
            (file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned(), UploadSource::from(file))
        };
        let mut meter = Meter::new(&name, context.json);
        let send = connected.client.send_file(&peer, Attachment::from(source).document()).caption(caption.as_str()).progress(|progress| {
            size = size.max(progress.done);
            meter.tell(progress);
        });
        let sent = connected.while_connected(async { Ok(send.await?) }).await?;
        drop(meter);
        if context.json {
            say(json!({ "event": "uploaded", "id": sent.id(), "file": name, "bytes": size, "to": peer }))?;
        } else {
            say(format_args!("{name}: {size} bytes sent to {peer}"))?;
        }
    }
    connected.close().await;
    Ok(())
}

/// The size of a file that can be sent.
fn size_of(path: &Path) -> Result<u64, Failure> {
    let cannot = |problem: &str| Failure::new(Kind::Failed, format!("cannot send {}: {problem}", path.display()));
    // A pipe would be waited for as soon as it is opened.
    match std::fs::metadata(path).and_then(|known| if known.is_file() { File::open(path)?.metadata() } else { Ok(known) }) {
        Ok(known) if known.is_dir() => Err(cannot("it is a directory\n  help: name the files in it")),
        Ok(known) if !known.is_file() => Err(cannot("its size is not known\n  help: write what comes from it to a file first")),
        Ok(known) if known.len() == 0 => Err(cannot("it is empty, which Telegram does not take")),
        Ok(known) => Ok(known.len()),
        Err(error) => Err(Failure::io(format_args!("cannot read {}", path.display()), &error)),
    }
}
