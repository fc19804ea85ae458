use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quadruplex_store::testing::{Wrapped, Wrapper, gated};
use quadruplex_store::{
    Commit, CommonState, Error, Lane, Memory, Peer, PeerId, PeerKey, PeerKind, Row, Store, Task, Value, ValueKey, Writer,
};
use tokio::time::{Instant, sleep, timeout};

/// What becomes of commits: they are counted and, on demand, there is no room.
#[derive(Clone, Default)]
struct Watched {
    memory: Memory,
    commits: Arc<Mutex<Vec<Commit>>>,
    is_full: Arc<AtomicBool>,
    attempts: Arc<AtomicUsize>,
}

impl Watched {
    fn commits(&self) -> Vec<Commit> {
        self.commits.lock().unwrap().clone()
    }

    async fn pass(self, commit: Arc<Commit>) -> Result<(), Error> {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        // A disk takes its time; what is queued meanwhile belongs to the next group.
        sleep(Duration::from_millis(5)).await;
        if self.is_full.load(Ordering::Relaxed) {
            return Err(Error::Full { place: "the test".to_owned() });
        }
        self.commits.lock().unwrap().push((*commit).clone());
        Ok(())
    }
}

fn writer() -> (Watched, Writer) {
    let store = Watched::default();
    let gate = store.clone();
    let writer = Writer::spawn(Arc::new(gated(store.memory.clone(), move |commit| Box::pin(gate.clone().pass(commit)))));
    (store, writer)
}

fn row(number: u64) -> Row {
    Row { number, lane: Lane::Account, attempts: 0, bytes: vec![1] }
}

fn state(pts: i32) -> CommonState {
    CommonState { pts, ..CommonState::default() }
}

