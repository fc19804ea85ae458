//! HTTP CONNECT (RFC 9110, section 9.3.6).

use std::io;

use data_encoding::BASE64;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{BoxStream, Credentials, Prefixed, Target};

/// More than a proxy says before a tunnel begins.
const MAX_HEAD: usize = 16 << 10;
const MAX_HEADERS: usize = 64;

/// Asks a proxy for a tunnel to the target.
pub(crate) async fn open(mut stream: BoxStream, credentials: Option<&Credentials>, target: &Target) -> io::Result<BoxStream> {
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some(Credentials { user, password }) = credentials {
        let token = BASE64.encode(format!("{user}:{password}").as_bytes());
        request += &format!("Proxy-Authorization: Basic {token}\r\n");
    }
    stream.write_all(format!("{request}\r\n").as_bytes()).await?;

    let mut head = Vec::with_capacity(512);
    loop {
        if stream.read_buf(&mut head).await? == 0 {
            let why = if head.is_empty() { "instead of answering" } else { "in the middle of its answer" };
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("the proxy closed the connection {why}")));
        }
        if let Some(length) = accepted(&head, target)? {
            // Who speaks first through the tunnel may have begun.
            let ahead = head.split_off(length);
            return Ok(if ahead.is_empty() { stream } else { Box::new(Prefixed::new(ahead, stream)) });
        }
        if head.len() > MAX_HEAD {
            return Err(invalid("the proxy's answer does not end"));
        }
    }
}

/// How long the answer is, if it has come whole and says yes.
fn accepted(head: &[u8], target: &Target) -> io::Result<Option<usize>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(head) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) if head.starts_with(&[5]) => return Err(invalid("the proxy does not speak HTTP: it seems to speak SOCKS5")),
        Err(error) => return Err(invalid(&format!("the proxy does not speak HTTP: {error}"))),
    };
    let reason = response.reason.unwrap_or_default();
    match response.code.unwrap_or_default() {
        200..=299 => Ok(Some(length)),
        // Tinyproxy answers 401 to who names no user.
        code @ (401 | 407) => {
            let why = format!("the proxy refuses this user and password, or wants one ({code})");
            Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
        }
        code => Err(io::Error::other(format!("the proxy will not connect to {target}: {code} {reason}"))),
    }
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
