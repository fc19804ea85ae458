//! Packets between a session and its link.

use std::sync::atomic::Ordering;

use quadruplex_mtproto::framing::Frame;

use super::{ENOUGH_OUT, Task};
use crate::ConnectError;
use crate::link::Link;

impl Task {
    /// Packs what is queued, as long as the socket keeps up.
    pub(super) fn pack(&mut self, link: &mut Link, out: &mut Vec<u8>) -> Result<(), ConnectError> {
        self.cancel_abandoned();
        let Some(session) = &mut self.session else { return Ok(()) };
        let now = self.environment.now();
        while out.len() < ENOUGH_OUT && session.wants_to_transmit() {
            let frame = link.framer.begin(out);
            let before = session.calls_sent();
            let packed = session.poll_transmit(now, &mut self.random, out);
            let with_calls = session.calls_sent() > before;
            link.framer.finish(frame, out, &mut self.random)?;
            if !packed {
                break;
            }
            self.counters.packets_sent.fetch_add(1, Ordering::Relaxed);
            self.counters.packets_with_calls.fetch_add(u64::from(with_calls), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Takes every packet that has come whole.
    pub(super) fn read(&mut self, link: &mut Link) -> Result<(), ConnectError> {
        while let Some(frame) = link.framer.next(&mut link.input)? {
            let Some(session) = &mut self.session else { return Ok(()) };
            match frame {
                Frame::Packet(packet) => {
                    self.counters.packets_received.fetch_add(1, Ordering::Relaxed);
                    let now = self.environment.now();
                    let mut messages = session.open_packet(packet, now).map_err(ConnectError::Violation)?;
                    while let Some(session) = &mut self.session
                        && session.handle_next(&mut messages, now, &mut self.random).map_err(ConnectError::Violation)?
                    {
                        self.dispatch();
                    }
                    if !self.environment.knows_server_time() {
                        self.tell_time();
                    }
                    self.backoff.reset();
                    self.unknown_key = 0;
                }
                Frame::TransportError(code) => return Err(ConnectError::Transport(code)),
                Frame::Nothing => session.handle_empty(),
                Frame::QuickAck(_) => {}
            }
        }
        Ok(())
    }

    /// Tells the surroundings what the session knows of the server's clock, for hellos that have to name the time.
    pub(super) fn tell_time(&self) {
        if let Some(session) = self.session.as_ref().filter(|session| session.knows_server_time()) {
            self.environment.learn_server_time(session.server_time(self.environment.now()));
        }
    }
}