#[tokio::test(start_paused = true)]
async fn changes_made_within_ten_milliseconds_are_one_commit() {
    let (store, writer) = writer();
    let start = Instant::now();
    let first = writer.queue(|commit| commit.add_row(row(1)));
    sleep(Duration::from_millis(9)).await;
    let second = writer.queue(|commit| commit.add_row(row(2)));
    assert!(!first.is_durable());
    first.durable().await;
    assert!(second.is_durable(), "both are in one group");
    assert_eq!(start.elapsed(), Duration::from_millis(15), "ten from the first change, five for the disk");
    assert_eq!(store.commits().len(), 1);
    assert_eq!(store.memory.rows(0, 9).await.unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn two_hundred_and_fifty_six_rows_are_not_waited_with() {
    let (store, writer) = writer();
    let start = Instant::now();
    let tickets: Vec<_> = (0..256).map(|number| writer.queue(|commit| commit.add_row(row(number)))).collect();
    for ticket in tickets {
        ticket.durable().await;
    }
    assert_eq!(start.elapsed(), Duration::from_millis(5), "only the disk took its time");
    assert_eq!(store.commits().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_is_done_in_time_is_never_written() {
    let (store, writer) = writer();
    for number in 0..50 {
        writer.queue(|commit| {
            commit.add_row(row(number));
            commit.common(state(number as i32));
        });
        writer.queue(|commit| commit.done(number));
    }
    writer.flush().await;
    let [commit] = store.commits().try_into().unwrap();
    assert!(commit.rows.is_empty() && commit.done.is_empty(), "a fast bot writes only states");
    assert_eq!((commit.common, commit.next_row), (Some(state(49)), Some(50)));
}

#[tokio::test(start_paused = true)]
async fn a_row_done_while_it_is_written_is_deleted_by_the_next_commit() {
    let (store, writer) = writer();
    writer.queue(|commit| commit.add_row(row(1)));
    sleep(Duration::from_millis(12)).await;
    writer.queue(|commit| commit.done(1));
    writer.flush().await;
    assert_eq!(store.commits().len(), 2);
    assert!(store.memory.rows(0, 9).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_change_that_changes_nothing_is_durable_with_those_before_it() {
    let (_store, writer) = writer();
    let first = writer.queue(|commit| commit.add_row(row(1)));
    sleep(Duration::from_millis(12)).await;
    let nothing = writer.queue(|_| {});
    assert!(!first.is_durable() && !nothing.is_durable(), "the first is being written");
    nothing.durable().await;
    assert!(first.is_durable());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_when_nothing_changes() {
    let (store, writer) = writer();
    sleep(Duration::from_secs(3600)).await;
    writer.flush().await;
    writer.queue(|_| {}).durable().await;
    assert_eq!(store.attempts.load(Ordering::Relaxed), 0);
    drop(writer);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(Arc::strong_count(&store.attempts), 1, "the task has ended and let go of the store");
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_loses_nothing() {
    let (store, writer) = writer();
    store.is_full.store(true, Ordering::Relaxed);
    let first = writer.queue(|commit| commit.add_row(row(1)));
    let early = writer.queue(|commit| commit.add_row(row(2)));
    assert!(timeout(Duration::from_secs(60), early.durable()).await.is_err());
    assert!(writer.failure().unwrap().starts_with("no room left"));
    let attempts = store.attempts.load(Ordering::Relaxed);
    assert!((5..20).contains(&attempts), "{attempts} attempts in a minute");

    writer.queue(|commit| {
        commit.done(2);
        commit.add_row(row(3));
    });
    store.is_full.store(false, Ordering::Relaxed);
    first.durable().await;
    assert_eq!(writer.failure(), None);
    let rows: Vec<_> = store.memory.rows(0, 9).await.unwrap().into_iter().map(|row| row.number).collect();
    assert_eq!(rows, [1, 3]);
}

#[tokio::test(start_paused = true)]
async fn what_is_open_is_written_when_the_last_handle_goes() {
    let (store, writer) = writer();
    let other = writer.clone();
    let ticket = writer.queue(|commit| commit.add_row(row(1)));
    drop(writer);
    sleep(Duration::from_millis(1)).await;
    assert!(!ticket.is_durable(), "a handle is left");
    drop(other);
    ticket.durable().await;
    assert_eq!(store.memory.rows(0, 9).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_ticket_ends_when_the_writer_could_not_write() {
    let (store, writer) = writer();
    store.is_full.store(true, Ordering::Relaxed);
    let ticket = writer.queue(|commit| commit.add_row(row(1)));
    drop(writer);
    ticket.clone().durable().await;
    assert!(!ticket.is_durable());
}

#[tokio::test(start_paused = true)]
async fn peers_are_seen_before_they_are_written() {
    let (store, writer) = writer();
    let user = |id, name: &str| Peer { usernames: vec![name.to_owned()], ..Peer::new(PeerId::User(id), PeerKind::User, Some(id)) };
    let find = async |key: &PeerKey| writer.peers(vec![key.clone()]).await.unwrap().remove(0).map(|peer| peer.id);
    let (ada, bob) = (PeerKey::username("ada"), PeerKey::username("bob"));

    writer.queue(|commit| commit.peer(user(1, "ada")));
    assert_eq!(find(&ada).await, Some(PeerId::User(1)), "open");
    sleep(Duration::from_millis(12)).await;
    assert_eq!(store.memory.peers(vec![ada.clone()]).await.unwrap(), [None], "not written yet");
    assert_eq!(find(&ada).await, Some(PeerId::User(1)), "being written");
    writer.flush().await;
    assert_eq!(find(&ada).await, Some(PeerId::User(1)), "written");

    writer.queue(|commit| commit.peer(user(1, "bob")));
    assert_eq!((find(&ada).await, find(&bob).await), (None, Some(PeerId::User(1))), "renamed");
    writer.queue(|commit| commit.peer(user(2, "ada")));
    assert_eq!(find(&ada).await, Some(PeerId::User(2)), "taken by another");

    writer.queue(|commit| commit.peer(Peer { min: true, ..user(3, "eve") }));
    writer.flush().await;
    writer.queue(|commit| commit.peer(user(3, "eve")));
    writer.queue(|commit| commit.peer(Peer { min: true, access_hash: Some(0), ..user(3, "eve") }));
    let eve = writer.peers(vec![PeerId::User(3).into()]).await.unwrap().remove(0).unwrap();
    assert_eq!((eve.min, eve.access_hash), (false, Some(3)), "min never overwrites full, queued or stored");
}

#[tokio::test(start_paused = true)]
async fn values_are_seen_before_they_are_written() {
    let (store, writer) = writer();
    let key = ValueKey::new("test", "key");
    let queue = |content: Option<&str>| {
        let content = content.map(|content| Value { bytes: content.into(), expires: None });
        writer.queue(|commit| match content {
            Some(content) => commit.value(key.clone(), content),
            None => commit.remove_value(key.clone()),
        });
    };
    let read = async || writer.value(key.clone()).await.unwrap().map(|value| String::from_utf8(value.bytes).unwrap());
    assert_eq!(read().await, None);
    queue(Some("one"));
    assert_eq!(read().await.as_deref(), Some("one"), "open");
    sleep(Duration::from_millis(12)).await;
    assert_eq!(store.memory.value(key.clone()).await.unwrap(), None, "not written yet");
    assert_eq!(read().await.as_deref(), Some("one"), "being written");
    queue(Some("two"));
    assert_eq!(read().await.as_deref(), Some("two"), "the newest");
    writer.flush().await;
    assert_eq!(read().await.as_deref(), Some("two"), "written");
    queue(None);
    assert_eq!(read().await, None, "removed");
}

/// Counts how often it may rest.
#[derive(Default)]
struct Resting(Memory, Arc<AtomicUsize>);

impl Wrapper for Resting {
    fn inner(&self) -> &dyn Store {
        &self.0
    }

    fn rest(&self) -> Task<'_, ()> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.rest()
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_may_rest_while_nothing_is_written() {
    let rests = Arc::new(AtomicUsize::new(0));
    let writer = Writer::spawn(Arc::new(Wrapped(Resting(Memory::new(), Arc::clone(&rests)))));
    for pts in 0..100 {
        let _ = writer.queue(|commit| commit.common(state(pts)));
        sleep(Duration::from_secs(20)).await;
    }
    assert_eq!(rests.load(Ordering::Relaxed), 0, "it has had something to do every 20 seconds");
    sleep(Duration::from_secs(600)).await;
    assert_eq!(rests.load(Ordering::Relaxed), 20);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_in_a_hurry_does_not_wait_for_the_next_attempt() {
    let (store, writer) = writer();
    store.is_full.store(true, Ordering::Relaxed);
    let _ = writer.queue(|commit| commit.common(state(1)));
    sleep(Duration::from_secs(600)).await;
    let attempts = store.attempts.load(Ordering::Relaxed);
    assert!(attempts < 70, "{attempts} attempts in ten minutes");
    store.is_full.store(false, Ordering::Relaxed);
    let start = Instant::now();
    writer.flush().await;
    assert!(start.elapsed() < Duration::from_millis(20), "{:?}", start.elapsed());
    assert_eq!(store.commits().len(), 1);
}
