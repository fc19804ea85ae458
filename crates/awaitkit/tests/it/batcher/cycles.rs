//! Loaders that ask batchers, also their own.

use std::sync::{Arc, OnceLock};

use awaitkit::*;

use super::{Log, Squares};

type Later = Arc<OnceLock<Squares>>;

/// A batcher whose loader first loads `key + 1` from another batcher.
fn asking(other: &Later) -> Squares {
    let other = Arc::clone(other);
    Batcher::builder(move |keys: Vec<u64>| {
        let other = Arc::clone(&other);
        async move {
            let other = other.get().unwrap();
            let next = other.load(keys[0] + 1).await.map_err(|e| e.to_string())?;
            Ok(keys.into_iter().map(move |key| (key, next.unwrap_or_default())))
        }
    })
    .build()
}

#[tokio::test]
async fn a_loader_that_asks_itself_gets_an_error() {
    let own: Later = Arc::default();
    let batcher = asking(&own);
    own.get_or_init(|| batcher.clone());
    assert!(batcher.load(1).await.unwrap_err().to_string().contains("wait for its own result"));
}

#[tokio::test]
async fn loaders_that_ask_each_other_get_an_error() {
    let (a, b) = (Later::default(), Later::default());
    let (asks_a, asks_b) = (asking(&a), asking(&b));
    a.get_or_init(|| asks_b.clone());
    b.get_or_init(|| asks_a.clone());
    assert!(asks_a.load(1).await.unwrap_err().to_string().contains("wait for its own result"));
}

#[tokio::test(start_paused = true)]
async fn a_loader_may_ask_another_batcher() {
    let log = Log::default();
    let last: Later = Arc::default();
    last.get_or_init(|| log.squares().build());
    assert_eq!(asking(&last).load(1).await.unwrap(), Some(4));
}

#[tokio::test]
async fn a_loader_that_asks_itself_through_a_memo() {
    let memo: Memo<u64, Option<u64>, String> = Memo::new();
    let own: Later = Arc::default();
    let batcher: Squares = Batcher::builder({
        let (memo, own) = (memo.clone(), Arc::clone(&own));
        move |keys: Vec<u64>| {
            let (memo, own) = (memo.clone(), Arc::clone(&own));
            async move {
                let again = async move { own.get().unwrap().load(99).await.map_err(|e| e.to_string()) };
                let value = memo.get(keys[0], again).await.map_err(|e| e.to_string())?;
                Ok(keys.into_iter().map(move |key| (key, value.unwrap_or_default())))
            }
        }
    })
    .build();
    own.get_or_init(|| batcher.clone());
    assert!(batcher.load(1).await.unwrap_err().to_string().contains("wait for its own result"));
}
