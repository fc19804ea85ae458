//! The client as what answers the gap engine's questions.

use std::sync::{Arc, Weak};

use quadruplex_api::functions::{channels, updates};
use quadruplex_api::{Field, Value, enums, types};
use quadruplex_net::{BoxFuture, State};
use quadruplex_store::Peer;
use tokio::sync::watch;

use super::driver::{Answer, Over, Refusal, Server};
use super::gap::{Failure, Request};
use crate::Error;
use crate::client::Inner;

/// Finds users and chats in a value; the client notes what else is worth it.
pub(crate) type PeersIn = fn(&Inner, Field<'_>) -> Vec<Peer>;

/// A client that does not keep itself alive by asking.
pub(super) struct Asking {
    client: Weak<Inner>,
    peers_in: PeersIn,
}

impl Asking {
    pub(super) fn new(client: &Arc<Inner>, peers_in: PeersIn) -> Self {
        Self { client: Arc::downgrade(client), peers_in }
    }
}

impl Server for Asking {
    fn ask(&self, request: Request) -> BoxFuture<'static, Result<Answer, Refusal>> {
        let client = self.client.upgrade();
        Box::pin(async move {
            let client = client.ok_or(Refusal::Over)?;
            ask(&client, request).await.map_err(|error| match client.is_over(&error) {
                true => Refusal::Over,
                false => Refusal::Failed(failure(&error)),
            })
        })
    }

    fn home_dc(&self) -> i32 {
        self.client.upgrade().map_or(0, |client| client.home_dc())
    }

    fn link(&self) -> Result<watch::Receiver<State>, Over> {
        self.client.upgrade().ok_or(Over)?.connection().map_err(|_| Over)
    }

    fn reopen(&self) {
        if let Some(client) = self.client.upgrade() {
            client.reconnect();
        }
    }

    fn peers_in(&self, updates: &enums::Updates) -> Vec<Peer> {
        self.client.upgrade().map_or_else(Vec::new, |client| (self.peers_in)(&client, updates.field()))
    }
}

async fn ask(client: &Arc<Inner>, request: Request) -> Result<Answer, Error> {
    let channel = |id| enums::Peer::from(types::PeerChannel::new(id));
    Ok(match request {
        Request::State => Answer::State(client.invoke(updates::GetState).await?),
        Request::Difference { pts, qts, date } => Answer::Difference(client.invoke(updates::GetDifference::new(pts, date, qts)).await?),
        Request::ChannelDifference { id, pts, limit } => {
            let all = enums::ChannelMessagesFilter::Empty;
            Answer::ChannelDifference(client.invoke(updates::GetChannelDifference::new(channel(id), all, pts, limit)).await?)
        }
        Request::ChannelState { id } => match client.invoke(channels::GetFullChannel::new(channel(id))).await?.full_chat {
            enums::ChatFull::ChannelFull(full) => Answer::ChannelState(full.pts),
            _ => return Err(Error::Invalid(format!("channel {id} is described as something else"))),
        },
    })
}

fn failure(error: &Error) -> Failure {
    const BAD_POSITION: [&str; 2] = ["PERSISTENT_TIMESTAMP_INVALID", "PERSISTENT_TIMESTAMP_EMPTY"];
    const GONE: [&str; 4] = ["CHANNEL_PRIVATE", "CHANNEL_PUBLIC_GROUP_NA", "CHANNEL_FORUM_MISSING", "USER_BANNED_IN_CHANNEL"];
    match error {
        Error::Unreadable { .. } => Failure::Undecodable,
        Error::Peer(_) => Failure::UnknownChannel,
        Error::Shared(error) => failure(error),
        error if BAD_POSITION.iter().any(|name| error.is(name)) => Failure::BadPosition,
        error if GONE.iter().any(|name| error.is(name)) => Failure::Gone,
        error if error.is("CHANNEL_INVALID") => Failure::UnknownChannel,
        error => Failure::Later(error.flood_wait()),
    }
}
