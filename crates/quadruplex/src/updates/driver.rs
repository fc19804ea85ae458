//! The task between the connections, the server and the core.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use quadruplex_api::{enums, is_affected};
use quadruplex_net::{BoxFuture, Event, State};
use quadruplex_store::Peer;
use quadruplex_tl::Deserialize;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, warn};

use super::core::Shared;
use super::gap::{Failure, Request};
use super::read;

/// How often it is looked whether there is a main connection.
const LINK_PAUSE: Duration = Duration::from_secs(1);

/// Asks the server what the gap engine wants to know, and knows what belongs to the account.
pub(crate) trait Server: Send + Sync + 'static {
    /// Makes a request. A call that the connection interrupts is repeated by the layer below; what is reported here as a
    /// failure is asked again after a pause.
    fn ask(&self, request: Request) -> BoxFuture<'static, Result<Answer, Failure>>;

    /// The data centre whose updates count.
    fn home_dc(&self) -> i32;

    /// How its main connection stands; `None` while that cannot be said.
    fn link(&self) -> Option<watch::Receiver<State>>;

    /// The users and chats in updates.
    fn peers_in(&self, updates: &enums::Updates) -> Vec<Peer>;
}

/// What the server says.
#[derive(Debug)]
pub(crate) enum Answer {
    State(enums::updates::State),
    Difference(enums::updates::Difference),
    ChannelDifference(enums::updates::ChannelDifference),
    /// The pts of `channelFull`.
    ChannelState(i32),
}

/// Runs until the connections are gone.
pub(super) async fn run(shared: Arc<Shared>, mut events: mpsc::Receiver<(i32, Event)>, server: Arc<dyn Server>) {
    let mut asked = FuturesUnordered::new();
    let mut link = Link::default();
    loop {
        while let Some((sender, updates)) = shared.next_unsure() {
            let is_known = shared.is_usable(sender).await;
            shared.take_looked_up(now(), sender, updates, is_known);
        }
        let deadline = {
            let mut core = shared.core();
            while let Some(request) = core.engine.poll_request() {
                debug!(?request, "asking for updates");
                let answer = server.ask(request);
                asked.push(async move { (request, answer.await) });
            }
            if core.is_closed() {
                return;
            }
            core.deadline()
        };
        let timeout = async {
            match deadline {
                Some(at) => sleep_until(Instant::from_std(at)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            event = events.recv() => match event {
                Some((dc, event)) if dc == server.home_dc() => take_event(&shared, event, &*server),
                Some(_) => {}
                None => return shared.close(),
            },
            Some((request, answer)) = asked.next() => take_answer(&shared, request, answer),
            () = link.connected(&*server) => drop(shared.input(|engine| engine.handle_new_session(now()))),
            () = timeout => shared.wake(now()),
            () = shared.work.notified() => {}
        }
    }
}

/// Tells each time the main connection stands. The server sends updates to a connection only once a call was made on it
/// (<https://core.telegram.org/api/updates>), and asking for the difference is such a call.
#[derive(Default)]
struct Link {
    state: Option<watch::Receiver<State>>,
}

impl Link {
    /// Cancel safe: what is waited for stays noted.
    async fn connected(&mut self, server: &dyn Server) {
        loop {
            let Some(state) = &mut self.state else {
                match server.link() {
                    Some(mut state) => {
                        state.mark_changed();
                        self.state = Some(state);
                    }
                    None => sleep(LINK_PAUSE).await,
                }
                continue;
            };
            match state.changed().await {
                Ok(()) if matches!(*state.borrow_and_update(), State::Ready { .. }) => return,
                Ok(()) => {}
                Err(_) => {
                    self.state = None;
                    sleep(LINK_PAUSE).await;
                }
            }
        }
    }
}

fn take_event(shared: &Shared, event: Event, server: &dyn Server) {
    match event {
        Event::Update(bytes) => take_updates(shared, &bytes, server),
        Event::NewSession => drop(shared.input(|engine| engine.handle_new_session(now()))),
        Event::Lost => drop(shared.input(|engine| engine.handle_lost(now()))),
        // Keys are stored by the pool.
        _ => {}
    }
}

fn take_updates(shared: &Shared, bytes: &Bytes, server: &dyn Server) {
    // `affected…` answers do not say which box they move; who made the call knows, and tells by `Shared::affected`.
    if bytes.first_chunk().is_some_and(|id| is_affected(u32::from_le_bytes(*id))) {
        return;
    }
    match enums::Updates::from_bytes(bytes) {
        Ok(updates) => {
            let peers = server.peers_in(&updates);
            shared.take(now(), updates, peers);
        }
        Err(error) => {
            warn!(%error, "updates that cannot be read; asking for the difference");
            shared.input(|engine| engine.handle_lost(now()));
        }
    }
}

fn take_answer(shared: &Shared, request: Request, answer: Result<Answer, Failure>) {
    let failed = |failure| {
        debug!(?request, ?failure, "no answer about updates");
        shared.input(|engine| engine.handle_failure(now(), request, failure));
    };
    match (request, answer) {
        (Request::State, Ok(Answer::State(state))) => {
            shared.input(|engine| engine.handle_state(now(), read::state(&state)));
        }
        (Request::Difference { .. }, Ok(Answer::Difference(difference))) => {
            shared.input(|engine| engine.handle_difference(now(), read::difference(difference)));
        }
        (Request::ChannelDifference { id, .. }, Ok(Answer::ChannelDifference(difference))) => {
            shared.input(|engine| engine.handle_channel_difference(now(), id, read::channel_difference(difference)));
        }
        (Request::ChannelState { id }, Ok(Answer::ChannelState(pts))) => {
            shared.input(|engine| engine.handle_channel_state(now(), id, pts));
        }
        (_, Ok(_)) => failed(Failure::Later(None)),
        (_, Err(failure)) => failed(failure),
    }
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}
