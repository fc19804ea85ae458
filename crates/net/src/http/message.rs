use std::fmt;
use std::io;

use bytes::{Buf, BytesMut};
use httparse::{EMPTY_HEADER, Header, Status};

/// More than goes before a packet.
const MAX_HEAD: usize = 16 << 10;
const MAX_HEADERS: usize = 64;

/// A request.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// `POST` for packets.
    pub method: String,
    /// Where it goes, without host and query.
    pub path: String,
    /// The packet.
    pub body: BytesMut,
    /// Whether the connection may bring another one.
    pub keeps: bool,
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    /// 200, or a transport error without its sign.
    pub status: u16,
    /// The packet.
    pub body: BytesMut,
    /// Whether the connection may bring another one.
    pub keeps: bool,
}

/// Bytes that are no HTTP as MTProto uses it. Nothing more can be read after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpError {
    /// Another protocol, or a broken head.
    NotHttp,
    /// A head that does not end within 16 KiB.
    EndlessHead,
    /// No length, or one in a form that packets do not need: in chunks.
    NoLength,
    /// A body that is longer than any packet.
    TooLong,
}

/// Writes a request up to where the packet begins.
pub fn write_request(host: &str, len: usize, out: &mut Vec<u8>) {
    let path = super::PATH;
    out.extend_from_slice(
        format!("POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive\r\nContent-Length: {len}\r\n\r\n").as_bytes(),
    );
}

/// Writes an answer up to where the packet begins.
pub fn write_answer(status: u16, len: usize, keeps: bool, out: &mut Vec<u8>) {
    let reason = if status == 200 { "OK" } else { "Refused" };
    let connection = if keeps { "keep-alive" } else { "close" };
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\nConnection: {connection}\r\nContent-Type: application/octet-stream\r\nContent-Length: {len}\r\n\r\n"
    );
    out.extend_from_slice(head.as_bytes());
}

/// Takes a request whose body has `max` bytes at most off the front of `input`; `None` when it has not come whole.
///
/// # Errors
/// [`HttpError`]: the connection has to be closed.
pub fn read_request(input: &mut BytesMut, max: usize) -> Result<Option<Asked>, HttpError> {
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let Some(head) = whole(request.parse(input), input.len())? else { return Ok(None) };
    let (method, path) = (request.method.unwrap_or_default().to_owned(), path(request.path.unwrap_or_default()).to_owned());
    let keeps = keeps(request.version, request.headers);
    let len = length(request.headers, max)?.unwrap_or(0);
    Ok(take(input, head, len).map(|body| Asked { method, path, body, keeps }))
}

/// Takes an answer whose body has `max` bytes at most off the front of `input`; `None` when it has not come whole.
///
/// # Errors
/// [`HttpError`]: the connection has to be closed.
pub fn read_answer(input: &mut BytesMut, max: usize) -> Result<Option<Told>, HttpError> {
    loop {
        let mut headers = [EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let Some(head) = whole(response.parse(input), input.len())? else { return Ok(None) };
        let status = response.code.unwrap_or_default();
        // An answer that says that the answer comes.
        if (100..200).contains(&status) {
            input.advance(head);
            continue;
        }
        let keeps = keeps(response.version, response.headers);
        let len = match length(response.headers, max)? {
            Some(len) => len,
            None if status == 204 => 0,
            None => return Err(HttpError::NoLength),
        };
        return Ok(take(input, head, len).map(|body| Told { status, body, keeps }));
    }
}

fn whole(parsed: httparse::Result<usize>, len: usize) -> Result<Option<usize>, HttpError> {
    match parsed {
        Ok(Status::Complete(head)) => Ok(Some(head)),
        Ok(Status::Partial) if len > MAX_HEAD => Err(HttpError::EndlessHead),
        Ok(Status::Partial) => Ok(None),
        Err(_) => Err(HttpError::NotHttp),
    }
}

fn take(input: &mut BytesMut, head: usize, len: usize) -> Option<BytesMut> {
    if input.len() - head < len {
        return None;
    }
    input.advance(head);
    Some(input.split_to(len))
}

fn header<'a>(headers: &[Header<'a>], name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
    std::str::from_utf8(found.value).ok().map(str::trim)
}

fn length(headers: &[Header<'_>], max: usize) -> Result<Option<usize>, HttpError> {
    if header(headers, "transfer-encoding").is_some() {
        return Err(HttpError::NoLength);
    }
    let Some(len) = header(headers, "content-length") else { return Ok(None) };
    // More digits than a number has are a long body, too.
    let is_number = !len.is_empty() && len.bytes().all(|digit| digit.is_ascii_digit());
    if !is_number {
        return Err(HttpError::NoLength);
    }
    len.parse().ok().filter(|len| *len <= max).map(Some).ok_or(HttpError::TooLong)
}

fn keeps(version: Option<u8>, headers: &[Header<'_>]) -> bool {
    match header(headers, "connection") {
        Some(connection) if connection.eq_ignore_ascii_case("close") => false,
        Some(connection) if connection.eq_ignore_ascii_case("keep-alive") => true,
        _ => version == Some(1),
    }
}

/// A target as proxies get it, or a path, without its query.
fn path(target: &str) -> &str {
    let path = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => target,
    };
    path.split('?').next().unwrap_or_default()
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHttp => "HTTP: the other end speaks another protocol",
            Self::EndlessHead => "HTTP: a head that does not end",
            Self::NoLength => "HTTP: a body whose length is not told in bytes",
            Self::TooLong => "HTTP: a body that is longer than any packet",
        })
    }
}

impl std::error::Error for HttpError {}

impl From<HttpError> for io::Error {
    fn from(error: HttpError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}
