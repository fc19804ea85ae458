//! The task behind a connection: it owns one socket and one session.

mod dispatch;
mod packets;
mod telling;

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use quadruplex_mtproto::client::{self, CallOptions, CallTable, RpcError, Session};
use quadruplex_mtproto::handshake::Fault;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{debug, info};

use crate::backoff::Backoff;
use crate::counters::Counters;
use crate::link::{Link, connect};
use crate::ticket::report;
use crate::unlinked::{Meanwhile, Unlinked, let_go};
use crate::{CallError, CloseReason, ConnectError, Dial, Environment, Event, Options, Random, Report, Request, State, StoredKey, Ticket};

/// How often other tasks may add to the queue before it is packed, as long as they do…
const YIELDS: usize = 3;
/// …and as long as it takes no longer than this…
const HELD: Duration = Duration::from_micros(100);
/// …so many times.
const MOST_YIELDS: usize = 64;
/// Where several calls came at once, more may follow that another thread is about to make: so often nothing has to come of them.
const QUIET: usize = 3;
/// Nothing more is packed while so much waits for the socket.
const ENOUGH_OUT: usize = 1 << 20;
/// The buffer that an idle connection keeps for writing.
const KEPT_OUT: usize = 16 << 10;
/// So many refusals of a key in a row close the connection.
const UNKNOWN_KEY: u32 = 4;

pub(crate) use telling::Telling;

pub(crate) type Answer = oneshot::Sender<Result<Bytes, CallError>>;

#[derive(Debug)]
pub(crate) enum Command {
    Call(Request, Answer),
    /// They leave together.
    CallAll(Vec<(Request, Answer)>),
    /// A caller does not want its answer any more.
    Abandoned,
    /// The same, and what is known of its call is to be told.
    Cancel(Ticket, oneshot::Sender<Report>),
    /// What came with a message is safe.
    Acknowledge(client::Receipt),
    Reconnect,
    Close,
}

/// How a task talks with those who hold its connection.
pub(crate) struct Ends {
    pub(crate) commands: mpsc::UnboundedReceiver<Command>,
    /// For receipts, which come back as commands and keep nothing alive.
    pub(crate) acknowledge: mpsc::WeakUnboundedSender<Command>,
    pub(crate) events: mpsc::Sender<Event>,
    pub(crate) state: watch::Sender<State>,
    pub(crate) counters: Arc<Counters>,
    /// Why it was closed, if another reason was given than that somebody wants it.
    pub(crate) why: Arc<OnceLock<CloseReason>>,
}

pub(crate) async fn run(options: Options, dial: Arc<dyn Dial>, environment: Environment, ends: Ends) {
    let Ends { commands, acknowledge, events, state, counters, why } = ends;
    let Ok(random) = environment.random(options.dc as u64) else {
        state.send_replace(State::Closed(CloseReason::Randomness));
        return;
    };
    let dc = options.dc;
    let mut task = Task {
        options,
        dial,
        environment,
        commands,
        acknowledge,
        telling: Telling::new(events, dc),
        counters,
        random,
        session: None,
        meanwhile: Meanwhile::default(),
        waiting: CallTable::default(),
        linked: None,
        backoff: Backoff::default(),
        unknown_key: 0,
        abandoned: false,
        crowd: false,
    };
    let reason = match task.run(&state).await {
        CloseReason::Requested => why.get().cloned().unwrap_or(CloseReason::Requested),
        reason => reason,
    };
    // Seen by whoever waits before the answers are dropped below.
    state.send_replace(State::Closed(reason.clone()));
    task.commands.close();
    let unsent = task.meanwhile.calls.drain(..).map(|(_, answer)| answer);
    for answer in task.waiting.drain().chain(unsent) {
        let _ = answer.send(Err(CallError::Closed(reason.clone())));
    }
}

struct Task {
    options: Options,
    dial: Arc<dyn Dial>,
    environment: Environment,
    commands: mpsc::UnboundedReceiver<Command>,
    acknowledge: mpsc::WeakUnboundedSender<Command>,
    telling: Telling,
    counters: Arc<Counters>,
    random: Random,
    session: Option<Session>,
    meanwhile: Meanwhile,
    waiting: CallTable<Answer>,
    /// Since when there has been a link.
    linked: Option<Duration>,
    backoff: Backoff,
    unknown_key: u32,
    /// Whether callers have gone since they were last looked for.
    abandoned: bool,
    /// Whether several commands came at once when some came last.
    crowd: bool,
}

