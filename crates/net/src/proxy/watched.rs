use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use awaitkit_dial::{Health, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream through an MTProto proxy, until its first byte from the server. A proxy says in no other way whether it knows the secret.
pub(super) struct Watched {
    pub(super) stream: Box<dyn Stream>,
    pub(super) route: usize,
    pub(super) proxy: String,
    pub(super) health: Arc<Health>,
    pub(super) has_written: bool,
    pub(super) has_read: bool,
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, out))?;
        if !self.has_read {
            if out.filled().len() == before && out.remaining() > 0 {
                let why = format!("{} closed the connection before the first answer: perhaps its secret is another one", self.proxy);
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionAborted, why)));
            }
            self.has_read = true;
            self.health.works(self.route);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.has_written = true;
        Pin::new(&mut self.stream).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.has_written && !self.has_read {
            self.health.failed(self.route);
        }
    }
}
