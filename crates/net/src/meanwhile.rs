use quadruplex_mtproto::client;
use tokio::sync::mpsc;

use crate::task::{Answer, Command};
use crate::{Report, Request, Ticket};

/// What was wanted while there was no link.
#[derive(Default)]
pub(crate) struct Meanwhile {
    pub(crate) calls: Vec<(Request, Answer)>,
    pub(crate) receipts: Vec<client::Receipt>,
    /// Whether callers have gone.
    pub(crate) abandoned: bool,
}

/// Resolves when the connection is to be closed; what is wanted meanwhile is kept.
pub(crate) async fn closing(commands: &mut mpsc::UnboundedReceiver<Command>, meanwhile: &mut Meanwhile, told: impl Fn(&Ticket) -> Report) {
    loop {
        match commands.recv().await {
            Some(Command::Call(request, answer)) => meanwhile.calls.push((request, answer)),
            Some(Command::CallAll(calls)) => meanwhile.calls.extend(calls),
            Some(Command::Acknowledge(receipt)) => meanwhile.receipts.push(receipt),
            Some(Command::Cancel(ticket, tell)) => {
                meanwhile.abandoned = true;
                let _ = tell.send(told(&ticket));
            }
            Some(Command::Abandoned) => meanwhile.abandoned = true,
            Some(Command::Reconnect) => {}
            Some(Command::Close) | None => return,
        }
    }
}