/// Why a link is left.
enum Left {
    Lost(ConnectError),
    Wanted,
    Closed,
}

impl Task {
    async fn run(&mut self, state: &watch::Sender<State>) -> CloseReason {
        let mut wait = Duration::ZERO;
        loop {
            let has_session = self.session.is_some();
            let attempt = async {
                if !wait.is_zero() {
                    sleep(wait).await;
                }
                let began = Instant::now();
                let connected = connect(&self.options, &*self.dial, &self.environment, &mut self.random, has_session).await;
                (connected, began.elapsed())
            };
            let unlinked = Unlinked {
                options: &self.options,
                environment: &self.environment,
                commands: &mut self.commands,
                telling: &mut self.telling,
                session: self.session.as_mut(),
                waiting: &mut self.waiting,
                meanwhile: &mut self.meanwhile,
            };
            let (connected, took) = tokio::select! {
                connected = attempt => connected,
                () = unlinked.closing() => return CloseReason::Requested,
            };
            wait = Duration::ZERO;
            let error = match connected {
                Ok((link, agreed)) => {
                    let exchange = agreed.as_ref().map(|(_, took)| *took);
                    self.begin_session(agreed.map(|(key, _)| key), &link);
                    info!(dc = self.options.dc, "connected");
                    state.send_replace(State::Ready { took, exchange });
                    self.linked = Some(self.environment.now().mono);
                    let left = self.serve(link).await;
                    self.linked = None;
                    match left {
                        Left::Closed => return CloseReason::Requested,
                        Left::Wanted => {
                            state.send_replace(State::Connecting { failed: 0, error: None });
                            continue;
                        }
                        Left::Lost(error) => error,
                    }
                }
                Err(error) => error,
            };
            // During a key exchange it is no key that the server does not know.
            if let ConnectError::Transport(-404) = error
                && (self.session.is_some() || self.options.key.is_some())
            {
                self.unknown_key += 1;
                if self.unknown_key >= UNKNOWN_KEY {
                    return CloseReason::UnknownKey;
                }
            }
            if let ConnectError::Handshake(error) = &error
                && error.fault() == Fault::Configuration
            {
                return CloseReason::Handshake(error.to_string());
            }
            debug!(dc = self.options.dc, %error, attempts = self.backoff.attempts(), "no connection");
            state.send_replace(State::Connecting { failed: self.backoff.attempts() + 1, error: Some(error) });
            wait = self.backoff.next(&mut self.random);
        }
    }

    fn begin_session(&mut self, agreed: Option<StoredKey>, link: &Link) {
        let now = self.environment.now();
        if let Some(key) = &agreed {
            self.telling.tell(Event::Key(Box::new(key.clone())));
        }
        let session = match (&mut self.session, agreed.or_else(|| self.options.key.clone())) {
            (Some(session), _) => session,
            (session, Some(key)) => session.insert(Session::new(key.auth_key, key.state, Bytes::new(), &mut self.random, now)),
            // `connect` agrees on a key whenever there is none.
            (None, None) => return,
        };
        session.introduce(self.options.init.write(link.proxy.as_ref()));
        session.poll_for_answers(link.polls);
        if let Some(time) = self.environment.ping_every() {
            session.ping_every(time);
        }
        session.connected(now);
        let Meanwhile { calls, receipts } = std::mem::take(&mut self.meanwhile);
        receipts.into_iter().for_each(|receipt| self.acknowledge(Some(receipt)));
        self.take_calls(calls);
    }

