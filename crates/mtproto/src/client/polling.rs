//! Over HTTP a server speaks only when it is asked: every packet is a request, and ends with one packet of the server
//! (<https://core.telegram.org/mtproto/service_messages#http-wait-long-poll>).

use crate::Service;

/// So long the server may wait for something to tell, in milliseconds, while no other request is out. It waits no longer by itself.
const MAX_WAIT: i32 = 25_000;
/// Two requests are out at the most: one that waits, and one that brings what comes up meanwhile.
const MOST: u8 = 2;

/// Which requests are out.
#[derive(Debug, Default)]
pub(super) struct Polling {
    /// Whether the link is one of requests.
    pub(super) on: bool,
    out: u8,
}

impl Polling {
    /// A new link, or none.
    pub(super) fn reset(&mut self) {
        self.out = 0;
    }

    /// Whether one more packet may leave.
    pub(super) fn may_ask(&self) -> bool {
        !self.on || self.out < MOST
    }

    /// Whether a packet has to leave because the server could not speak otherwise.
    pub(super) fn must_ask(&self) -> bool {
        self.on && self.out == 0
    }

    /// A packet leaves: how long the server may hold its answer back. One alone may wait; one beside it brings what is there, and is
    /// free again.
    pub(super) fn ask(&mut self) -> Option<Service> {
        let max_wait = if self.must_ask() { MAX_WAIT } else { 0 };
        self.out += u8::from(self.on);
        self.on.then_some(Service::HttpWait { max_delay: 0, wait_after: 0, max_wait })
    }

    pub(super) fn answered(&mut self) {
        self.out = self.out.saturating_sub(1);
    }
}
