//! WebSockets as streams of bytes, both ends (<https://core.telegram.org/mtproto/transports#websocket>).

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use awaitkit_dial::{Stream, Target, Tls};
use bytes::{Buf, Bytes};
use futures_util::{Sink, Stream as _};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config, client_async_with_config};

/// The only subprotocol there is.
const PROTOCOL: (&str, &str) = ("sec-websocket-protocol", "binary");
/// Longer than any packet.
const MAX_MESSAGE: usize = 17 << 20;
/// So much goes into one message.
const MOST: usize = 64 << 10;
/// Hosts of the production data centres.
const HOSTS: [&str; 5] = ["pluto", "venus", "aurora", "vesta", "flora"];

/// Where WebSockets lead.
#[derive(Clone, Debug)]
pub enum Web {
    /// To where Telegram's web clients go, in TLS: `wss://venus.web.telegram.org/apiws`.
    Telegram(Tls),
    /// To the addresses of the servers, without TLS: `ws://127.0.0.1:4430/apiws`.
    Addresses,
}

/// A WebSocket with binary messages as a stream; where one message ends and the next begins means nothing.
pub struct WebSocket<S> {
    socket: WebSocketStream<S>,
    data: Bytes,
}

/// The host of a data centre for web clients, and the path there.
pub(crate) fn place(dc: i32) -> io::Result<(Target, &'static str)> {
    let (number, is_test) = (dc.unsigned_abs() % 10_000, dc.unsigned_abs() > 10_000);
    let unknown = || io::Error::new(io::ErrorKind::Unsupported, format!("data centre {dc} has no host for WebSockets"));
    let host = HOSTS.get((number as usize).wrapping_sub(1)).ok_or_else(unknown)?;
    let host = format!("{host}{}.web.telegram.org", if dc < 0 { "-1" } else { "" });
    let target = Target::new(&host, 443).map_err(io::Error::other)?;
    Ok((target, if is_test { "/apiws_test" } else { "/apiws" }))
}

impl<S: Stream> WebSocket<S> {
    /// Asks a server for a WebSocket.
    ///
    /// # Errors
    /// The server does not speak WebSocket, or not here.
    ///
    /// # Cancel safety
    /// Dropping the future closes the stream.
    pub async fn connect(stream: S, host: &str, path: &str) -> io::Result<Self> {
        let mut request = format!("ws://{host}{path}").into_client_request().map_err(invalid)?;
        request.headers_mut().insert(PROTOCOL.0, HeaderValue::from_static(PROTOCOL.1));
        let (socket, _) = client_async_with_config(request, stream, Some(config())).await.map_err(invalid)?;
        Ok(Self { socket, data: Bytes::new() })
    }

    /// Gives a client the WebSocket that it asks for, at `/apiws` and what begins with it.
    ///
    /// # Errors
    /// The client asks for something else; it is told so.
    ///
    /// # Cancel safety
    /// Dropping the future closes the stream.
    pub async fn accept(stream: S) -> io::Result<Self> {
        let socket = accept_hdr_async_with_config(stream, answer, Some(config())).await.map_err(invalid)?;
        Ok(Self { socket, data: Bytes::new() })
    }
}

fn config() -> WebSocketConfig {
    WebSocketConfig::default().max_message_size(Some(MAX_MESSAGE)).max_frame_size(Some(MAX_MESSAGE)).write_buffer_size(0)
}

#[expect(clippy::result_large_err, reason = "the type is tungstenite's")]
fn answer(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let refuse = |status| {
        let mut refusal = ErrorResponse::new(None);
        *refusal.status_mut() = status;
        Err(refusal)
    };
    if !request.uri().path().starts_with("/apiws") {
        return refuse(StatusCode::NOT_FOUND);
    }
    let offered = request.headers().get(PROTOCOL.0).and_then(|offered| offered.to_str().ok()).unwrap_or_default();
    if !offered.split(',').any(|protocol| protocol.trim() == PROTOCOL.1) {
        return refuse(StatusCode::BAD_REQUEST);
    }
    response.headers_mut().insert(PROTOCOL.0, HeaderValue::from_static(PROTOCOL.1));
    Ok(response)
}

impl<S: Stream> AsyncRead for WebSocket<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // Reading sends on what waits, too, so that nobody has to flush.
        if let Poll::Ready(Err(error)) = Pin::new(&mut self.socket).poll_flush(cx) {
            return Poll::Ready(end(error));
        }
        while self.data.is_empty() {
            match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                Some(Ok(Message::Binary(data))) => self.data = data,
                Some(Ok(Message::Text(_))) => {
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "WebSocket: a message of text")));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(end(error)),
                None => return Poll::Ready(Ok(())),
            }
        }
        let count = self.data.len().min(out.remaining());
        out.put_slice(&self.data[..count]);
        self.data.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<S: Stream> AsyncWrite for WebSocket<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        ready!(Pin::new(&mut self.socket).poll_ready(cx)).map_err(invalid)?;
        let taken = &data[..data.len().min(MOST)];
        Pin::new(&mut self.socket).start_send(Message::Binary(Bytes::copy_from_slice(taken))).map_err(invalid)?;
        if let Poll::Ready(Err(error)) = Pin::new(&mut self.socket).poll_flush(cx) {
            return Poll::Ready(Err(invalid(error)));
        }
        Poll::Ready(Ok(taken.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx).map_err(invalid)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_close(cx).map_err(invalid)
    }
}

/// A socket that was closed has ended, whoever closed it.
fn end(error: Error) -> io::Result<()> {
    if matches!(error, Error::ConnectionClosed | Error::AlreadyClosed) { Ok(()) } else { Err(invalid(error)) }
}

fn invalid(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        Error::Http(response) => io::Error::other(format!("WebSocket: the server answers {}", response.status())),
        error => io::Error::new(io::ErrorKind::InvalidData, format!("WebSocket: {error}")),
    }
}

impl<S> fmt::Debug for WebSocket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebSocket")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let check = |dc, expect: Option<(&str, &str)>| {
            let place = place(dc).ok().map(|(target, path)| (target.to_string(), path));
            assert_eq!(place, expect.map(|(target, path)| (target.to_owned(), path)), "{dc}");
        };
        check(1, Some(("pluto.web.telegram.org:443", "/apiws")));
        check(-5, Some(("flora-1.web.telegram.org:443", "/apiws")));
        check(10_002, Some(("venus.web.telegram.org:443", "/apiws_test")));
        check(0, None);
        check(6, None);
        check(203, None);
    }
}
