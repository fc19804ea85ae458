//! One process at a time, and what happens to one that lost its turn.

use std::sync::Arc;
use std::time::Duration;

use quadruplex_store::{Commit, Error as StoreError};
use quadruplex_stores::{Error, open};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::support::{Place, places};

#[tokio::test]
async fn a_session_is_open_once() {
    for place in places("once") {
        let first = place.open("store").await;
        let mut options = place.options();
        options.wait = Duration::ZERO;
        options.create = false;
        let missing = open(&place.url("missing"), options.clone()).await.map(drop).unwrap_err();
        assert!(matches!(missing, Error::Missing(_)), "{}: {missing}", place.kind);
        let second = open(&place.url("store"), options).await.map(drop).unwrap_err();
        assert!(matches!(second, Error::Store(StoreError::InUse { .. })), "{}: {second}", place.kind);
        assert!(!second.to_string().contains("test:test"), "{second}");
        let other = place.open("other").await;
        first.commit(Arc::new(Commit { time_offset: Some(1), ..Commit::default() })).await.unwrap();
        drop((first, other));
        assert_eq!(place.open("store").await.load().await.unwrap().time_offset, Some(1), "{}: let go when dropped", place.kind);
    }
}

#[tokio::test]
async fn a_commit_whose_caller_goes_away_happens_as_a_whole_or_not_at_all() {
    for place in places("cancel") {
        let store = place.open("store").await;
        for number in 0..30_u64 {
            let commit = Commit { time_offset: Some(number as i32), config: Some(vec![number as u8]), ..Commit::default() };
            let patience = Duration::from_micros(number * 150);
            let _ = timeout(patience, store.commit(Arc::new(commit))).await;
            let small = store.load().await.unwrap();
            assert_eq!(small.time_offset.map(|offset| vec![offset as u8]), small.config, "{}", place.kind);
        }
        store.commit(Arc::new(Commit { time_offset: Some(99), ..Commit::default() })).await.unwrap();
        assert_eq!(store.load().await.unwrap().time_offset, Some(99));
    }
}

/// Between an owner and its server: passes everything on until the owner is stranded. Then the server sees its connections end, the owner sees
/// nothing, and new connections lead nowhere; so it is when a gateway forgets them.
struct Gateway {
    port: u16,
    stranded: tokio::sync::watch::Sender<bool>,
}

impl Gateway {
    async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stranded, watched) = tokio::sync::watch::channel(false);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (mut stranded, server) = (watched.clone(), server.clone());
                tokio::spawn(async move {
                    {
                        let pass = async {
                            if let Ok(mut server) = TcpStream::connect(server).await {
                                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                            }
                        };
                        tokio::select! {
                            () = pass => return,
                            _ = stranded.wait_for(|stranded| *stranded) => {}
                        }
                    }
                    std::future::pending::<()>().await;
                });
            }
        });
        Self { port, stranded }
    }

    /// The address of a store by this way.
    fn url(&self, url: &str) -> String {
        url.replace(&host(url), &format!("127.0.0.1:{}", self.port))
    }
}

fn host(url: &str) -> String {
    url.split_once("://").unwrap().1.split('/').next().unwrap().rsplit('@').next().unwrap().to_owned()
}

fn on_servers(test: &str) -> impl Iterator<Item = Place> {
    places(test).into_iter().filter(|place| matches!(place.kind, "postgres" | "mysql" | "redis"))
}

fn commit(offset: i32) -> Arc<Commit> {
    Arc::new(Commit { time_offset: Some(offset), ..Commit::default() })
}

/// Two that send with one session destroy the login, so the first has to know before the second can begin.
#[tokio::test]
async fn an_owner_that_is_cut_off_knows_that_it_is_lost_when_another_gets_the_session() {
    for place in on_servers("stranded").map(Place::with_short_lease) {
        let url = place.url("store");
        let gateway = Gateway::start(host(&url)).await;
        let first = open(&gateway.url(&url), place.options()).await.unwrap();
        first.commit(commit(1)).await.unwrap();
        gateway.stranded.send_replace(true);
        let second = place.open("store").await;
        assert!(first.is_lost(), "{}", place.kind);
        assert_eq!(second.load().await.unwrap().time_offset, Some(1), "{}", place.kind);
        drop(gateway);
        second.close().await.unwrap();
    }
}

/// The session was another's meanwhile: what the first would write is of no use any more.
#[tokio::test]
async fn an_owner_that_was_replaced_stays_lost_also_when_its_successor_has_gone() {
    for place in on_servers("replaced").map(Place::with_short_lease) {
        let url = place.url("store");
        let gateway = Gateway::start(host(&url)).await;
        let first = open(&gateway.url(&url), place.options()).await.unwrap();
        gateway.stranded.send_replace(true);
        let second = place.open("store").await;
        second.commit(commit(2)).await.unwrap();
        second.close().await.unwrap();
        assert!(second.is_lost() && second.commit(commit(3)).await.is_err(), "{}: closed", place.kind);
        gateway.stranded.send_replace(false);
        // Its old connections hang until they are given up; on a new one it learns what has happened.
        let told = async {
            loop {
                match timeout(Duration::from_secs(2), first.commit(commit(4))).await {
                    Ok(Err(StoreError::InUse { .. })) => return,
                    Ok(Ok(())) => panic!("{}: it has written over its successor", place.kind),
                    Ok(Err(_)) | Err(_) => sleep(Duration::from_millis(20)).await,
                }
            }
        };
        timeout(Duration::from_secs(120), told).await.unwrap();
        assert!(first.is_lost(), "{}", place.kind);
        assert_eq!(place.open("store").await.load().await.unwrap().time_offset, Some(2), "{}", place.kind);
    }
}

#[tokio::test]
async fn whoever_waits_for_a_session_is_seen_and_gets_it() {
    for place in on_servers("wanted") {
        let first = place.open("store").await;
        first.commit(commit(1)).await.unwrap();
        assert!(!first.is_wanted(), "{}", place.kind);
        let waiting = tokio::spawn({
            let place = place.clone();
            async move { place.open("store").await }
        });
        while !first.is_wanted() {
            sleep(Duration::from_millis(20)).await;
        }
        assert!(!waiting.is_finished(), "{}", place.kind);
        first.close().await.unwrap();
        let second = waiting.await.unwrap();
        assert_eq!(second.load().await.unwrap().time_offset, Some(1), "{}", place.kind);
    }
}
