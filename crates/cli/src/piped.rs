//! The standard input as a file that is sent.

use std::io::{self, Cursor, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::thread;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc;

/// How much is read at once, and how often that is read ahead.
const PART: usize = 64 << 10;
const AHEAD: usize = 4;

/// What comes from the standard input. It is read on a thread of its own, for which a command that fails does not wait.
pub(crate) struct Piped {
    parts: mpsc::Receiver<io::Result<Vec<u8>>>,
    part: Cursor<Vec<u8>>,
}

impl Piped {
    pub(crate) fn stdin() -> Self {
        let (sender, parts) = mpsc::channel(AHEAD);
        thread::spawn(move || {
            let mut input = io::stdin().lock();
            loop {
                let mut part = Vec::with_capacity(PART);
                let read = input.by_ref().take(PART as u64).read_to_end(&mut part).map(|_| part);
                let is_last = !matches!(&read, Ok(part) if !part.is_empty());
                if sender.blocking_send(read).is_err() || is_last {
                    return;
                }
            }
        });
        Self { parts, part: Cursor::default() }
    }
}

impl AsyncRead for Piped {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.part.position() == this.part.get_ref().len() as u64 {
            match ready!(this.parts.poll_recv(cx)) {
                Some(part) => this.part = Cursor::new(part?),
                None => return Poll::Ready(Ok(())),
            }
        }
        Pin::new(&mut this.part).poll_read(cx, buf)
    }
}
