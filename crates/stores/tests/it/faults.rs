//! A proxy between a store and its server breaks connections in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use quadruplex_store::{Commit, Lane, Row};
use quadruplex_stores::open;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::support::places;

/// Forwards to a server; after so many bytes of the client's, all connections break.
struct Cutter {
    port: u16,
    left: Arc<AtomicUsize>,
}

impl Cutter {
    async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let left = Arc::new(AtomicUsize::new(usize::MAX));
        let (budget, broken) = (Arc::clone(&left), Arc::new(Notify::new()));
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (server, budget, broken) = (server.clone(), Arc::clone(&budget), Arc::clone(&broken));
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(server).await.unwrap();
                    let (mut from_client, mut to_client) = client.split();
                    let (mut from_server, mut to_server) = server.split();
                    let forward = async {
                        let mut bytes = vec![0; 16 << 10];
                        loop {
                            let read = from_client.read(&mut bytes).await.unwrap_or(0);
                            let left = budget.load(Ordering::Relaxed);
                            let allowed = read.min(left);
                            to_server.write_all(&bytes[..allowed]).await.ok();
                            if read == 0 || allowed < read {
                                budget.store(usize::MAX, Ordering::Relaxed);
                                broken.notify_waiters();
                                return;
                            }
                            if left != usize::MAX {
                                budget.store(left - read, Ordering::Relaxed);
                            }
                        }
                    };
                    tokio::select! {
                        () = forward => {}
                        () = broken.notified() => {}
                        _ = tokio::io::copy(&mut from_server, &mut to_client) => {}
                    }
                });
            }
        });
        Self { port, left }
    }
}

#[tokio::test]
async fn a_commit_over_a_connection_that_breaks_is_whole_or_not_there_and_the_next_one_works() {
    for place in places("faults").into_iter().filter(|place| matches!(place.kind, "postgres" | "mysql" | "redis")) {
        let url = place.url("store");
        let host = url.split_once("://").unwrap().1.split('/').next().unwrap().rsplit('@').next().unwrap().to_owned();
        let cutter = Cutter::start(host.clone()).await;
        let store = open(&url.replace(&host, &format!("127.0.0.1:{}", cutter.port)), place.options()).await.unwrap();
        let mut failed = 0;
        for number in 0..12_u64 {
            let mut commit = Commit { time_offset: Some(number as i32), config: Some(vec![number as u8; 100]), ..Commit::default() };
            commit.add_row(Row { number, lane: Lane::Account, attempts: 0, bytes: vec![1; 3_000] });
            cutter.left.store(number as usize * 400, Ordering::Relaxed);
            failed += usize::from(store.commit(Arc::new(commit)).await.is_err());
            cutter.left.store(usize::MAX, Ordering::Relaxed);
            let small = loop {
                // One error more, at most, until the broken connection is noticed.
                if let Ok(small) = store.load().await {
                    break small;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            };
            let config = small.time_offset.map(|offset| vec![offset as u8; 100]);
            assert_eq!(
                (config, small.next_row),
                (small.config.clone(), small.config.map_or(0, |config| u64::from(config[0]) + 1)),
                "{}",
                place.kind
            );
        }
        assert!(failed > 4, "{}: only {failed} commits met the fault", place.kind);
        store.commit(Arc::new(Commit { time_offset: Some(99), ..Commit::default() })).await.unwrap();
        assert_eq!(store.load().await.unwrap().time_offset, Some(99));
    }
}
