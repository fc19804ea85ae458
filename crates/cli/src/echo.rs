//! A bot to talk with where there is no program yet.

use std::fs::{self, File, OpenOptions};

use quadruplex::api::{PeerRef, enums};
use quadruplex::sandbox::{PARTNER, token};
use quadruplex::{Builder, Client, Error};
use tokio::task::JoinHandle;

use crate::Context;
use crate::failure::Failure;
use crate::feed::{Feed, Happened};
use crate::messages::Shown;
use crate::state_dir::StateDir;
use crate::target::Connected;

/// The public name of the bot that answers what it is told.
pub(crate) const NAME: &str = "echo_bot";
/// There if the bot in the running sandbox is that of commands, and locked by the one that answers.
pub(crate) const OURS: &str = "sandbox.echo";

/// The bot, until this is dropped.
pub(crate) struct Echo {
    answering: JoinHandle<()>,
    /// Tells other commands that it is there.
    lock: Option<File>,
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.answering.abort();
    }
}

impl Echo {
    /// Signs it in, and answers from then on, as long as no program does.
    pub(crate) async fn start(builder: Builder, is_program: impl Fn() -> bool + Send + 'static) -> Result<Self, Failure> {
        let client = builder.connect_in_memory().await?;
        client.sign_in_bot(&token(NAME)).await?;
        let feed = Feed::open(&client).await?;
        let answering = tokio::spawn(async move {
            // Its failure is no failure of the command, which may have nothing to do with it.
            if let Err(error) = answer_unless(&client, feed, is_program).await {
                eprintln!("warning: @{NAME} has stopped: {error}");
            }
        });
        Ok(Self { answering, lock: None })
    }

    /// Starts it for whoever wants to talk with it, in a sandbox that has no bots but those of programs: unless such a program or another
    /// command answers there.
    pub(crate) async fn where_missing(peer: &PeerRef, connected: &Connected, context: &Context) -> Result<Option<Self>, Failure> {
        let (partner, path) = (context.state_dir.file(PARTNER)?, context.state_dir.file(OURS)?);
        let is_program = move || fs::read_to_string(&partner).is_ok_and(|partner| partner == format!("@{NAME}"));
        if !connected.is_sandbox || *peer != PeerRef::from(&format!("@{NAME}")) || is_program() {
            return Ok(None);
        }
        if !path.exists() {
            match connected.while_connected(async { Ok(connected.client.input_peer(peer.clone()).await) }).await? {
                Err(error) if is_missing(&error) => {}
                found => return Ok(found.map(|_| None)?),
            }
        }
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
        let lock = lock.map_err(|error| StateDir::failed(format_args!("cannot write {}", path.display()), &error))?;
        if lock.try_lock().is_err() {
            return Ok(None);
        }
        let mut started = connected.while_connected(Self::start(connected.another(), is_program)).await?;
        started.lock = Some(lock);
        Ok(Some(started))
    }
}

fn is_missing(error: &Error) -> bool {
    match error {
        Error::Peer(_) => true,
        Error::Shared(error) => is_missing(error),
        _ => false,
    }
}

/// Answers everybody who writes to a bot in private, from now on. Ends only when the client does.
pub(crate) async fn answer(client: &Client, feed: Feed) -> Result<(), Error> {
    answer_unless(client, feed, || false).await
}

async fn answer_unless(client: &Client, mut feed: Feed, is_program: impl Fn() -> bool) -> Result<(), Error> {
    while let Some(happened) = feed.next().await {
        if let Happened::New(Shown { message, .. }) = happened
            && !message.out
            && matches!(message.peer_id, enums::Peer::User(_))
            && !is_program()
        {
            client.send(message.peer_id, message.message).await?;
        }
        feed.done();
    }
    Ok(())
}
