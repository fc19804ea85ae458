//! Nothing is sent with a session that another process may have.
//!
//! The client closes when it learns that its store is lost, but a process that was stopped for a while learns it together with everything
//! else: what waits to be sent would go out first. So each write asks.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use quadruplex_net::{BoxFuture, Dial, Dialed, Server, Stream};
use quadruplex_store::Store;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A way to servers that is closed as soon as the store is lost.
#[derive(Debug)]
pub(crate) struct Fenced {
    dial: Arc<dyn Dial>,
    gate: Gate,
}

#[derive(Clone)]
struct Gate(Arc<dyn Store>);

struct FencedStream {
    stream: Box<dyn Stream>,
    gate: Gate,
}

impl Fenced {
    /// The way itself if nobody else can open the store.
    pub(crate) fn around(dial: Arc<dyn Dial>, store: &Arc<dyn Store>) -> Arc<dyn Dial> {
        if store.is_shared() { Arc::new(Self { dial, gate: Gate(Arc::clone(store)) }) } else { dial }
    }
}

impl Dial for Fenced {
    fn dial<'a>(&'a self, server: Server<'a>) -> BoxFuture<'a, io::Result<Dialed>> {
        Box::pin(async move {
            self.gate.pass()?;
            let Dialed { stream, way } = self.dial.dial(server).await?;
            Ok(Dialed { stream: Box::new(FencedStream { stream, gate: self.gate.clone() }), way })
        })
    }
}

impl Gate {
    fn pass(&self) -> io::Result<()> {
        match self.0.is_lost() {
            true => Err(io::Error::new(ErrorKind::PermissionDenied, "another process may have this session; nothing is sent")),
            false => Ok(()),
        }
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Gate").field(&self.0.place()).finish()
    }
}

impl AsyncRead for FencedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, into)
    }
}

impl AsyncWrite for FencedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.gate.pass() {
            Ok(()) => Pin::new(&mut self.stream).poll_write(cx, bytes),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.gate.pass() {
            Ok(()) => Pin::new(&mut self.stream).poll_flush(cx),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self.gate.pass() {
            Ok(()) => Pin::new(&mut self.stream).poll_write_vectored(cx, slices),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
