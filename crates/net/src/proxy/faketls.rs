//! Streams of FakeTLS, both ends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use awaitkit_dial::Stream;
use bytes::{Buf, BytesMut};
use quadruplex_mtproto::faketls::{FakeTlsError, Hello, Records, answer};
use rand_chacha::rand_core::Rng;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// Room for reading: a record and a bit.
const ROOM: usize = 17 << 10;
/// So much is taken from a writer at once.
const MOST: usize = 32 << 10;

/// A stream that passes for TLS.
pub struct FakeTls<S> {
    stream: S,
    records: Records,
    /// Records that have not come whole.
    input: BytesMut,
    /// Data that was in records.
    data: BytesMut,
    /// Records on their way out. Reading sends them on, too, so that nobody has to flush.
    out: Vec<u8>,
    written: usize,
}

impl<S: Stream> FakeTls<S> {
    /// Shakes hands with a proxy. `unix` is the time in seconds.
    ///
    /// # Errors
    /// Whoever answers does not know the secret.
    ///
    /// # Cancel safety
    /// Dropping the future closes the stream.
    pub async fn connect(mut stream: S, secret: &[u8; 16], domain: &str, unix: u32, random: &mut (dyn Rng + Send)) -> io::Result<Self> {
        let (hello, bytes) = Hello::new(secret, domain, unix, random);
        stream.write_all(&bytes).await?;
        let mut input = BytesMut::new();
        while !hello.accept(secret, &mut input).map_err(invalid)? {
            if stream.read_buf(&mut input).await? == 0 {
                let why = "the proxy closed the connection during the handshake: it may know another secret, or another time";
                return Err(io::Error::new(io::ErrorKind::ConnectionAborted, why));
            }
        }
        Ok(Self::new(stream, Records::client(), input))
    }

    /// Shakes hands with a client whose first bytes may have been read. Returns also the random of its hello, by which one that was
    /// recorded and is played again is known.
    ///
    /// # Errors
    /// The client does not know the secret, or the time.
    ///
    /// # Cancel safety
    /// Dropping the future closes the stream.
    pub async fn accept(
        mut stream: S,
        mut input: BytesMut,
        secret: &[u8; 16],
        domain: &str,
        unix: u32,
        random: &mut (dyn Rng + Send),
    ) -> io::Result<(Self, [u8; 32])> {
        loop {
            if let Some(answered) = answer(secret, domain, unix, &mut input, random).map_err(invalid)? {
                stream.write_all(&answered.bytes).await?;
                return Ok((Self::new(stream, Records::server(), input), answered.random));
            }
            if stream.read_buf(&mut input).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn new(stream: S, records: Records, input: BytesMut) -> Self {
        Self { stream, records, input, data: BytesMut::new(), out: Vec::new(), written: 0 }
    }

    fn poll_out(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.out.len() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, &self.out[self.written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        self.out.clear();
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl<S: Stream> AsyncRead for FakeTls<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Poll::Ready(Err(error)) = this.poll_out(cx) {
            return Poll::Ready(Err(error));
        }
        loop {
            this.records.unwrap(&mut this.input, &mut this.data).map_err(invalid)?;
            if !this.data.is_empty() {
                let count = this.data.len().min(out.remaining());
                out.put_slice(&this.data[..count]);
                this.data.advance(count);
                return Poll::Ready(Ok(()));
            }
            this.input.reserve(ROOM.saturating_sub(this.input.len()).max(1));
            let mut reading = std::pin::pin!(this.stream.read_buf(&mut this.input));
            if ready!(reading.as_mut().poll(cx))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: Stream> AsyncWrite for FakeTls<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        ready!(this.poll_out(cx))?;
        let taken = &data[..data.len().min(MOST)];
        this.records.wrap(taken, &mut this.out);
        if let Poll::Ready(Err(error)) = this.poll_out(cx) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(taken.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_out(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_out(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

fn invalid(error: FakeTlsError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

impl<S> std::fmt::Debug for FakeTls<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FakeTls")
    }
}
