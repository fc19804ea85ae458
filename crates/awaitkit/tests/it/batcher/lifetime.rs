//! Runtimes that end, and shutdown.

use std::sync::LazyLock;

use awaitkit::*;
use futures_util::FutureExt;
use tokio::runtime::Runtime;
use tokio::task::yield_now;

use super::{Log, Squares, ask};
use crate::support::{SECOND, paused};

static OUTLIVING: LazyLock<Squares> = LazyLock::new(|| {
    Batcher::builder(async |keys: Vec<u64>| {
        if keys.contains(&0) {
            std::future::pending::<()>().await;
        }
        Ok(keys.into_iter().map(|key| (key, key * key)))
    })
    .build()
});

#[test]
fn static_batcher_outlives_its_runtime() {
    for _ in 0..3 {
        paused().block_on(async {
            assert!(timeout(SECOND, OUTLIVING.load(0)).await.is_err());
            assert_eq!(OUTLIVING.load(3).await.unwrap(), Some(9));
        });
    }
    assert_eq!((OUTLIVING.stats().in_flight, OUTLIVING.stats().queued), (0, 0));
}

#[test]
fn runtime_that_ends_with_keys_queued() {
    let log = Log::default();
    let batcher = log.squares().window(Window::Delay(SECOND)).build();
    let dying = paused();
    dying.block_on(async { assert!(timeout(SECOND / 2, batcher.load(1)).await.is_err()) });
    drop(dying);
    paused().block_on(ask(&batcher, [1]));
}

#[test]
fn without_a_runtime() {
    let log = Log::default();
    let batcher = log.squares().build();
    assert!(matches!(batcher.load(1).now_or_never(), Some(Err(SharedError::NoRuntime))));
    let ended = Runtime::new().unwrap();
    let handle = ended.handle().clone();
    drop(ended);
    let _entered = handle.enter();
    assert!(matches!(batcher.load(1).now_or_never(), Some(Err(SharedError::Stopped))));
    assert_eq!(batcher.stats().queued, 0);
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_then_stops() {
    let log = Log::default();
    let batcher = log.squares().build();
    let (answer, clean) = join!(batcher.load(2), async {
        yield_now().await;
        batcher.shutdown(2 * SECOND).await
    });
    assert_eq!((answer.unwrap(), clean), (Some(4), true));
    assert!(matches!(batcher.load(3).await, Err(SharedError::Stopped)));

    let batcher = log.squares().build();
    let (answer, clean) = join!(batcher.load(2), async {
        yield_now().await;
        batcher.shutdown(SECOND / 2).await
    });
    assert!(matches!(answer, Err(SharedError::Stopped)) && !clean);
}
