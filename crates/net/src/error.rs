use std::fmt;
use std::io;
use std::sync::Arc;

use quadruplex_mtproto::Violation;
use quadruplex_mtproto::client::RpcError;
use quadruplex_mtproto::framing::FrameError;
use quadruplex_mtproto::handshake::HandshakeError;

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CallError {
    /// The server refused it.
    Rpc(RpcError),
    /// The server has lost the session: whether it has executed the call cannot be known.
    MayHaveBeenExecuted,
    /// The query is longer than a server takes (about 1 MB); nothing was sent.
    TooLong,
    /// The server has executed it, and its answer cannot be read.
    Unreadable(quadruplex_tl::Error),
    /// The connection was closed for good before the answer came.
    Closed(CloseReason),
}

/// Why a connection was closed for good.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The last handle was dropped, or [`Connection::close`](crate::Connection::close) called.
    Requested,
    /// The server does not know the authorization key (transport error −404, several times over). The key is kept: only its
    /// owner may decide that the login is lost.
    UnknownKey,
    /// The server's key exchange could not be trusted; trying again would not help.
    Handshake(String),
    /// The operating system gives no randomness.
    Randomness,
    /// Its owner may not use the session any more, for the reason that is given.
    Forbidden(Arc<str>),
}

/// Why an attempt to connect failed, or a link was lost. The connection goes on trying.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConnectError {
    /// The socket.
    Io(Arc<io::Error>),
    /// The server closed the connection.
    Eof,
    /// The bytes are no frames.
    Frame(FrameError),
    /// The server refused with a transport error: −404, −429, −444.
    Transport(i32),
    /// The server broke the protocol.
    Violation(Violation),
    /// Something else than a message of the key exchange came during it.
    NotPlain,
    /// The key exchange failed.
    Handshake(HandshakeError),
    /// No sign of life within the time that its round trips allow.
    Silent,
}

impl From<io::Error> for ConnectError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Eof } else { Self::Io(Arc::new(error)) }
    }
}

impl From<FrameError> for ConnectError {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Eof => f.write_str("the server closed the connection"),
            Self::Frame(error) => error.fmt(f),
            Self::Transport(-404) => f.write_str("the server knows no such key, or could not read what it was sent (transport error -404)"),
            Self::Transport(-429) => f.write_str("too many connections from this address (transport error -429)"),
            Self::Transport(-444) => f.write_str("wrong data centre (transport error -444)"),
            Self::Transport(code) => write!(f, "transport error {code}"),
            Self::Violation(error) => error.fmt(f),
            Self::NotPlain => f.write_str("key exchange: no plain message where one is due"),
            Self::Handshake(error) => write!(f, "key exchange: {error}"),
            Self::Silent => f.write_str("the server gave no sign of life"),
        }
    }
}

impl std::error::Error for ConnectError {}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested => f.write_str("the connection was closed"),
            Self::UnknownKey => f.write_str(
                "the server does not know this session's authorization key (transport error -404, several times over); \
                 the key is kept, nothing was deleted. If the login was ended elsewhere, sign in again",
            ),
            Self::Handshake(error) => write!(f, "the key exchange cannot succeed: {error}"),
            Self::Randomness => f.write_str("the operating system gives no randomness"),
            Self::Forbidden(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for CloseReason {}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rpc(error) => write!(f, "{} ({})", error.message, error.code),
            Self::MayHaveBeenExecuted => f.write_str("the server lost the session; the call may have been executed"),
            Self::TooLong => f.write_str("the query is longer than the 1,044,404 bytes a server takes; nothing was sent"),
            Self::Unreadable(error) => write!(f, "the answer cannot be read: {error}"),
            Self::Closed(reason) => reason.fmt(f),
        }
    }
}

impl std::error::Error for CallError {}
