//! A server that answers about updates, with its logs in the open.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use quadruplex_api::{enums, types};
use quadruplex_net::{BoxFuture, Event as Arrived, Receipt, State};
use quadruplex_store::testing::Wrapper;
use quadruplex_store::{Commit, Memory, Peer, PeerId, PeerKind, Row, Store, Task, Writer};
use quadruplex_tl::Serialize;
use tokio::sync::{mpsc, watch};

use crate::updates::core::Shared;
use crate::updates::driver::{self, Answer, Over, Refusal, Server};
use crate::updates::gap::{Failure, Request, SILENCE};
use crate::updates::journal::Limits;
use crate::updates::{UpdateStream, short};

pub(super) const HOME: i32 = 2;

/// Private messages with their pts, and posts of channels with theirs. Clones are the same server.
#[derive(Clone)]
pub(super) struct Telegram {
    logs: Arc<Mutex<Logs>>,
    link: Arc<watch::Sender<State>>,
}

impl Default for Telegram {
    fn default() -> Self {
        Self { logs: Arc::default(), link: Arc::new(watch::Sender::new(READY)) }
    }
}

const READY: State = State::Ready { took: Duration::ZERO, exchange: None };

#[derive(Default)]
pub(super) struct Logs {
    pub(super) private: Vec<types::UpdateNewMessage>,
    pub(super) channels: BTreeMap<i64, Vec<types::UpdateNewChannelMessage>>,
    /// What was asked, in order.
    pub(super) asked: Vec<Request>,
    /// How long answers take.
    pub(super) latency: Duration,
    pub(super) failure: Option<Failure>,
    /// How often the connection was made anew.
    pub(super) reopened: u32,
    /// Telegram has ended the login.
    pub(super) is_over: bool,
}

impl Telegram {
    pub(super) fn logs(&self) -> MutexGuard<'_, Logs> {
        self.logs.lock().unwrap()
    }

    /// The connection was lost and stands again.
    pub(super) fn reconnect(&self) {
        self.link.send_replace(State::Connecting { failed: 1, error: None });
        self.link.send_replace(READY);
    }

    /// Somebody writes to the account. The message id is the pts.
    pub(super) fn message(&self, user: i64) -> types::UpdateNewMessage {
        let pts = self.logs().pts() + 1;
        let update = short::private(short_message(user, pts), None);
        self.logs().private.push(update.clone());
        update
    }

    /// Somebody writes in a channel.
    pub(super) fn post(&self, channel: i64) -> types::UpdateNewChannelMessage {
        let pts = self.logs().channel_pts(channel) + 1;
        let enums::Message::Message(mut message) = short::private(short_message(1, pts), None).message else { unreachable!() };
        message.peer_id = types::PeerChannel::new(channel).into();
        let update = types::UpdateNewChannelMessage { message: (*message).into(), pts, pts_count: 1 };
        self.logs().channels.entry(channel).or_default().push(update.clone());
        update
    }
}

impl Logs {
    pub(super) fn pts(&self) -> i32 {
        self.private.last().map_or(0, |last| last.pts)
    }

    fn channel_pts(&self, channel: i64) -> i32 {
        self.channels.get(&channel).and_then(|log| log.last()).map_or(0, |last| last.pts)
    }

    fn state(&self) -> types::updates::State {
        types::updates::State { pts: self.pts(), qts: 0, date: 1, seq: 0, unread_count: 0 }
    }

    fn answer(&self, request: Request) -> Answer {
        match request {
            Request::State => Answer::State(self.state()),
            Request::ChannelState { id } => Answer::ChannelState(self.channel_pts(id)),
            Request::Difference { pts, .. } => Answer::Difference(self.difference(pts)),
            Request::ChannelDifference { id, pts, .. } => {
                let log = self.channels.get(&id).into_iter().flatten();
                let new_messages: Vec<_> = log.filter(|update| update.pts > pts).take(3).map(|update| update.message.clone()).collect();
                let pts = pts + i32::try_from(new_messages.len()).unwrap();
                let is_last = pts == self.channel_pts(id);
                let other_updates = Vec::new();
                let (chats, users) = (Vec::new(), Vec::new());
                let slice =
                    types::updates::ChannelDifference { r#final: is_last, pts, timeout: None, new_messages, other_updates, chats, users };
                Answer::ChannelDifference(slice.into())
            }
        }
    }

    /// Three messages at a time, and at the end a word about every channel that has ever had a post.
    fn difference(&self, pts: i32) -> enums::updates::Difference {
        let new_messages: Vec<_> =
            self.private.iter().filter(|update| update.pts > pts).take(3).map(|update| update.message.clone()).collect();
        let pts = pts + i32::try_from(new_messages.len()).unwrap();
        let state = types::updates::State { pts, ..self.state() };
        let (new_encrypted_messages, chats, users) = (Vec::new(), Vec::new(), Vec::new());
        if pts < self.pts() {
            let (other_updates, intermediate_state) = (Vec::new(), state);
            return types::updates::DifferenceSlice {
                new_messages,
                new_encrypted_messages,
                other_updates,
                chats,
                users,
                intermediate_state,
            }
            .into();
        }
        let word = |&channel_id: &i64| types::UpdateChannelTooLong { channel_id, pts: Some(self.channel_pts(channel_id)) }.into();
        let other_updates = self.channels.keys().map(word).collect();
        types::updates::Difference { new_messages, new_encrypted_messages, other_updates, chats, users, state }.into()
    }
}

impl Server for Telegram {
    fn ask(&self, request: Request) -> BoxFuture<'static, Result<Answer, Refusal>> {
        let (refusal, latency) = {
            let mut logs = self.logs();
            logs.asked.push(request);
            (if logs.is_over { Some(Refusal::Over) } else { logs.failure.map(Refusal::Failed) }, logs.latency)
        };
        let telegram = self.clone();
        Box::pin(async move {
            tokio::time::sleep(latency).await;
            match refusal {
                Some(refusal) => Err(refusal),
                None => Ok(telegram.logs().answer(request)),
            }
        })
    }

