use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quadruplex::Event;
use quadruplex::api::name_for_id;
use quadruplex::store::{Commit, DeadLetter, Lane, PeerId, Row, Store};
use serde_json::json;

use crate::Context;
use crate::failure::{Failure, Kind};
use crate::output::say;
use crate::sessions::open_file;

/// Letters read at once.
const PAGE: usize = 256;

/// Updates on which a handler has failed too often: see them, have them handled again, or give them up.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// The session file of the program, which must not be running; the only one in this directory unless told.
    #[arg(long, global = true, value_name = "FILE", env = "SESSION")]
    session: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Show all of them, oldest first.
    List,
    /// Put them back: at its next start the program gets them first.
    Retry {
        /// Their numbers, as `list` shows them.
        #[arg(required = true)]
        numbers: Vec<u64>,
    },
    /// Forget them.
    Drop {
        /// Their numbers, as `list` shows them.
        #[arg(required = true)]
        numbers: Vec<u64>,
    },
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    let Arguments { action, session } = arguments;
    let session = match session {
        Some(session) => session,
        None => only_session()?,
    };
    // Opening it would make an empty one.
    std::fs::metadata(&session).map_err(|error| no_session(format_args!("there is no session at {}: {error}", session.display())))?;
    let store = open_file(&session, Duration::ZERO, false).await?;
    let letters = letters(&*store).await?;
    match action {
        Action::List => {
            letters.iter().try_for_each(|letter| say(if context.json { to_json(letter) } else { to_line(letter) }))?;
            if letters.is_empty() && !context.json {
                say("there are none")?;
            }
            Ok(())
        }
        Action::Retry { numbers } => {
            change(&*store, &letters, &numbers, |commit, letter| {
                commit.unbury(letter.row.number);
                commit.add_row(Row { attempts: 0, ..letter.row.clone() });
            })
            .await
        }
        Action::Drop { numbers } => change(&*store, &letters, &numbers, |commit, letter| commit.unbury(letter.row.number)).await,
    }
}

fn no_session(what: impl fmt::Display) -> Failure {
    Failure::new(Kind::Session, format!("{what}\n  help: name the session file of the program with --session"))
}

fn only_session() -> Result<PathBuf, Failure> {
    let here = std::fs::read_dir(".").map_err(|error| Failure::io("cannot read this directory", &error))?;
    let mut sessions = here.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.extension().is_some_and(|end| end == "redb"));
    match (sessions.next(), sessions.next()) {
        (Some(session), None) => Ok(session),
        (None, _) => Err(no_session("there is no session in this directory")),
        (Some(_), Some(_)) => Err(no_session("there are several sessions in this directory")),
    }
}

async fn letters(store: &dyn Store) -> Result<Vec<DeadLetter>, Failure> {
    let mut all: Vec<DeadLetter> = Vec::new();
    loop {
        let from = all.last().map_or(0, |letter| letter.row.number + 1);
        let page = store.dead_letters(from, PAGE).await.map_err(quadruplex::Error::from)?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Changes all of them or, if one is not there, none.
async fn change(
    store: &dyn Store,
    letters: &[DeadLetter],
    numbers: &[u64],
    change: impl Fn(&mut Commit, &DeadLetter),
) -> Result<(), Failure> {
    let mut commit = Commit::default();
    for number in numbers {
        let letter = letters.iter().find(|letter| letter.row.number == *number).ok_or_else(|| {
            let text = format!("there is no dead letter {number}; nothing was changed\n  help: quadruplex dead list shows which there are");
            Failure::new(Kind::Usage, text)
        })?;
        change(&mut commit, letter);
    }
    Ok(store.commit(Arc::new(commit)).await.map_err(quadruplex::Error::from)?)
}

/// What kind of update it is.
fn name(row: &Row) -> Cow<'static, str> {
    match Event::from_row(row) {
        Ok(Event::Gap(_)) => "a gap".into(),
        Ok(Event::Scheduled { handler, .. }) => format!("scheduled handler {handler}").into(),
        _ => {
            let id = row.bytes.first_chunk().map(|id| u32::from_le_bytes(*id));
            id.and_then(name_for_id).unwrap_or("an update that this release does not know").into()
        }
    }
}

fn chat(lane: Lane) -> String {
    match lane {
        Lane::Peer(PeerId::User(id)) => format!("user {id}"),
        Lane::Peer(PeerId::Chat(id)) => format!("group {id}"),
        Lane::Peer(PeerId::Channel(id)) => format!("channel {id}"),
        _ => "the account".to_owned(),
    }
}

fn to_line(letter: &DeadLetter) -> String {
    let DeadLetter { row, error, since } = letter;
    let error = error.replace('\n', " ");
    format!("{:>8}  {}  {}, {} attempts, given up at {since}: {error}", row.number, name(row), chat(row.lane), row.attempts)
}

fn to_json(letter: &DeadLetter) -> String {
    let DeadLetter { row, error, since } = letter;
    json!({
        "event": "dead",
        "number": row.number,
        "update": name(row),
        "chat": chat(row.lane),
        "attempts": row.attempts,
        "since": since,
        "error": error,
    })
    .to_string()
}
