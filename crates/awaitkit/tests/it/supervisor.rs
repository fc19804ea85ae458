//! What fails is started again; what fails too often is given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use awaitkit::*;
use tokio::time::Instant;

use crate::support::{SECOND, listen, paused};

fn quick() -> Backoff {
    Backoff::new(SECOND, 8 * SECOND).jitter(0)
}

#[tokio::test(start_paused = true)]
async fn restarts_with_growing_waits_and_reports_each_failure() {
    let (sink, texts) = listen();
    sink.scope(async {
        let supervisor = Supervisor::new().backoff(quick());
        let starts: Arc<std::sync::Mutex<Vec<u64>>> = Arc::default();
        let begin = Instant::now();
        let child = supervisor.start("child", {
            let starts = Arc::clone(&starts);
            move |_| {
                let mut starts = starts.lock().unwrap();
                starts.push(begin.elapsed().as_secs());
                let nth = starts.len();
                async move {
                    match nth {
                        1..=3 => Err("down"),
                        4 => panic!("boom"),
                        _ => Ok(()),
                    }
                }
            }
        });
        supervisor.wait().await.unwrap();
        assert_eq!(*starts.lock().unwrap(), [0, 1, 3, 7, 15]);
        assert_eq!((child.restarts(), child.is_running()), (4, false));
    })
    .await;
    assert_eq!(texts()[..3], ["down"; 3]);
    assert!(texts()[3].contains("`child`") && texts()[3].ends_with("panicked: boom"));
}

#[tokio::test(start_paused = true)]
async fn healthy_time_resets_the_wait() {
    let (sink, _) = listen();
    sink.scope(async {
        let supervisor = Supervisor::new().backoff(quick().reset_after(60 * SECOND)).intensity(100, SECOND);
        let begin = Instant::now();
        let lives = Arc::new(AtomicUsize::new(0));
        supervisor.start("child", {
            let lives = Arc::clone(&lives);
            move |_| {
                let life = lives.fetch_add(1, Ordering::Relaxed);
                async move {
                    match life {
                        0..3 => Err(()).map_err(|()| "down"),
                        3 => {
                            sleep(60 * SECOND).await;
                            Err("down")
                        }
                        _ => Ok(()),
                    }
                }
            }
        });
        supervisor.wait().await.unwrap();
        assert_eq!(begin.elapsed(), (1 + 2 + 4 + 60 + 1) * SECOND);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn gives_up_after_too_many_restarts() {
    let (sink, texts) = listen();
    sink.scope(async {
        let supervisor = Supervisor::new().backoff(quick()).intensity(3, 60 * SECOND);
        supervisor.start("bad", |_| async { Err::<(), _>("down") });
        let good = supervisor.start("good", |stop| async move { stop.cancelled().await });
        let gave_up = supervisor.wait().await.unwrap_err();
        assert_eq!((&*gave_up.name, gave_up.restarts, &*gave_up.reason), ("bad", 3, "down"));
        assert!(good.is_running());
        good.stop().await;
        supervisor.wait().await.unwrap();
    })
    .await;
    assert_eq!(texts().last().unwrap(), "gave up on `bad` after 3 restarts within 60s; the last failure: down");
}

#[tokio::test(start_paused = true)]
async fn restart_policies() {
    let (sink, _) = listen();
    sink.scope(async {
        for (restart, fails, expected) in [
            (Restart::Always, false, 3),
            (Restart::Always, true, 3),
            (Restart::OnFailure, false, 1),
            (Restart::OnFailure, true, 3),
            (Restart::Never, false, 1),
            (Restart::Never, true, 1),
        ] {
            let supervisor = Supervisor::new().restart(restart).backoff(quick()).intensity(2, 60 * SECOND);
            let starts = Arc::new(AtomicUsize::new(0));
            supervisor.start("child", {
                let starts = Arc::clone(&starts);
                move |_| {
                    starts.fetch_add(1, Ordering::Relaxed);
                    std::future::ready(if fails { Err("down") } else { Ok(()) })
                }
            });
            while supervisor.wait().await.is_err() {}
            assert_eq!(starts.load(Ordering::Relaxed), expected, "{restart:?} {fails}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn shutdown_lets_children_finish_until_the_deadline() {
    let supervisor = Supervisor::new();
    let begin = Instant::now();
    supervisor.start("polite", |stop| async move {
        stop.cancelled().await;
        sleep(3 * SECOND).await;
    });
    supervisor.start("deaf", |_| std::future::pending::<()>());
    later().await;
    assert_eq!(supervisor.shutdown(5 * SECOND).await, [Arc::from("deaf")]);
    assert_eq!(begin.elapsed(), 5 * SECOND);
    assert!(!supervisor.start("late", |_| std::future::pending::<()>()).is_running());
}

#[tokio::test(start_paused = true)]
async fn stop_during_the_wait_for_a_restart() {
    let (sink, _) = listen();
    sink.scope(async {
        let supervisor = Supervisor::new().backoff(Backoff::new(60 * SECOND, 60 * SECOND));
        let child = supervisor.start("child", |_| async { Err::<(), _>("down") });
        sleep(SECOND).await;
        let begin = Instant::now();
        child.stop().await;
        assert_eq!(begin.elapsed().as_secs(), 0);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn dropping_the_supervisor_ends_its_children() {
    let alive = Arc::new(());
    let supervisor = Supervisor::new();
    supervisor.start("child", {
        let alive = Arc::clone(&alive);
        move |_| {
            let held = Arc::clone(&alive);
            async move {
                let _held = held;
                std::future::pending::<()>().await;
            }
        }
    });
    later().await;
    drop(supervisor);
    later().await;
    assert_eq!(Arc::strong_count(&alive), 1);
}

#[test]
fn children_end_with_their_runtime() {
    let (sink, texts) = listen();
    let (first, supervisor) = (paused(), Supervisor::new());
    let child = first.block_on(sink.scope(async { supervisor.start("child", |_| std::future::pending::<()>()) }));
    assert!(child.is_running());
    drop(first);
    assert!(!child.is_running() && texts().is_empty());
    paused().block_on(async { timeout(SECOND, supervisor.wait()).await }).unwrap().unwrap();
}

#[test]
fn without_a_runtime_a_child_has_ended() {
    let supervisor = Supervisor::new();
    assert!(!supervisor.start("child", |_| async {}).is_running());
    let ended = tokio::runtime::Runtime::new().unwrap();
    let handle = ended.handle().clone();
    drop(ended);
    let _entered = handle.enter();
    assert!(!supervisor.start("child", |_| async {}).is_running());
}
