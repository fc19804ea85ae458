use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use awaitkit_dial::{BoxFuture, BoxStream};
use bytes::BytesMut;
use quadruplex_mtproto::framing::{MAX_FRAME, ServerFramer};
use rand_chacha::rand_core::SeedableRng;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, ReadBuf};
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::timeout;

use super::{Told, read_answer, write_request};
use crate::Random;

/// So many requests are out at the most: one that waits for news, and one that brings what comes up meanwhile.
const AT_ONCE: usize = 2;
/// The longest that a server may hold an answer back, 25 s, and time for the way.
const PATIENCE: Duration = Duration::from_secs(40);
/// Between the link and its requests.
const PIPE: usize = 64 << 10;

/// Opens another connection to the same server.
pub(crate) type Open = Arc<dyn Fn() -> BoxFuture<'static, io::Result<BoxStream>> + Send + Sync>;

/// A stream of intermediate frames, each of which goes to the server as a request of its own; answers come back as frames.
pub(crate) fn carry(first: BoxStream, open: Open, host: String) -> BoxStream {
    let (near, far) = tokio::io::duplex(PIPE);
    let (tell, why) = oneshot::channel();
    let carrier = Carrier { host: host.into(), open, idle: vec![Kept { stream: first, used: false }], exchanges: JoinSet::new() };
    let task = tokio::spawn(async move {
        if let Err(error) = carrier.run(far).await {
            let _ = tell.send(error);
        }
    });
    Box::new(Carried { near, why: Some(why), task: task.abort_handle() })
}

/// The link's end.
struct Carried {
    near: DuplexStream,
    /// Why the other end is closed.
    why: Option<oneshot::Receiver<io::Error>>,
    task: AbortHandle,
}

impl AsyncRead for Carried {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = out.filled().len();
        ready!(Pin::new(&mut self.near).poll_read(cx, out))?;
        if out.filled().len() > before || out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        // The pipe is closed a moment before its task has told why.
        let Some(why) = &mut self.why else { return Poll::Ready(Ok(())) };
        let told = ready!(Pin::new(why).poll(cx));
        self.why = None;
        Poll::Ready(told.map_or(Ok(()), Err))
    }
}

impl AsyncWrite for Carried {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.near).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.near).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.near).poll_shutdown(cx)
    }
}

impl Drop for Carried {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Carrier {
    host: Arc<str>,
    open: Open,
    idle: Vec<Kept>,
    exchanges: JoinSet<io::Result<(Option<Kept>, Told)>>,
}

/// A connection between two requests.
struct Kept {
    stream: BoxStream,
    /// Whether it has brought an answer.
    used: bool,
}

impl Carrier {
    async fn run(mut self, far: DuplexStream) -> io::Result<()> {
        let (mut reader, mut writer) = tokio::io::split(far);
        let (mut input, mut framer) = (BytesMut::new(), None);
        // Intermediate frames have no random tail; the generator is asked for nothing.
        let mut random = Random::from_seed([0; 32]);
        loop {
            tokio::select! {
                packet = next(&mut reader, &mut input, &mut framer), if self.exchanges.len() < AT_ONCE => match packet? {
                    Some(packet) => self.send(packet),
                    None => return Ok(()),
                },
                Some(answered) = self.exchanges.join_next() => {
                    let (kept, told) = answered.map_err(io::Error::other)??;
                    self.idle.extend(kept);
                    let Some(framer) = &mut framer else { return Ok(()) };
                    let mut out = Vec::new();
                    match told.status {
                        200..=299 if told.body.is_empty() => framer.transport_error(0, &mut out),
                        200..=299 => {
                            let frame = framer.begin(&mut out);
                            out.extend_from_slice(&told.body);
                            framer.finish(frame, &mut out, &mut random).map_err(io::Error::other)?;
                        }
                        code @ (403 | 404 | 429 | 444) => framer.transport_error(-i32::from(code), &mut out),
                        code => return Err(io::Error::other(format!("HTTP: the server answers {code}"))),
                    }
                    writer.write_all(&out).await?;
                }
            }
        }
    }

    fn send(&mut self, packet: BytesMut) {
        let mut request = Vec::with_capacity(packet.len() + 128);
        write_request(&self.host, packet.len(), &mut request);
        request.extend_from_slice(&packet);
        let (kept, open) = (self.idle.pop(), self.open.clone());
        self.exchanges.spawn(async move {
            let exchanged = timeout(PATIENCE, exchange(kept, open, &request)).await;
            let late = || io::Error::new(io::ErrorKind::TimedOut, format!("HTTP: a request has had no answer for {PATIENCE:?}"));
            exchanged.map_err(|_| late())?
        });
    }
}

/// The next frame of the link; `None` when it is closed. Nothing is lost when this is dropped.
async fn next(
    reader: &mut (impl AsyncRead + Unpin),
    input: &mut BytesMut,
    framer: &mut Option<ServerFramer>,
) -> io::Result<Option<BytesMut>> {
    loop {
        if framer.is_none() {
            *framer = ServerFramer::accept(input).map_err(io::Error::other)?;
        }
        if let Some(framer) = framer
            && let Some(received) = framer.next(input).map_err(io::Error::other)?
        {
            return Ok(Some(received.packet));
        }
        if reader.read_buf(input).await? == 0 {
            return Ok(None);
        }
    }
}

/// Sends a request and waits for its answer, on a connection that was kept if there is one.
async fn exchange(kept: Option<Kept>, open: Open, request: &[u8]) -> io::Result<(Option<Kept>, Told)> {
    if let Some(mut kept) = kept {
        let mut input = BytesMut::new();
        match ask(&mut kept.stream, request, &mut input).await {
            // A server closes what has been idle for a while. It runs a message once, so that another attempt does no harm.
            Err(_) if kept.used && input.is_empty() => {}
            asked => return asked.map(|told| (told.keeps.then_some(Kept { used: true, ..kept }), told)),
        }
    }
    let mut stream = open().await?;
    let told = ask(&mut stream, request, &mut BytesMut::new()).await?;
    Ok((told.keeps.then_some(Kept { stream, used: true }), told))
}

async fn ask(stream: &mut BoxStream, request: &[u8], input: &mut BytesMut) -> io::Result<Told> {
    stream.write_all(request).await?;
    stream.flush().await?;
    loop {
        if let Some(told) = read_answer(input, MAX_FRAME)? {
            return Ok(told);
        }
        input.reserve(4 << 10);
        if stream.read_buf(input).await? == 0 {
            let why = "HTTP: the server closed the connection instead of answering a request";
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, why));
        }
    }
}
