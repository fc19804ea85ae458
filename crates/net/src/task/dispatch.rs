//! What the session has to tell goes to whoever waits for it: answers to callers, the rest to the receiver of events.

use bytes::Bytes;
use quadruplex_mtproto::client::{self, CallId, Failure, KeyState, Session};

use super::{Command, Task};
use crate::{CallError, Event, Receipt, StoredKey};

impl Task {
    /// Hands out all of it.
    pub(super) fn dispatch(&mut self) {
        while let Some(event) = self.session.as_mut().and_then(Session::poll_event) {
            match event {
                client::Event::Answer { call, result, receipt } => {
                    match &result {
                        Ok(body) if (self.options.is_update)(body) => {
                            self.telling.tell(Event::Update(body.clone(), self.receipt(receipt)));
                        }
                        _ => self.acknowledge(receipt),
                    }
                    self.end(call, result.map_err(CallError::Rpc));
                }
                client::Event::Failed { call, reason } => match reason {
                    Failure::TooLong => self.end(call, Err(CallError::TooLong)),
                    Failure::Unreadable(error) => self.end(call, Err(CallError::Unreadable(error))),
                    // Nobody waits for a cancelled call.
                    Failure::Cancelled => drop(self.waiting.remove(call)),
                    _ => self.end(call, Err(CallError::MayHaveBeenExecuted)),
                },
                client::Event::Notification { body, receipt } => {
                    self.telling.tell(Event::Update(body, self.receipt(receipt)));
                }
                client::Event::NewSession => self.telling.tell(Event::NewSession),
                client::Event::KeyStateChanged => {
                    if let Some(session) = &self.session {
                        let state: KeyState = session.key_state(self.environment.now());
                        let auth_key = session.auth_key().clone();
                        self.telling.tell(Event::Key(Box::new(StoredKey { auth_key, state })));
                    }
                }
                _ => {}
            }
        }
    }

    /// Comes back as a command when it is dropped, if the connection is still there.
    fn receipt(&self, receipt: Option<client::Receipt>) -> Receipt {
        let Some(receipt) = receipt else { return Receipt::default() };
        let commands = self.acknowledge.clone();
        Receipt::new(move || {
            if let Some(commands) = commands.upgrade() {
                let _ = commands.send(Command::Acknowledge(receipt));
            }
        })
    }

    pub(super) fn acknowledge(&mut self, receipt: Option<client::Receipt>) {
        if let (Some(session), Some(receipt)) = (&mut self.session, receipt) {
            session.acknowledge(receipt, self.environment.now());
        }
    }

    fn end(&mut self, call: CallId, result: Result<Bytes, CallError>) {
        if let Some(answer) = self.waiting.remove(call) {
            let _ = answer.send(result);
        }
    }
}
