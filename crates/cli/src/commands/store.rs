use std::io::Read;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use quadruplex::store::{Session, Store};
use quadruplex_stores::sessions::{self, Format, FormatError};
use quadruplex_stores::{Error, Options, copy, open};
use serde_json::json;

use crate::Context;
use crate::failure::{Failure, Kind};
use crate::output::say;
use crate::sessions::open_either;
use crate::target::address;

/// Where sessions are kept: copy one to another place, take one over from another library, give one back.
///
/// A place is a file (`shop.redb`, `sqlite:shop.db`) or in a server (`postgres://…`, `mysql://…`, `redis://…`, each with `?session=NAME`), as far as this
/// command was built with it. No program may be using the session meanwhile. With QUADRUPLEX_STORE_KEY (`openssl rand -hex 32`) what is written is encrypted.
/// Commands open an encrypted session with it, too, and new ones become so, except in a sandbox.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Copy everything from one store into a new one.
    Copy {
        from: String,
        to: String,
        /// Do not encrypt the copy, although there is a key.
        #[arg(long)]
        plain: bool,
    },
    /// Take over the session of another library into a new store: a string from the standard input, whosever it is, or a file of Telethon.
    Import {
        to: String,
        /// A file of Telethon, with the people it knows and how far updates were taken.
        #[arg(long, value_name = "FILE")]
        telethon_file: Option<PathBuf>,
    },
    /// Print the session as a string for another library. Who has the string has the account.
    Export {
        from: String,
        /// Whose string.
        #[arg(long = "as", value_name = "LIBRARY")]
        format: Library,
        /// What Pyrogram wants in it.
        #[arg(long, env = "API_ID")]
        api_id: Option<i32>,
        /// Where the data centre of the account is, if it is none of Telegram's: libraries other than Pyrogram's keep it in the string.
        #[arg(long, value_name = "ADDR", value_parser = address)]
        address: Option<SocketAddr>,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Library {
    Quadruplex,
    Telethon,
    Pyrogram,
    Gramjs,
    Mtcute,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    match arguments.action {
        Action::Copy { from, to, plain } => {
            // awaitlint: allow(independent-awaits) no target is made for a source that is not there
            let source = existing(&from).await?;
            let target = target(&to, plain).await?;
            let copied = copy(&*source, &*target).await?;
            // Or whoever opens them next would wait for this process, which ends.
            let (source, closed) = (source.close().await, target.close().await);
            source.and(closed).map_err(quadruplex::Error::from)?;
            let quadruplex_stores::Copied { keys, rows, dead_letters, peers, values, .. } = copied;
            say(if context.json {
                let to = target.place();
                json!({"event": "copied", "keys": keys, "rows": rows, "dead_letters": dead_letters, "peers": peers, "values": values, "to": to})
                    .to_string()
            } else {
                format!(
                    "{keys} keys, {rows} updates to be handled, {dead_letters} given up, {peers} peers, {values} values: now in {}\n\
                     start the program on the new store only, and remove the old one",
                    target.place()
                )
            })
        }
        Action::Import { to, telethon_file } => import(&to, telethon_file, context).await,
        Action::Export { from, format, api_id, address } => {
            let format = match format {
                Library::Quadruplex => Format::Quadruplex,
                Library::Telethon => Format::Telethon,
                Library::Pyrogram => Format::Pyrogram,
                Library::Gramjs => Format::GramJs,
                Library::Mtcute => Format::Mtcute,
            };
            let store = existing(&from).await?;
            let small = store.load().await.map_err(quadruplex::Error::from)?;
            store.close().await.map_err(quadruplex::Error::from)?;
            let mut session =
                Session::from_snapshot(&small).ok_or_else(|| Failure::new(Kind::Session, "nobody is signed in with that store"))?;
            session.address = address;
            if address.is_none() && is_elsewhere(&from) && !matches!(format, Format::Quadruplex | Format::Pyrogram) {
                eprintln!(
                    "warning: this session is with a server of one's own, and the string leads to Telegram's\n  \
                     help: --address ADDR puts into it where the server is"
                );
            }
            let session = sessions::write(&session, format, api_id)?;
            if context.json {
                return say(json!({"event": "exported", "library": name(format), "session": session}));
            }
            say(session)
        }
    }
}

async fn import(to: &str, telethon_file: Option<PathBuf>, context: &Context) -> Result<(), Failure> {
    let (commit, whose) = match telethon_file {
        #[cfg(feature = "sqlite")]
        Some(path) => (sessions::read_telethon_file(&path).await?.to_commit(), Format::Telethon),
        #[cfg(not(feature = "sqlite"))]
        Some(_) => return Err(Error::NotBuilt { scheme: "SQLite".to_owned(), feature: "sqlite" }.into()),
        None => {
            let mut string = String::new();
            std::io::stdin().read_to_string(&mut string).map_err(|error| Failure::io("cannot read the standard input", &error))?;
            let (session, whose) = sessions::read(&string)?;
            (session.to_commit(), whose)
        }
    };
    let store = target(to, false).await?;
    if store.load().await.map_err(quadruplex::Error::from)?.identity.is_some() {
        return Err(Error::NotEmpty(store.place()).into());
    }
    store.commit(Arc::new(commit)).await.map_err(quadruplex::Error::from)?;
    store.close().await.map_err(quadruplex::Error::from)?;
    if context.json {
        return say(json!({"event": "imported", "library": name(whose), "to": store.place()}));
    }
    say(format_args!("a session of {whose:?} is now in {}; do not use it where it came from any more", store.place()))
}

/// Whether it lies where commands keep sessions with a sandbox or with `--server`.
fn is_elsewhere(place: &str) -> bool {
    let directory = std::path::absolute(place).ok().and_then(|path| Some(path.parent()?.file_name()?.to_string_lossy().into_owned()));
    directory.is_some_and(|name| name.starts_with("server-") || name.ends_with(".sessions"))
}

/// What `--as` calls it.
fn name(library: Format) -> String {
    format!("{library:?}").to_ascii_lowercase()
}

/// A store that is there, sealed or not: the key of the environment is for one that is.
async fn existing(url: &str) -> Result<Arc<dyn Store>, Failure> {
    let mut options = Options::from_env()?;
    options.create = false;
    Ok(open_either(url, options).await?)
}

async fn target(url: &str, plain: bool) -> Result<Arc<dyn Store>, Failure> {
    let mut options = Options::from_env()?;
    if plain {
        options.key = None;
    }
    Ok(open(url, options).await?)
}

impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Self {
        Self::new(Kind::Session, error.to_string())
    }
}
