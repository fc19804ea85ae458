//! What time it is, asked of the site behind which a proxy hides.
//!
//! A proxy leads whoever does not know its secret on to the site whose name the secret ends in, and so it does with a client whose clock is
//! wrong, because the time stands in the hello. That site says what time it is.

use std::io::{self, ErrorKind};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use awaitkit_dial::{BoxStream, Host, Tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};
use tracing::debug;

/// The longest head of an answer.
const MAX_HEAD: usize = 16 << 10;
/// The most headers in one.
const MAX_HEADERS: usize = 100;

/// How long a site may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// A clock that was set so lately is right.
const LATELY: Duration = Duration::from_secs(60);
/// Two clocks that show whole seconds are no further apart if both are right.
pub(super) const EXACT: Duration = Duration::from_secs(2);

/// When the clock was last set by what a site says.
#[derive(Debug, Default)]
pub(super) struct Clock {
    tls: Tls,
    set: Mutex<Option<Instant>>,
}

impl Clock {
    pub(super) fn believing(tls: Tls) -> Self {
        Self { tls, set: Mutex::default() }
    }

    pub(super) fn was_set_lately(&self) -> bool {
        self.set.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|at| at.elapsed() < LATELY)
    }

    /// What time it is at a site, if it tells.
    pub(super) async fn ask(&self, reach: impl Future<Output = io::Result<BoxStream>>, domain: &str) -> Option<Duration> {
        let asked = timeout(PATIENCE, async { ask(reach.await?, &self.tls, domain).await }).await;
        match asked.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into())) {
            Ok(told) => {
                *self.set.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                Some(told)
            }
            Err(error) => {
                debug!(domain, %error, "the site does not tell what time it is");
                None
            }
        }
    }
}

/// Whether a proxy that ends a handshake so may do it because of the time: it goes away, or somebody else answers for it.
pub(super) fn may_be_wrong(refused: &io::Error) -> bool {
    matches!(refused.kind(), ErrorKind::ConnectionAborted | ErrorKind::InvalidData)
}

/// The Unix time at the site of this name at the other end of a stream, in whole seconds.
pub(super) async fn ask(stream: BoxStream, tls: &Tls, domain: &str) -> io::Result<Duration> {
    let host: Host = domain.parse().map_err(io::Error::other)?;
    let mut stream = tls.clone().alpn("http/1.1").wrap(stream, &host).await?;
    stream.write_all(format!("HEAD / HTTP/1.1\r\nhost: {domain}\r\nconnection: close\r\n\r\n").as_bytes()).await?;
    stream.flush().await?;
    let mut head = Vec::new();
    loop {
        if let Some(date) = date(&head)? {
            return Ok(date);
        }
        if head.len() > MAX_HEAD || stream.read_buf(&mut head).await? == 0 {
            return Err(invalid("no whole head of an answer came"));
        }
    }
}

/// The date in the head of an answer, once it is whole.
fn date(head: &[u8]) -> io::Result<Option<Duration>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    if response.parse(head).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?.is_partial() {
        return Ok(None);
    }
    let date = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("date"));
    let date = date.and_then(|date| str::from_utf8(date.value).ok()).ok_or_else(|| invalid("the answer has no date"))?;
    let time = httpdate::parse_http_date(date).map_err(|_| invalid("the date of the answer is none"))?;
    time.duration_since(UNIX_EPOCH).map(Some).map_err(|_| invalid("the date of the answer is before 1970"))
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_answers() {
        let check = |head: &str, expect: Result<Option<u64>, &str>| {
            let date = date(head.as_bytes()).map(|date| date.map(|date| date.as_secs())).map_err(|error| error.to_string());
            assert_eq!(date, expect.map_err(str::to_owned), "{head}");
        };
        check("", Ok(None));
        check("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n", Ok(None));
        check("HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n", Ok(Some(784_111_777)));
        check("HTTP/1.1 301 Moved\r\nserver: x\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\nbody", Ok(Some(784_111_777)));
        check("HTTP/1.1 200 OK\r\n\r\n", Err("the answer has no date"));
        check("HTTP/1.1 200 OK\r\ndate: yesterday\r\n\r\n", Err("the date of the answer is none"));
        check("HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1904 08:49:37 GMT\r\n\r\n", Err("the date of the answer is none"));
        check("SSH-2.0-OpenSSH\r\n", Err("invalid HTTP version"));
    }
}
