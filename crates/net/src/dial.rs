use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// A boxed future, for traits that are used as objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Anything that carries bytes both ways.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// How a connection reaches its server.
pub trait Dial: fmt::Debug + Send + Sync + 'static {
    /// Opens a stream to one of these addresses of one server; they are in order of preference.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the attempt.
    fn dial<'a>(&'a self, addresses: &'a [SocketAddr]) -> BoxFuture<'a, io::Result<Box<dyn Stream>>>;
}

/// Plain TCP. Several addresses race: each gets a head start over the next, and the first that connects wins. Only connecting
/// is raced; nothing is sent before one has won, because Telegram destroys a login that sends on two connections.
#[derive(Clone, Debug)]
pub struct TcpDialer {
    /// The head start of an address over the next.
    pub head_start: Duration,
    /// How long an address may take.
    pub patience: Duration,
}

impl Default for TcpDialer {
    /// A head start of 250 ms, patience of 10 s.
    fn default() -> Self {
        Self { head_start: Duration::from_millis(250), patience: Duration::from_secs(10) }
    }
}

impl Dial for TcpDialer {
    fn dial<'a>(&'a self, addresses: &'a [SocketAddr]) -> BoxFuture<'a, io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let mut attempts = JoinSet::new();
            for (place, address) in addresses.iter().copied().enumerate() {
                let (delay, patience) = (self.head_start * place as u32, self.patience);
                attempts.spawn(async move {
                    sleep(delay).await;
                    connect(address, patience).await
                });
            }
            let mut error = io::Error::new(io::ErrorKind::InvalidInput, "the server has no address");
            while let Some(attempt) = attempts.join_next().await {
                match attempt.map_err(io::Error::other).and_then(|connected| connected) {
                    Ok(stream) => return Ok(Box::new(stream) as Box<dyn Stream>),
                    Err(failed) => error = failed,
                }
            }
            Err(error)
        })
    }
}

async fn connect(address: SocketAddr, patience: Duration) -> io::Result<TcpStream> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{address}: {error}"));
    let late = || io::Error::new(io::ErrorKind::TimedOut, format!("{address}: no connection within {} s", patience.as_secs()));
    let stream = timeout(patience, TcpStream::connect(address)).await.map_err(|_| late())?.map_err(named)?;
    // A packet is written whole; waiting for more would only add a round trip.
    stream.set_nodelay(true)?;
    Ok(stream)
}
