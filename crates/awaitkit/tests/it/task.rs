//! Every task has an owner, and no error is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use awaitkit::*;
use futures_util::FutureExt;
use tokio::runtime::{Builder, Runtime};

use crate::support::{SECOND, listen};

#[tokio::test(start_paused = true)]
async fn dropping_a_task_ends_it() {
    let alive = Arc::new(());
    let held = Arc::clone(&alive);
    let task = spawn(async move {
        let _held = held;
        std::future::pending::<()>().await;
    });
    later().await;
    assert_eq!(Arc::strong_count(&alive), 2);
    drop(task);
    later().await;
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[tokio::test(start_paused = true)]
async fn detached_task_runs_on() {
    let done = Arc::new(AtomicUsize::new(0));
    let tell = Arc::clone(&done);
    spawn(async move {
        sleep(SECOND).await;
        tell.store(1, Ordering::Relaxed);
    })
    .detach();
    sleep(2 * SECOND).await;
    assert_eq!(done.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn panics_and_cancellation_are_errors() {
    let e = spawn_named("worker", async { panic!("boom") }).await.unwrap_err();
    assert!(e.to_string().starts_with("the task `worker` (") && e.to_string().ends_with("panicked: boom"), "{e}");
    assert!(e.task().location().file().ends_with("task.rs"));
    let task = spawn(std::future::pending::<()>());
    assert!(!task.is_finished());
    task.abort();
    assert!(matches!(task.await, Err(TaskError::Cancelled(_))));
}

#[tokio::test]
async fn errors_of_detached_tasks_reach_the_sink_of_their_scope() {
    let (outer, outer_texts) = listen();
    let (inner, inner_texts) = listen();
    outer
        .scope(async {
            spawn(async { Err::<(), _>("outer") }).detach();
            inner.scope(async { spawn(async { Err::<(), _>("inner") }).detach() }).await;
            // A task inherits the sink of the one that spawned it.
            spawn(async { spawn(async { assert!(later().now_or_never().is_some(), "nested") }).detach() }).await.unwrap();
            spawn(async { Ok::<_, BoxError>(1) }).detach();
        })
        .await;
    while outer_texts().len() < 2 || inner_texts().is_empty() {
        later().await;
    }
    assert_eq!(inner_texts(), ["inner"]);
    assert!(outer_texts().iter().any(|text| text == "outer"));
    assert!(outer_texts().iter().any(|text| text.ends_with("panicked: nested")), "{:?}", outer_texts());
}

#[tokio::test]
async fn spawned_form_of_every_combinator() {
    let double = async |n: u32| if n == 3 { panic!("three") } else { 2 * n };
    let doubled = map_concurrent(1..=4, limit!(2), spawned(double)).await;
    assert_eq!(doubled.iter().map(|one| one.as_ref().ok().copied()).collect::<Vec<_>>(), [Some(2), Some(4), None, Some(8)]);

    let even = try_filter_concurrent(1..=4, limit!(2), spawned(async |n: u32| n.is_multiple_of(2))).await.unwrap();
    assert_eq!(even, [2, 4]);
    let failed = try_for_each_concurrent(1..=4, limit!(2), spawned(async |n: u32| assert!(n < 4, "four"))).await.unwrap_err();
    assert!(failed.to_string().ends_with("panicked: four"));

    let parse = async |text: &'static str| -> Result<u8, BoxError> {
        assert!(text != "!", "bang");
        Ok(text.parse()?)
    };
    assert_eq!(try_map_concurrent(["1", "2"], limit!(2), try_spawned(parse)).await.unwrap(), [1, 2]);
    assert!(try_map_concurrent(["!"], limit!(2), try_spawned(parse)).await.unwrap_err().to_string().ends_with("panicked: bang"));
    // Futures of one type: `spawn` itself is the function.
    assert_eq!(map_concurrent([std::future::ready(1)], limit!(2), spawn).await, [Ok(1)]);
}

/// A barrier lets nobody through unless as many threads wait as it wants: a single thread would hang.
#[test]
fn spawned_form_uses_all_cores() {
    let runtime = Builder::new_multi_thread().worker_threads(4).build().unwrap();
    runtime.block_on(async {
        let barrier = Arc::new(std::sync::Barrier::new(4));
        let wait = |_| {
            let barrier = Arc::clone(&barrier);
            async move { barrier.wait().is_leader() }
        };
        let leaders = map_concurrent(0..4, limit!(4), spawned(wait)).await;
        assert_eq!(leaders.into_iter().filter(|leader| *leader == Ok(true)).count(), 1);
    });
}

#[tokio::test(start_paused = true)]
async fn spawned_tasks_end_with_the_combinator() {
    let alive = Arc::new(());
    let hang = |_| {
        let held = Arc::clone(&alive);
        async move {
            let _held = held;
            std::future::pending::<()>().await;
        }
    };
    assert!(timeout(SECOND, map_concurrent(0..5, limit!(3), spawned(hang))).await.is_err());
    later().await;
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[test]
fn block_on_from_plain_code() {
    assert_eq!(
        block_on(async {
            sleep(Duration::from_millis(1)).await;
            spawn(async { 7 }).await.unwrap()
        })
        .unwrap(),
        7
    );
}

#[test]
fn block_on_inside_a_runtime_is_an_error() {
    for runtime in [Builder::new_current_thread().build().unwrap(), Builder::new_multi_thread().worker_threads(2).build().unwrap()] {
        let in_main = runtime.block_on(async { block_on(async {}) });
        let in_task = runtime.block_on(runtime.spawn(async { block_on(async {}) })).unwrap();
        for result in [in_main, in_task] {
            assert!(matches!(result, Err(BlockOnError::InsideRuntime)));
        }
    }
    assert!(matches!(block_on(async { block_on(async {}) }), Ok(Err(BlockOnError::InsideRuntime))));
}

#[test]
fn block_on_inside_spawn_blocking() {
    for runtime in
        [Builder::new_current_thread().enable_time().build().unwrap(), Builder::new_multi_thread().enable_time().build().unwrap()]
    {
        let value = runtime.block_on(async {
            spawn_blocking(|| {
                let inner = block_on(async {
                    sleep(Duration::from_millis(1)).await;
                    block_on(async {}).is_err()
                });
                (inner.unwrap(), block_on(async { 7 }).unwrap())
            })
            .await
        });
        assert_eq!(value, Ok((true, 7)));
    }
}

#[test]
fn no_runtime_is_an_error() {
    let task = spawn(async {});
    assert!(matches!(block_on(task).unwrap(), Err(TaskError::NoRuntime(_))));
    let (sink, texts) = listen();
    block_on(sink.scope(async {})).unwrap();
    assert!(texts().is_empty());
}

#[test]
fn shutdown_of_the_runtime_ends_tasks() {
    let runtime = Runtime::new().unwrap();
    let entered = runtime.enter();
    let task = spawn(std::future::pending::<()>());
    drop(entered);
    drop(runtime);
    assert!(matches!(block_on(task).unwrap(), Err(TaskError::Cancelled(_))));
}

#[tokio::test]
async fn later_lets_every_ready_task_run_once() {
    let ran = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let ran = Arc::clone(&ran);
            spawn(async move { ran.fetch_add(1, Ordering::Relaxed) })
        })
        .collect();
    later().await;
    assert_eq!(ran.load(Ordering::Relaxed), 1000);
    drop(tasks);
    // Also inside a task, not only in the main future.
    let inside = spawn(async {
        let ran = Arc::new(AtomicUsize::new(0));
        let _tasks: Vec<_> = (0..1000)
            .map(|_| {
                let ran = Arc::clone(&ran);
                spawn(async move { ran.fetch_add(1, Ordering::Relaxed) })
            })
            .collect();
        later().await;
        ran.load(Ordering::Relaxed)
    });
    assert_eq!(inside.await, Ok(1000));
}

#[test]
fn later_ends_on_many_threads_and_outside_of_tokio() {
    Runtime::new().unwrap().block_on(later());
    later().now_or_never();
}
