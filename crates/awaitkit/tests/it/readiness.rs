//! Descriptors that Tokio does not know.

use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use awaitkit::*;
use futures_util::FutureExt;

use crate::support::SECOND;

fn pair() -> (UnixStream, UnixStream) {
    let (one, other) = UnixStream::pair().unwrap();
    one.set_nonblocking(true).unwrap();
    (one, other)
}

#[tokio::test]
async fn it_waits_until_there_is_something() {
    let (mut one, mut other) = pair();
    let waiting = readiness(&one, Interest::READABLE, 60 * SECOND);
    let (ready, ()) = join!(waiting, async { other.write_all(b"now").unwrap() });
    assert!(ready.unwrap().unwrap().is_readable());
    let mut bytes = [0; 3];
    one.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"now", "nothing was taken away");
}

#[tokio::test]
async fn nothing_within_the_time_is_no_error() {
    let (one, _other) = pair();
    assert_eq!(readiness(&one, Interest::READABLE, Duration::from_millis(1)).await.unwrap(), None);
    let ready = readiness(&one, Interest::READABLE | Interest::WRITABLE, 60 * SECOND).await.unwrap().unwrap();
    assert!(ready.is_writable() && !ready.is_readable());
}

#[tokio::test]
async fn an_end_that_is_closed_is_ready() {
    let (one, other) = pair();
    drop(other);
    let ready = readiness(&one, Interest::READABLE, 60 * SECOND).await.unwrap().unwrap();
    assert!(ready.is_read_closed());
}

#[tokio::test]
async fn a_descriptor_is_given_back_whole() {
    let (one, mut other) = pair();
    for _ in 0..3 {
        assert_eq!(readiness(&one, Interest::READABLE, Duration::ZERO).await.unwrap(), None, "watched again and again");
    }
    assert!(readiness(&one, Interest::READABLE, 60 * SECOND).now_or_never().is_none(), "watched, and given up");
    other.write_all(b"x").unwrap();
    assert!(readiness(&one, Interest::READABLE, 60 * SECOND).await.unwrap().is_some());
    let file = File::open(env!("CARGO_MANIFEST_PATH")).unwrap();
    assert!(readiness(&file, Interest::READABLE, 60 * SECOND).await.is_err(), "a regular file cannot be watched");
}
