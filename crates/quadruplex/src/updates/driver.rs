//! The task between the connections, the server and the core.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use quadruplex_api::{enums, is_affected};
use quadruplex_net::{BoxFuture, CloseReason, Event, Receipt, State};
use quadruplex_store::{Peer, Ticket};
use quadruplex_tl::Deserialize;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, error, warn};

use super::core::Shared;
use super::gap::{Failure, Request};
use super::read;
use crate::cluster::Handed;

/// How soon a main connection that is gone is looked for again.
const LINK_PAUSE: Duration = Duration::from_secs(1);
/// How often the connection is made anew at most because of what cannot be decoded.
const REOPEN_PAUSE: Duration = Duration::from_secs(5 * 60);

/// Asks the server what the gap engine wants to know, and knows what belongs to the account.
pub(crate) trait Server: Send + Sync + 'static {
    /// Makes a request. A call that the connection interrupts is repeated by the layer below; what is reported here as a
    /// failure is asked again after a pause.
    fn ask(&self, request: Request) -> BoxFuture<'static, Result<Answer, Refusal>>;

    /// The data centre whose updates count.
    fn home_dc(&self) -> i32;

    /// How its main connection stands.
    fn link(&self) -> Result<watch::Receiver<State>, Over>;

    /// Makes the main connection anew, so that it introduces itself again: the server then knows our layer.
    fn reopen(&self);

    /// The users and chats in updates.
    fn peers_in(&self, updates: &enums::Updates) -> Vec<Peer>;
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    /// The engine decides what comes next.
    Failed(Failure),
    /// No request will succeed any more.
    Over,
}

/// No updates will come any more: the client is closed, or Telegram has ended the login.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Over;

/// What the server says.
#[derive(Debug)]
pub(crate) enum Answer {
    State(enums::updates::State),
    Difference(enums::updates::Difference),
    ChannelDifference(enums::updates::ChannelDifference),
    /// The pts of `channelFull`.
    ChannelState(i32),
}

/// Takes what is handed out, until nothing more is.
pub(super) async fn run_handed(shared: Arc<Shared>, mut handed: mpsc::Receiver<Handed>) {
    loop {
        let deadline = {
            let core = shared.core();
            if core.is_closed() {
                return;
            }
            core.deadline()
        };
        tokio::select! {
            handed = handed.recv() => match handed {
                Some(handed) => shared.take_handed(handed),
                None => return shared.close(),
            },
            () = until(deadline) => shared.wake_lanes(now()),
            () = shared.work.notified() => {}
        }
    }
}

/// Never, without a deadline.
async fn until(deadline: Option<std::time::Instant>) {
    match deadline {
        Some(at) => sleep_until(Instant::from_std(at)).await,
        None => std::future::pending().await,
    }
}

/// Runs until the connections are gone.
pub(super) async fn run(shared: Arc<Shared>, mut events: mpsc::Receiver<(i32, Event)>, server: Arc<dyn Server>) {
    let mut asked = FuturesUnordered::new();
    let mut unsafe_yet = FuturesUnordered::new();
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
        tokio::select! {
            event = events.recv() => match event {
                Some((dc, event)) if dc == server.home_dc() => {
                    let stored = take_event(&shared, event, &*server, &mut link);
                    unsafe_yet.extend(stored.map(|(ticket, receipt)| async move {
                        ticket.durable().await;
                        receipt
                    }));
                }
                Some(_) => {}
                None => return shared.close(),
            },
            Some(receipt) = unsafe_yet.next() => drop(receipt),
            Some((request, answer)) = asked.next() => match answer {
                Ok(answer) => take_answer(&shared, request, answer),
                Err(Refusal::Failed(failure)) => take_failure(&shared, request, failure, &*server, &mut link),
                Err(Refusal::Over) => return shared.close(),
            },
            connected = link.connected(&*server) => match connected {
                Ok(()) => drop(shared.input(|engine| engine.handle_new_session(now()))),
                Err(Over) => return shared.close(),
            },
            () = until(deadline) => shared.wake(now()),
            () = shared.work.notified() => {}
        }
    }
}