    /// Works on one link until it is lost.
    async fn serve(&mut self, mut link: Link) -> Left {
        let mut out = Vec::new();
        let mut written = 0;
        let mut socket_was_full = false;
        let left = loop {
            if let Some(left) = self.take_commands().await {
                break left;
            }
            if written == out.len() {
                out.clear();
                out.shrink_to(KEPT_OUT);
                written = 0;
            }
            if let Err(error) = self.pack(&mut link, &mut out) {
                break Left::Lost(error);
            }
            self.dispatch();
            let Some(session) = &mut self.session else { break Left::Closed };
            if session.is_dead() {
                break Left::Lost(ConnectError::Silent);
            }
            let due = session.poll_timeout().map(|mono| self.environment.instant(mono));
            let has_out = written < out.len();
            link.make_room();
            tokio::select! {
                biased;
                wrote = link.writer.write(&out[written..]), if has_out => match wrote {
                    Ok(count) => {
                        self.counters.bytes_sent.fetch_add(count as u64, Ordering::Relaxed);
                        if socket_was_full {
                            session.alive(self.environment.now());
                        }
                        written += count;
                        socket_was_full = written < out.len();
                        // Time waits for a look at what has come: it may be a sign of life.
                        continue;
                    }
                    Err(error) => break Left::Lost(error.into()),
                },
                read = link.reader.read_buf(&mut link.input) => match read {
                    Ok(0) => break Left::Lost(ConnectError::Eof),
                    Ok(count) => {
                        self.counters.bytes_received.fetch_add(count as u64, Ordering::Relaxed);
                        session.alive(self.environment.now());
                        if let Err(error) = self.read(&mut link) {
                            break Left::Lost(error);
                        }
                    }
                    Err(error) => break Left::Lost(error.into()),
                },
                command = self.commands.recv(), if out.len() - written < ENOUGH_OUT => {
                    if let Some(left) = self.take(command) {
                        break left;
                    }
                }
                () = self.telling.catch_up(), if self.telling.owes() => {}
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
            }
            // Also when there is always something to read or to do.
            if let Some(session) = &mut self.session {
                session.handle_timeout(self.environment.now(), &mut self.random);
            }
        };
        self.tell_time();
        if let Some(session) = &mut self.session {
            session.disconnected();
        }
        self.dispatch();
        left
    }

    /// Takes all commands that are there, and those of tasks that were about to add more.
    async fn take_commands(&mut self) -> Option<Left> {
        let began = Instant::now();
        let waits = self.session.as_ref().is_some_and(Session::wants_to_transmit);
        let (mut taken, mut quiet) = (usize::from(waits), 0);
        for round in 0..MOST_YIELDS {
            let mut grew = round == 0 && waits;
            while let Ok(command) = self.commands.try_recv() {
                grew = true;
                taken += 1;
                if let Some(left) = self.take(Some(command)) {
                    return Some(left);
                }
            }
            quiet = if grew { 0 } else { quiet + 1 };
            // Who calls alone, as before, is not kept waiting for company.
            let patience = if taken > 1 || self.crowd { QUIET } else { 1 };
            if quiet >= patience || (round >= YIELDS && began.elapsed() > HELD) {
                break;
            }
            tokio::task::yield_now().await;
        }
        if taken > 0 {
            self.crowd = taken > 1;
        }
        None
    }

    fn take(&mut self, command: Option<Command>) -> Option<Left> {
        match command {
            Some(Command::Call(request, answer)) => {
                self.take_calls([(request, answer)]);
                None
            }
            Some(Command::CallAll(calls)) => {
                self.take_calls(calls);
                None
            }
            Some(Command::Abandoned) => {
                self.abandoned = true;
                None
            }
            Some(Command::Cancel(ticket, tell)) => {
                self.abandoned = true;
                let _ = tell.send(report(&self.options, self.session.as_ref(), self.linked, self.environment.now(), &ticket));
                None
            }
            Some(Command::Acknowledge(receipt)) => {
                self.acknowledge(Some(receipt));
                None
            }
            Some(Command::Reconnect) => Some(Left::Wanted),
            Some(Command::Close) | None => Some(Left::Closed),
        }
    }

    fn take_calls(&mut self, calls: impl IntoIterator<Item = (Request, Answer)>) {
        let Some(session) = &mut self.session else {
            self.meanwhile.calls.extend(calls);
            return;
        };
        for (request, answer) in calls {
            self.counters.calls.fetch_add(1, Ordering::Relaxed);
            if answer.is_closed() {
                continue;
            }
            let after = request.after.as_ref().map(Ticket::call);
            if let Some(None) = after {
                let _ = answer.send(Err(CallError::Rpc(RpcError { code: 400, message: "MSG_WAIT_FAILED".to_owned() })));
                continue;
            }
            let options = CallOptions { repeat: request.repeat, alone: request.alone, after: after.flatten() };
            let call = session.call(request.body, options);
            if let Some(ticket) = &request.ticket {
                ticket.stamp(call);
            }
            self.waiting.insert(call, answer);
        }
    }

    /// Tells the server about calls whose callers are gone. All that wait are looked at, so once for all that have gone.
    fn cancel_abandoned(&mut self) {
        let Some(session) = &mut self.session else { return };
        if !std::mem::take(&mut self.abandoned) {
            return;
        }
        let_go(session, &mut self.waiting);
    }
}
