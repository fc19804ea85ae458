//! The attribute on functions and methods.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use awaitkit::*;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::support::SECOND;

static CALLS: [AtomicUsize; 4] = [const { AtomicUsize::new(0) }; 4];

fn called(which: usize) -> usize {
    CALLS[which].fetch_add(1, Ordering::Relaxed)
}

fn calls(which: usize) -> usize {
    CALLS[which].load(Ordering::Relaxed)
}

#[memoize]
async fn add(a: u32, b: &str, c: &[u32]) -> Result<u32, BoxError> {
    called(0);
    sleep(SECOND).await;
    Ok(a + b.parse::<u32>()? + c.iter().sum::<u32>())
}

#[tokio::test(start_paused = true)]
async fn arguments_are_the_key() {
    let (one, two, other) = join!(add(1, "2", &[3]), add(1, "2", &[3]), add(1, "2", &[4]));
    assert_eq!((one.unwrap(), two.unwrap(), other.unwrap(), calls(0)), (6, 6, 7, 2));
    assert!(add(1, "x", &[]).await.is_err() && add(1, "x", &[]).await.is_err());
    assert_eq!(calls(0), 4); // errors are not kept
}

#[memoize(ttl = Duration::from_secs(60), max_entries = 10)]
async fn plain() -> usize {
    called(1)
}

#[tokio::test(start_paused = true)]
async fn without_arguments_and_without_a_result() {
    assert_eq!((plain().await, plain().await), (0, 0));
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(plain().await, 1);
}

#[memoize]
async fn fibonacci(n: u64) -> u64 {
    called(2);
    if n < 2 {
        return n;
    }
    let (a, b) = join!(deeper(n - 1), deeper(n - 2));
    a + b
}

/// As every recursive async function, it needs a box.
fn deeper(n: u64) -> BoxFuture<'static, u64> {
    fibonacci(n).boxed()
}

#[tokio::test]
async fn a_recursive_function_asks_the_memo() {
    assert_eq!(fibonacci(60).await, 1_548_008_755_920);
    assert_eq!(calls(2), 61);
}

#[memoize]
async fn endless(n: u32) -> Result<u32, BoxError> {
    again(n).await
}

fn again(n: u32) -> BoxFuture<'static, Result<u32, BoxError>> {
    endless(n).boxed()
}

#[tokio::test]
async fn a_call_that_waits_for_itself() {
    assert!(endless(1).await.unwrap_err().to_string().contains("wait for its own result"));
}

#[memoize]
async fn panics(text: String) -> u32 {
    panic!("{text}")
}

#[tokio::test]
async fn a_panic_without_a_result_is_a_panic() {
    let e = spawn(panics("boom".to_owned())).await.unwrap_err();
    assert!(e.to_string().ends_with("the shared work panicked: boom"), "{e}");
}

/// An error type of the user's own.
#[derive(Clone, Debug, PartialEq)]
enum LoadError {
    NotFound(u32),
    Memo(String),
}

impl From<SharedError<LoadError>> for LoadError {
    fn from(e: SharedError<LoadError>) -> Self {
        e.failed().cloned().unwrap_or_else(|| Self::Memo(e.to_string()))
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

static BY_ID: LazyLock<Memo<u32, usize, LoadError>> = LazyLock::new(|| Memo::builder().name("by id").build());

#[memoize(store = BY_ID)]
async fn by_id(id: u32) -> Result<usize, LoadError> {
    if id == 0 { Err(LoadError::NotFound(id)) } else { Ok(called(3)) }
}

#[tokio::test]
async fn a_store_of_ones_own() {
    assert_eq!((by_id(1).await, by_id(1).await), (Ok(0), Ok(0)));
    BY_ID.invalidate(&1);
    assert_eq!(by_id(1).await, Ok(1));
    assert_eq!(by_id(0).await, Err(LoadError::NotFound(0)));
}

#[derive(Clone)]
struct Users {
    prefix: Arc<str>,
    /// How often a name was made, of this value: tests run side by side.
    asked: Arc<AtomicUsize>,
    names: Memo<u32, String, BoxError>,
    pairs: Memo<(u32, String), usize, BoxError>,
}

impl Users {
    fn new(prefix: &str) -> Self {
        Self { prefix: prefix.into(), asked: Arc::default(), names: Memo::new(), pairs: Memo::new() }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// A method keeps its documentation.
    #[memoize(store = self.names)]
    async fn name(&self, id: u32) -> Result<String, BoxError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(format!("{} {id}", self.prefix))
    }

    #[memoize(store = self.pairs)]
    pub(crate) async fn length(&self, id: u32, suffix: &str) -> Result<usize, BoxError> {
        Ok(self.name(id).await?.len() + suffix.len())
    }
}

#[tokio::test]
async fn methods_keep_in_their_own_value() {
    let (ours, theirs) = (Users::new("our"), Users::new("their"));
    assert_eq!((ours.name(1).await.unwrap(), theirs.name(1).await.unwrap()), ("our 1".into(), "their 1".into()));
    assert_eq!(ours.length(1, "xyz").await.unwrap(), 8);
    assert_eq!(ours.clone().name(1).await.unwrap(), "our 1");
    assert_eq!((ours.asked(), theirs.asked()), (1, 1));
}

/// Futures of memoised functions can be spawned.
#[tokio::test]
async fn spawned_calls() {
    let users = Users::new("spawned");
    let task = tokio::spawn(async move { users.length(1, "").await });
    assert_eq!(task.await.unwrap().unwrap(), 9);
}
