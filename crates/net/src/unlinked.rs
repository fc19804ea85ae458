use quadruplex_mtproto::client::{self, CallTable, Session};
use tokio::sync::mpsc;

use crate::task::{Answer, Command, Telling};
use crate::ticket::report;
use crate::{Environment, Options, Request};

/// What was wanted while there was no link.
#[derive(Default)]
pub(crate) struct Meanwhile {
    pub(crate) calls: Vec<(Request, Answer)>,
    pub(crate) receipts: Vec<client::Receipt>,
}

/// What of a connection goes on while there is no link.
pub(crate) struct Unlinked<'a> {
    pub(crate) options: &'a Options,
    pub(crate) environment: &'a Environment,
    pub(crate) commands: &'a mut mpsc::UnboundedReceiver<Command>,
    pub(crate) telling: &'a mut Telling,
    pub(crate) session: Option<&'a mut Session>,
    pub(crate) waiting: &'a mut CallTable<Answer>,
    pub(crate) meanwhile: &'a mut Meanwhile,
}

impl Unlinked<'_> {
    /// Resolves when the connection is to be closed; what is wanted meanwhile is kept, and what is not wanted any more is let go.
    pub(crate) async fn closing(mut self) {
        loop {
            let mut command = tokio::select! {
                () = self.telling.catch_up(), if self.telling.owes() => continue,
                command = self.commands.recv() => command,
            };
            let mut abandoned = false;
            // All that wait are looked at, so once for all that have gone.
            loop {
                match command {
                    Some(Command::Close) | None => return,
                    Some(command) => abandoned |= self.take(command),
                }
                match self.commands.try_recv() {
                    Ok(next) => command = Some(next),
                    Err(_) => break,
                }
            }
            if abandoned {
                self.meanwhile.calls.retain(|(_, answer)| !answer.is_closed());
                if let Some(session) = &mut self.session {
                    let_go(session, self.waiting);
                }
            }
        }
    }

    /// Says whether somebody has gone.
    fn take(&mut self, command: Command) -> bool {
        match command {
            // One piece of code makes the queue grow, for one call and for many.
            Command::Call(request, answer) => self.meanwhile.calls.extend([(request, answer)]),
            Command::CallAll(calls) => self.meanwhile.calls.extend(calls),
            Command::Acknowledge(receipt) => self.meanwhile.receipts.push(receipt),
            Command::Cancel(ticket, tell) => {
                let now = self.environment.now();
                let _ = tell.send(report(self.options, self.session.as_deref(), None, now, &ticket));
                return true;
            }
            Command::Abandoned => return true,
            Command::Reconnect | Command::Close => {}
        }
        false
    }
}

/// Cancels the calls whose callers have gone.
pub(crate) fn let_go(session: &mut Session, waiting: &mut CallTable<Answer>) {
    let gone: Vec<_> = waiting.iter().filter(|(_, answer)| answer.is_closed()).map(|(call, _)| call).collect();
    for call in gone {
        waiting.remove(call);
        session.cancel(call);
    }
}