/// Tells each time the main connection stands. The server sends updates to a connection only once a call was made on it
/// (<https://core.telegram.org/api/updates>), and asking for the difference is such a call.
#[derive(Default)]
struct Link {
    state: Option<watch::Receiver<State>>,
    reopened: Option<Instant>,
}

impl Link {
    /// Cancel safe: what is waited for stays noted.
    async fn connected(&mut self, server: &dyn Server) -> Result<(), Over> {
        loop {
            let Some(state) = &mut self.state else {
                let mut state = server.link()?;
                state.mark_changed();
                self.state = Some(state);
                continue;
            };
            if state.changed().await.is_err() {
                self.state = None;
                sleep(LINK_PAUSE).await;
                continue;
            }
            match &*state.borrow_and_update() {
                State::Ready { .. } => return Ok(()),
                State::Closed(CloseReason::Requested) => return Err(Over),
                State::Closed(reason) => {
                    error!(%reason, "there will be no more updates");
                    return Err(Over);
                }
                _ => {}
            }
        }
    }

    /// What cannot be decoded may be of another layer than the one the server was told, so it is told again. Not often: a
    /// constructor that is really unknown stays so, and the engine reports it as a gap.
    fn reopen(&mut self, server: &dyn Server) {
        if self.reopened.is_none_or(|last| last.elapsed() > REOPEN_PAUSE) {
            self.reopened = Some(Instant::now());
            server.reopen();
        }
    }
}

/// Takes an event in. Updates are not acknowledged before they are stored.
fn take_event(shared: &Shared, event: Event, server: &dyn Server, link: &mut Link) -> Option<(Ticket, Receipt)> {
    match event {
        Event::Update(bytes, receipt) => return take_updates(shared, &bytes, server, link).map(|ticket| (ticket, receipt)),
        Event::NewSession => drop(shared.input(|engine| engine.handle_new_session(now()))),
        Event::Lost => drop(shared.input(|engine| engine.handle_lost(now()))),
        // Keys are stored by the pool.
        _ => {}
    }
    None
}

fn take_updates(shared: &Shared, bytes: &Bytes, server: &dyn Server, link: &mut Link) -> Option<Ticket> {
    // `affected…` answers do not say which box they move; who made the call knows, and tells by `Shared::affected`.
    if bytes.first_chunk().is_some_and(|id| is_affected(u32::from_le_bytes(*id))) {
        return None;
    }
    Some(match enums::Updates::from_bytes(bytes) {
        Ok(updates) => {
            let peers = server.peers_in(&updates);
            shared.take(now(), updates, peers)
        }
        Err(error) => {
            warn!(%error, "updates that cannot be read; asking for the difference");
            link.reopen(server);
            shared.input(|engine| engine.handle_lost(now()))
        }
    })
}

fn take_answer(shared: &Shared, request: Request, answer: Answer) {
    shared.input(|engine| match (request, answer) {
        (Request::State, Answer::State(state)) => engine.handle_state(now(), read::state(&state)),
        (Request::Difference { .. }, Answer::Difference(difference)) => engine.handle_difference(now(), read::difference(difference)),
        (Request::ChannelDifference { id, .. }, Answer::ChannelDifference(difference)) => {
            let timeout = read::poll_after(&difference);
            engine.handle_channel_difference(now(), id, read::channel_difference(difference), timeout)
        }
        (Request::ChannelState { id }, Answer::ChannelState(pts)) => engine.handle_channel_state(now(), id, pts),
        _ => engine.handle_failure(now(), request, Failure::Later(None)),
    });
}

fn take_failure(shared: &Shared, request: Request, failure: Failure, server: &dyn Server, link: &mut Link) {
    debug!(?request, ?failure, "no answer about updates");
    if failure == Failure::Undecodable {
        link.reopen(server);
    }
    shared.input(|engine| engine.handle_failure(now(), request, failure));
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}
