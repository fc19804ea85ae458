use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use tokio::io::unix::AsyncFd;
pub use tokio::io::{Interest, Ready};
use tokio::time::timeout;

/// Waits until `fd` can be read or written, or has been closed by the other end; [`None`] if nothing of the kind happens `within` that time.
///
/// It is for descriptors of other libraries, a socket of a C library for instance, that are set to be non-blocking. What Tokio has
/// itself, its own sockets and pipes, wants their own methods. Nothing is read: whoever is told that there is something reads until it would
/// block, and asks again.
///
/// # Errors
///
/// The system cannot watch it: a regular file is always ready, and a descriptor is watched once at a time. Outside a Tokio runtime with I/O
/// it panics, as all of Tokio's I/O does.
///
/// # Cancel safety
///
/// Cancel safe: nothing is taken from the descriptor, which is watched only while this is awaited.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// use std::{io::Write, os::unix::net::UnixStream, time::Duration};
/// use awaitkit::{Interest, readiness};
///
/// let (one, mut other) = UnixStream::pair()?;
/// one.set_nonblocking(true)?;
/// assert_eq!(readiness(&one, Interest::READABLE, Duration::ZERO).await?, None);
/// other.write_all(b"x")?;
/// let ready = readiness(&one, Interest::READABLE, Duration::from_secs(1)).await?;
/// assert!(ready.is_some_and(|ready| ready.is_readable()));
/// # Ok(()) }
/// ```
#[doc(alias = "stream_await")]
pub async fn readiness(fd: impl AsFd, interest: Interest, within: Duration) -> io::Result<Option<Ready>> {
    #[allow(
        deprecated,
        reason = "what replaces it is unsafe, since its descriptor might be closed meanwhile; here it is borrowed meanwhile"
    )]
    let watched = AsyncFd::with_interest(fd.as_fd(), interest)?;
    match timeout(within, watched.ready(interest)).await {
        Ok(ready) => Ok(Some(ready?.ready())),
        Err(_) => Ok(None),
    }
}
