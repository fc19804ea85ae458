//! What is known of one call of a connection.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use quadruplex_mtproto::Now;
use quadruplex_mtproto::client::{CallId, Session, Whereabouts};

use crate::Options;

/// Names a call among those of its connection. A new one for each time that a call is made.
#[derive(Clone, Debug, Default)]
pub struct Ticket(Arc<OnceLock<CallId>>);

impl Ticket {
    pub(crate) fn stamp(&self, call: CallId) {
        let _ = self.0.set(call);
    }

    pub(crate) fn call(&self) -> Option<CallId> {
        self.0.get().copied()
    }
}

impl PartialEq for Ticket {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Ticket {}

/// What was known of a call when it was cancelled.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Report {
    /// The data centre that was asked.
    pub dc: i32,
    /// How old the link is; `None` if there is none.
    pub connected: Option<Duration>,
    /// How far the call has come.
    pub fate: Fate,
    /// How far the server's clock is ahead of this machine's, in seconds.
    pub clock: f64,
}

/// How far a call has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// It was never written, so that it cannot have been executed.
    #[default]
    NotSent,
    /// It is on its way, or the answer is.
    Sent {
        /// How long ago it was last written.
        ago: Duration,
        /// Whether the server has told that it has it.
        acknowledged: bool,
    },
    /// It has ended; whoever asks has missed how.
    Ended,
}

/// What is known of a call.
pub(crate) fn report(options: &Options, session: Option<&Session>, linked: Option<Duration>, now: Now, ticket: &Ticket) -> Report {
    let server = session.map_or(now.wall, |session| session.server_time(now));
    let fate = session.zip(ticket.call()).map_or(Fate::NotSent, |(session, call)| match session.whereabouts(call) {
        Some(Whereabouts { sent: Some(sent), acknowledged }) => Fate::Sent { ago: server.saturating_sub(sent), acknowledged },
        Some(Whereabouts { sent: None, .. }) => Fate::NotSent,
        None => Fate::Ended,
    });
    Report {
        dc: options.dc,
        connected: linked.map(|since| now.mono.saturating_sub(since)),
        fate,
        clock: server.as_secs_f64() - now.wall.as_secs_f64(),
    }
}
