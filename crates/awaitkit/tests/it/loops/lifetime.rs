//! Stop, start again, shutdown, and runtimes that end.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use awaitkit::*;
use tokio::runtime::Runtime;
use tokio::time::Instant;

use super::Runs;
use crate::support::{SECOND, listen};

#[tokio::test(start_paused = true)]
async fn stop_waits_for_the_run_and_start_starts_again() {
    let (runs, log) = (Runs::new(), Arc::new(Mutex::new(Vec::new())));
    let hook = |text: &'static str| {
        let log = Arc::clone(&log);
        move || log.lock().unwrap().push(text)
    };
    let pauses: Arc<Mutex<Vec<Option<Duration>>>> = Arc::default();
    let ticks = Loop::every(10 * SECOND, runs.taking(5))
        .on_start(hook("start"))
        .on_exit(hook("exit"))
        .on_pause({
            let pauses = Arc::clone(&pauses);
            move |span| pauses.lock().unwrap().push(span)
        })
        .start("ticks");
    sleep(2 * SECOND).await;
    assert!(!ticks.start());
    let begin = Instant::now();
    assert!(ticks.stop().await);
    assert_eq!(begin.elapsed(), 3 * SECOND);
    assert!(!ticks.stop().await && !ticks.is_running());

    assert!(ticks.start());
    sleep(6 * SECOND).await;
    let begin = Instant::now();
    assert!(ticks.stop().await); // while it waits: at once
    assert_eq!(begin.elapsed(), Duration::ZERO);
    assert_eq!(runs.seen(), [0, 5]);
    assert_eq!(*log.lock().unwrap(), ["start", "exit", "start", "exit"]);
    assert_eq!(*pauses.lock().unwrap(), [Some(10 * SECOND)]);
}

#[tokio::test(start_paused = true)]
async fn start_while_it_is_stopping() {
    let runs = Runs::new();
    let ticks = Loop::every(10 * SECOND, runs.taking(5)).start("ticks");
    sleep(SECOND).await;
    let (stopped, started) = join!(timeout(SECOND, ticks.stop()), async { ticks.start() });
    assert!(stopped.is_err() && started && !ticks.start());
    sleep(5 * SECOND).await;
    assert_eq!((runs.seen(), ticks.is_running()), (vec![0, 5], true));
}

#[tokio::test(start_paused = true)]
async fn stop_from_inside_does_not_wait_for_itself() {
    let own: Arc<OnceLock<LoopHandle>> = Arc::default();
    let ticks = Loop::every(SECOND, {
        let own = Arc::clone(&own);
        move || {
            let own = Arc::clone(&own);
            async move {
                own.get().unwrap().stop().await;
            }
        }
    })
    .start("ticks");
    own.get_or_init(|| ticks);
    timeout(SECOND, own.get().unwrap().ended()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_a_run_after_the_deadline() {
    let hangs = Loop::every(SECOND, std::future::pending::<()>).start("hangs");
    sleep(SECOND).await;
    let begin = Instant::now();
    assert!(!hangs.shutdown(3 * SECOND).await);
    assert_eq!((begin.elapsed(), hangs.is_running()), (3 * SECOND, false));
    let quick = Loop::every(SECOND, async || ()).start("quick");
    assert!(quick.shutdown(3 * SECOND).await);
    assert!(quick.start()); // the function survived
}

#[tokio::test(start_paused = true)]
async fn dropping_the_handle_stops_the_loop_unless_detached() {
    let runs = Runs::new();
    let ticks = Loop::every(SECOND, runs.taking(0)).start("ticks");
    sleep(SECOND * 3 / 2).await;
    drop(ticks);
    sleep(5 * SECOND).await;
    assert_eq!(runs.seen(), [0, 1]);

    let token = CancellationToken::new();
    let runs = Runs::new();
    Loop::every(SECOND, runs.taking(0)).cancel_on(token.clone()).start("ticks").detach();
    sleep(SECOND * 3 / 2).await;
    token.cancel();
    sleep(5 * SECOND).await;
    assert_eq!(runs.seen(), [0, 1]);
}

#[test]
fn a_loop_survives_its_runtime() {
    let first = Runtime::new().unwrap();
    let entered = first.enter();
    let work = Loop::on_demand(async || ()).start("work");
    drop(entered);
    assert!(first.block_on(work.resume_and_wait()));
    drop(first);
    assert!(!work.is_running());

    let ended = work.runs();
    let second = Runtime::new().unwrap();
    let _entered = second.enter();
    assert!(work.start());
    assert!(second.block_on(work.resume_and_wait()));
    assert_eq!(work.runs(), ended + 1);
}

#[test]
fn without_a_runtime() {
    let (sink, texts) = listen();
    futures_util::FutureExt::now_or_never(sink.scope(async {
        assert!(!Loop::every(SECOND, async || ()).start("nowhere").is_running());
    }));
    assert!(texts()[0].contains("`nowhere`") && texts()[0].contains("no Tokio runtime"));
}
