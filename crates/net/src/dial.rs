use std::fmt;
use std::io;
use std::net::SocketAddr;

use awaitkit_dial::{BoxFuture, Stream, Target};

/// The server that a connection wants.
#[derive(Clone, Copy, Debug)]
pub struct Server<'a> {
    /// The data centre, as an obfuscated header names it: negative for media servers, plus 10,000 for test servers.
    pub dc: i32,
    /// Its addresses, in order of preference.
    pub addresses: &'a [SocketAddr],
}

/// How a connection reaches its server.
pub trait Dial: fmt::Debug + Send + Sync + 'static {
    /// Opens a stream to a server. Addresses may race; nothing is sent before one has won, because Telegram destroys a login that sends
    /// on two connections.
    ///
    /// # Errors
    /// No way leads there.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the attempt.
    fn dial<'a>(&'a self, server: Server<'a>) -> BoxFuture<'a, io::Result<Dialed>>;
}

/// A stream to a server, and what has to be spoken on it.
pub struct Dialed {
    /// The stream.
    pub stream: Box<dyn Stream>,
    /// What the way demands.
    pub way: Way,
}

/// What a way to a server demands of those who go it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Way {
    /// Nothing: the framing is the caller's choice.
    Open,
    /// An obfuscated stream.
    Obfuscated,
    /// Intermediate frames, each of which is a request that ends with one frame of the server, as over HTTP.
    Requests,
    /// An obfuscated stream, made with the secret of a proxy. The server is told of the proxy (`inputClientProxy`).
    MtProxy {
        /// Where the proxy is.
        server: Target,
        /// Its secret.
        secret: [u8; 16],
        /// Whether only padded packets are taken.
        padded: bool,
    },
}

impl From<Box<dyn Stream>> for Dialed {
    /// A stream that demands nothing.
    fn from(stream: Box<dyn Stream>) -> Self {
        Self { stream, way: Way::Open }
    }
}

impl fmt::Debug for Dialed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialed").field("way", &self.way).finish_non_exhaustive()
    }
}