    fn home_dc(&self) -> i32 {
        HOME
    }

    fn link(&self) -> Result<watch::Receiver<State>, Over> {
        Ok(self.link.subscribe())
    }

    fn reopen(&self) {
        self.logs().reopened += 1;
        self.reconnect();
    }

    fn peers_in(&self, _: &enums::Updates) -> Vec<Peer> {
        Vec::new()
    }
}

/// One life of the program: everything but the store and the server.
pub(super) struct Life {
    pub(super) shared: Arc<Shared>,
    pub(super) arrivals: mpsc::Sender<(i32, Arrived)>,
    pub(super) writer: Writer,
}

impl Life {
    pub(super) async fn start(store: impl Store, telegram: &Telegram, limits: Limits) -> (Self, UpdateStream) {
        let writer = Writer::spawn(Arc::new(store));
        let shared = Shared::open(writer.clone(), limits, SILENCE).await.unwrap();
        let (arrivals, events) = mpsc::channel(1000);
        tokio::spawn(driver::run(Arc::clone(&shared), events, Arc::new(telegram.clone())));
        let stream = UpdateStream::new(Arc::clone(&shared));
        (Self { shared, arrivals, writer }, stream)
    }

    /// Updates arrive on the main connection.
    pub(super) async fn arrive(&self, updates: impl Into<enums::Updates>) {
        self.bring(updates.into().to_bytes()).await;
    }

    pub(super) async fn bring(&self, bytes: Vec<u8>) {
        self.arrivals.send((HOME, Arrived::Update(Bytes::from(bytes), Receipt::default()))).await.unwrap();
    }
}

/// A disk that takes its time, so that a kill may come before a commit is there, and may be full.
#[derive(Default)]
pub(super) struct Disk {
    pub(super) memory: Memory,
    pub(super) takes: Duration,
    /// How long rows are read.
    pub(super) reads: Duration,
    pub(super) is_full: Arc<AtomicBool>,
}

impl Wrapper for Disk {
    fn inner(&self) -> &dyn Store {
        &self.memory
    }

    fn commit(&self, commit: Arc<Commit>) -> Task<'_, ()> {
        Box::pin(async move {
            if !self.takes.is_zero() {
                tokio::time::sleep(self.takes).await;
            }
            match self.is_full.load(Ordering::Relaxed) {
                true => Err(quadruplex_store::Error::Full { place: self.place() }),
                false => self.memory.commit(commit).await,
            }
        })
    }

    fn rows(&self, from: u64, limit: usize) -> Task<'_, Vec<Row>> {
        Box::pin(async move {
            if !self.reads.is_zero() {
                tokio::time::sleep(self.reads).await;
            }
            self.memory.rows(from, limit).await
        })
    }
}

/// A store that has met these users and taken updates up to this pts, for a person or a bot.
pub(super) async fn store(pts: i32, is_bot: bool, users: &[i64]) -> Memory {
    let memory = Memory::new();
    let user = Some(quadruplex_store::OwnUser { id: 1000, bot: is_bot });
    let identity = Some(quadruplex_store::Identity { home_dc: HOME, user, test: false });
    let mut commit = Commit { identity, ..Default::default() };
    commit.common(quadruplex_store::CommonState { pts, qts: 0, date: 1, seq: 0 });
    users.iter().for_each(|id| commit.peer(Peer::new(PeerId::User(*id), PeerKind::User, Some(*id))));
    memory.commit(Arc::new(commit)).await.unwrap();
    memory
}

pub(super) fn short_message(user_id: i64, pts: i32) -> types::UpdateShortMessage {
    types::UpdateShortMessage {
        out: false,
        mentioned: false,
        media_unread: false,
        silent: false,
        id: pts,
        user_id,
        message: format!("message {pts}"),
        pts,
        pts_count: 1,
        date: 1,
        fwd_from: None,
        via_bot_id: None,
        reply_to: None,
        entities: None,
        ttl_period: None,
    }
}

/// Updates in one envelope without a number.
pub(super) fn envelope(updates: impl IntoIterator<Item = enums::Update>) -> types::Updates {
    types::Updates { updates: updates.into_iter().collect(), users: Vec::new(), chats: Vec::new(), date: 1, seq: 0 }
}

/// The chat and the id of a new message.
pub(super) fn message_id(update: &enums::Update) -> Option<(&enums::Peer, i32)> {
    let message = match update {
        enums::Update::NewMessage(update) => &update.message,
        enums::Update::NewChannelMessage(update) => &update.message,
        _ => return None,
    };
    match message {
        enums::Message::Message(message) => Some((&message.peer_id, message.id)),
        _ => None,
    }
}
