//! The same on every kind of runtime, and what may go between threads.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use awaitkit::*;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

/// One of everything that has a task of its own, and some that have not.
async fn everything() {
    let memo: Memo<u8, u8, BoxError> = Memo::new();
    assert_eq!(memo.get(1, async { Ok(2) }).await.unwrap(), 2);
    let batcher =
        Batcher::builder(async |keys: Vec<u8>| Ok::<_, BoxError>(keys.into_iter().map(|key| (key, key)).collect::<HashMap<_, _>>()));
    let batcher = batcher.build();
    let (a, b) = join!(batcher.load(1), batcher.load(2));
    assert_eq!((a.unwrap(), b.unwrap()), (Some(1), Some(2)));
    let work = Loop::on_demand(async || ()).start("work");
    assert!(work.resume_and_wait().await && work.stop().await);
    let supervisor = Supervisor::new();
    supervisor.start("child", |_| async {});
    supervisor.wait().await.unwrap();
    assert_eq!(SerialQueue::new(OnFailure::Stop).call(1, async { Ok::<_, ()>(1) }).await, Ok(1));
    assert_eq!(spawn(async { 1 }).await, Ok(1));
    assert_eq!(spawn_blocking(|| 1).await, Ok(1));
    assert_eq!(map_concurrent(0..3, limit!(2), spawned(async |n| n)).await, [Ok(0), Ok(1), Ok(2)]);
    later().await;
    assert!(memo.shutdown(Duration::from_secs(60)).await && batcher.shutdown(Duration::from_secs(60)).await);
}

#[test]
fn current_thread() {
    Builder::new_current_thread().enable_time().build().unwrap().block_on(everything());
}

#[test]
fn paused_clock() {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(everything());
}

#[test]
fn multi_thread() {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(everything());
    runtime.block_on(runtime.spawn(everything())).unwrap();
}

#[test]
fn local_set() {
    let runtime = Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(LocalSet::new().run_until(async {
        everything().await;
        // What is not `Send` is shared without a lock.
        let count = Rc::new(Cell::new(0));
        let counted = {
            let count = Rc::clone(&count);
            async move { for_each_concurrent(0..10, limit!(3), async |n| count.set(count.get() + n)).await }
        };
        tokio::task::spawn_local(counted).await.unwrap();
        assert_eq!(count.get(), 45);
    }));
}

/// Nothing of ours is left in the runtime.
#[tokio::test]
async fn no_task_is_left() {
    let alive = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    assert_eq!(alive(), 0);
    everything().await;
    for _ in 0..100 {
        if alive() == 0 {
            return;
        }
        later().await;
    }
    panic!("{} tasks are left", alive());
}

fn send_and_sync<T: Send + Sync>() {}

fn send<T: Send>(_: T) {}

#[test]
fn what_may_go_between_threads() {
    send_and_sync::<Memo<u8, u8, BoxError>>();
    send_and_sync::<MemoHandle<u8, BoxError>>();
    send_and_sync::<Batcher<u8, u8, BoxError>>();
    send_and_sync::<SharedError<BoxError>>();
    send_and_sync::<SerialQueue<u8>>();
    send_and_sync::<Limiter>();
    send_and_sync::<LoopHandle<u8>>();
    send_and_sync::<Signals<u8>>();
    send_and_sync::<Supervisor>();
    send_and_sync::<Child>();
    send_and_sync::<Task<u8>>();
    send_and_sync::<ErrorSink>();
    send_and_sync::<Unhandled>();
    send_and_sync::<FlockGuard>();
    send_and_sync::<Errors<u8>>();
    send::<Option<Loop<u8>>>(None);

    let (memo, limiter): (Memo<u8, u8, BoxError>, _) = (Memo::new(), Limiter::new(limit!(1)));
    send(memo.get(1, async { Ok(1) }));
    send(memo.shutdown(Duration::ZERO));
    send(limiter.run(async {}));
    send(later());
    let batcher: Batcher<u8, u8, BoxError> = Batcher::builder(async |_: Vec<u8>| Ok(HashMap::new())).build();
    send(batcher.load(1));
    send(batcher.load_many([1]));
    send(batcher.shutdown(Duration::ZERO));
    let supervisor = Supervisor::new();
    send(supervisor.wait());
    send(supervisor.shutdown(Duration::ZERO));
    send(memo.refresh(1, async { Ok(1) }));
    send(None::<MemoHandle<u8, BoxError>>.map(IntoFuture::into_future));
    let _of_a_loop = |work: &LoopHandle<u8>| {
        send(work.stop());
        send(work.ended());
        send(work.resume_and_wait());
        send(work.shutdown(Duration::ZERO));
    };
    send(timeout_or(Duration::ZERO, async { 1 }, 2));
    send(race_ok_n(vec![async { Ok::<_, u8>(1) }], 1));
    send(flock("unused", Lock::Shared).into_future());
    send(map_concurrent([1], limit!(1), async |n: u8| n));
    send(map_concurrent([1], limit!(1), async |n: u8| n).unordered());
    send(race((async { 1 }, async { 2 })));
    send(race_ok([async { Ok::<_, u8>(1) }]));
    send(SerialQueue::new(OnFailure::Stop).call(1, async { Ok::<_, u8>(1) }));
    let mut set = FutureSet::from_iter([std::future::ready(1)]);
    send(set.next());
    let mut map = FutureMap::from_iter([(1, std::future::ready(1))]);
    send(map.alongside(async {}));
}

/// The one piece of synchronisation of our own making is a lock and is tested with loom (`tests/loom.rs`); atomics only count.
#[test]
fn atomics_only_count() {
    fn visit(directory: &std::path::Path, counters: &mut Vec<String>) {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, counters);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for banned in ["Acquire", "Release", "AcqRel", "SeqCst", "compare_exchange", "AtomicPtr", "AtomicWaker", "UnsafeCell"] {
                assert!(
                    !text.contains(&format!("Ordering::{banned}")) && !text.contains(&format!("{banned}(")),
                    "{banned} in {}",
                    path.display()
                );
            }
            if text.lines().any(|line| line.starts_with("use std::sync::atomic")) {
                counters.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    let mut counters = Vec::new();
    visit(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut counters);
    counters.sort();
    assert_eq!(counters, ["child.rs", "stats.rs", "stats.rs", "waits.rs"]);
}
