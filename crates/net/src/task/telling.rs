//! Events on their way to their receiver, who may be slow.

use tokio::sync::mpsc;
use tracing::warn;

use crate::{Event, StoredKey};

/// Where events go. The socket is always read, since answers come there: when the receiver is too slow updates are dropped, and it is
/// told so as soon as there is room.
pub(crate) struct Telling {
    events: mpsc::Sender<Event>,
    dc: i32,
    owed: Owed,
}

/// What found no room and has to be told.
#[derive(Default)]
struct Owed {
    /// Only the newest counts.
    key: Option<Box<StoredKey>>,
    /// Whether updates were dropped.
    lost: bool,
}

impl Telling {
    pub(crate) fn new(events: mpsc::Sender<Event>, dc: i32) -> Self {
        Self { events, dc, owed: Owed::default() }
    }

    pub(crate) fn tell(&mut self, event: Event) {
        while self.owes()
            && let Ok(room) = self.events.try_reserve()
        {
            room.send(self.owed.take());
        }
        match self.events.try_send(event) {
            Err(mpsc::error::TrySendError::Full(Event::Key(key))) => self.owed.key = Some(key),
            Err(mpsc::error::TrySendError::Full(_)) if !std::mem::replace(&mut self.owed.lost, true) => {
                warn!(dc = self.dc, "updates come faster than they are taken; some were dropped and will be asked for");
            }
            // Sent, or owed already, or nobody listens.
            _ => {}
        }
    }

    /// Whether something waits for room.
    pub(crate) fn owes(&self) -> bool {
        self.owed.key.is_some() || self.owed.lost
    }

    /// Waits for room and tells what is owed. May be abandoned at any time.
    pub(crate) async fn catch_up(&mut self) {
        while self.owes() {
            match self.events.reserve().await {
                Ok(room) => room.send(self.owed.take()),
                // Nobody listens.
                Err(_) => self.owed = Owed::default(),
            }
        }
    }
}

impl Owed {
    fn take(&mut self) -> Event {
        match self.key.take() {
            Some(key) => Event::Key(key),
            None => {
                self.lost = false;
                Event::Lost
            }
        }
    }
}
