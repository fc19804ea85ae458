//! Links that carry little, and links that never rest.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use quadruplex_net::{BoxFuture, ConnectError, Connection, Dial, Dialed, Environment, Pending, Repeat, Request, Server, State, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, advance, sleep};

use crate::fixture::{Bench, WALL, options, query};

/// Bytes that a slow link carries in a tenth of a second.
const SIP: usize = 3000;
const TENTH: Duration = Duration::from_millis(100);

/// A connection that knows how short the way is: it has been idle, and was pinged.
async fn measured() -> Bench {
    let mut bench = Bench::new();
    let pending = bench.call(0);
    let asked = bench.server.query().await;
    bench.server.answer(asked).await;
    assert_eq!(pending.await, Ok(query(0)));
    bench.acknowledged_within(Duration::from_secs(61)).await;
    bench
}

/// A call with so many bytes.
fn upload(bench: &Bench, number: u64, bytes: usize) -> Pending {
    let body = [&query(number)[..], &vec![7; bytes]].concat();
    bench.connection.send(Request { alone: true, ..Request::new(body.into(), Repeat::Safe) })
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_long_on_its_way() {
    let mut bench = measured().await;
    let pending = bench.call(1);
    let (msg_id, _) = bench.server.query().await;
    let part = [&query(1)[..], &vec![7; 512 << 10]].concat();
    let now = bench.server.now();
    bench.server.session.as_mut().unwrap().answer(msg_id, part.clone().into(), false, now);
    for sip in bench.server.packed().chunks(SIP) {
        bench.server.write(sip).await;
        sleep(TENTH).await;
    }
    assert_eq!(bench.script.dials(), 1, "the link is slow, not dead");
    assert_eq!(pending.await.unwrap(), part);
    // What was asked meanwhile is answered behind it.
    bench.acknowledged_within(Duration::from_secs(100)).await;
    assert_eq!(bench.script.dials(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_takes_long_on_its_way() {
    // The last is more than the socket takes at once.
    for (calls, bytes) in [(1, 1_000_000), (3, 1_000_000)] {
        let mut bench = measured().await;
        let pending: Vec<_> = (0..calls).map(|number| upload(&bench, number, bytes)).collect();
        let began = Instant::now();
        while began.elapsed() < TENTH * (calls as usize * bytes / SIP) as u32 {
            sleep(TENTH).await;
            bench.server.sip(SIP).await;
        }
        assert_eq!(bench.script.dials(), 1, "the link is slow, not dead");
        for (number, pending) in (0..).zip(pending) {
            let asked = bench.server.query().await;
            assert_eq!(asked.1, number);
            bench.server.answer(asked).await;
            assert_eq!(pending.await, Ok(query(number)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_that_dies_under_an_upload_is_noticed() {
    let mut bench = measured().await;
    let began = Instant::now();
    let _pending = upload(&bench, 1, 512 << 10);
    // The socket takes it all, and nobody reads.
    let State::Connecting { error: Some(ConnectError::Silent), .. } = bench.state(|state| matches!(state, State::Connecting { .. })).await
    else {
        panic!("nobody has hung up")
    };
    assert!(began.elapsed() < Duration::from_secs(90), "it took {:?}", began.elapsed());
    bench.server.hang_up();
}

/// A server that takes everything, and has always something to say while `left` is not used up: tokens of quick acknowledgements.
#[derive(Clone, Debug, Default)]
struct Talkative {
    left: Arc<AtomicUsize>,
    /// What was left at each write.
    written: Arc<Mutex<Vec<usize>>>,
}

impl AsyncRead for Talkative {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let spent = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err();
        if spent {
            return Poll::Pending;
        }
        out.put_slice(&0x8000_0001_u32.to_le_bytes());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Talkative {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.written.lock().unwrap().push(self.left.load(Ordering::Relaxed));
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Dial for Talkative {
    fn dial<'a>(&'a self, _: Server<'a>) -> BoxFuture<'a, io::Result<Dialed>> {
        let stream: Box<dyn Stream> = Box::new(self.clone());
        Box::pin(async { Ok(stream.into()) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_that_never_rests_is_pinged() {
    const MUCH: usize = 10_000;
    let server = Talkative::default();
    let (connection, _events) = Connection::open(options(), Arc::new(server.clone()), Environment::simulated(WALL, 1));
    connection.state().wait_for(|state| matches!(state, State::Ready { .. })).await.expect("the task lives");
    sleep(Duration::from_secs(1)).await;
    server.left.store(MUCH, Ordering::Relaxed);
    server.written.lock().unwrap().clear();
    advance(Duration::from_secs(60)).await;
    sleep(Duration::from_secs(1)).await;
    let written = server.written.lock().unwrap();
    let first = written.first().copied().expect("there is a ping a minute");
    assert!(first > MUCH / 2, "the ping waited for {} reads", MUCH - first);
}
