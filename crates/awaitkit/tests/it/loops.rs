//! Loops: periods, resumes, stops, signals, failures.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use awaitkit::*;
use proptest::prelude::*;
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use crate::support::{SECOND, listen};

/// When runs began, in seconds since it was made.
#[derive(Clone)]
struct Runs(Instant, Arc<Mutex<Vec<u64>>>);

impl Runs {
    fn new() -> Self {
        Self(Instant::now(), Arc::default())
    }

    fn note(&self) {
        self.1.lock().unwrap().push(self.0.elapsed().as_secs());
    }

    /// A function that notes its beginning and takes so many seconds.
    fn taking(&self, seconds: u32) -> impl FnMut() -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + Send + use<> {
        let runs = self.clone();
        move || {
            runs.note();
            Box::pin(sleep(SECOND * seconds))
        }
    }

    fn seen(&self) -> Vec<u64> {
        self.1.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn periods_count_from_the_end_of_a_run() {
    let runs = Runs::new();
    let ticks = Loop::every(10 * SECOND, runs.taking(3)).start("ticks");
    sleep(40 * SECOND).await;
    assert_eq!(runs.seen(), [0, 13, 26, 39]);
    assert_eq!((ticks.name(), ticks.is_running(), ticks.runs()), ("ticks", true, 3));
}

#[tokio::test(start_paused = true)]
async fn missed_ticks_by_policy() {
    for (missed, expected) in [(Missed::Skip, vec![0, 20, 40]), (Missed::Burst, vec![0, 15, 30, 45])] {
        let runs = Runs::new();
        let _ticks = Loop::every(10 * SECOND, runs.taking(15)).missed(missed).start("ticks");
        sleep(46 * SECOND).await;
        assert_eq!(runs.seen(), expected, "{missed:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_period_changes_while_it_waits() {
    let runs = Runs::new();
    let ticks = repeat(1000 * SECOND, runs.taking(0));
    sleep(5 * SECOND).await;
    ticks.set_period(10 * SECOND);
    sleep(20 * SECOND).await;
    ticks.set_period(2 * SECOND);
    assert_eq!(ticks.period(), 2 * SECOND);
    sleep(3 * SECOND).await;
    assert_eq!(runs.seen(), [0, 10, 20, 25, 27]);
}

#[tokio::test(start_paused = true)]
async fn on_demand_runs_once_for_each_resume() {
    let runs = Runs::new();
    let work = Loop::on_demand(runs.taking(5)).start("work");
    sleep(SECOND).await;
    assert!(runs.seen().is_empty() && work.is_paused());
    assert_eq!(work.resume(), Resumed::Now);
    assert_eq!(work.resume(), Resumed::Already);
    sleep(2 * SECOND).await;
    assert!(!work.is_paused());
    assert_eq!((work.resume(), work.resume(), work.resume()), (Resumed::Again, Resumed::Already, Resumed::Already));
    sleep(20 * SECOND).await;
    assert_eq!(runs.seen(), [1, 6]);
}

/// The trap: a wake-up that comes while the work is under way is forgotten.
#[tokio::test(start_paused = true)]
async fn resume_during_a_run_is_not_lost() {
    let runs = Runs::new();
    let work = Loop::on_demand(runs.taking(5)).start("work");
    work.resume();
    sleep(SECOND).await;
    let begin = Instant::now();
    assert!(work.resume_and_wait().await);
    assert_eq!((runs.seen(), begin.elapsed()), (vec![0, 5], 9 * SECOND));
    assert!(work.resume_and_wait().await);
    assert_eq!(begin.elapsed(), 14 * SECOND);
}

proptest! {
    /// After every resume a run begins, whenever it comes; runs never overlap.
    #[test]
    fn no_resume_is_lost(gaps in prop::collection::vec(0..8_u64, 1..20), lengths in prop::collection::vec(0..8_u64, 1..20)) {
        Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
            let begun: Arc<Mutex<Vec<Instant>>> = Arc::default();
            let running = Arc::new(AtomicUsize::new(0));
            let lengths = Arc::new(Mutex::new(VecDeque::from(lengths)));
            let work = Loop::on_demand({
                let begun = Arc::clone(&begun);
                move || {
                    let (running, length) = (Arc::clone(&running), lengths.lock().unwrap().pop_front().unwrap_or(1));
                    begun.lock().unwrap().push(Instant::now());
                    assert_eq!(running.fetch_add(1, Ordering::Relaxed), 0, "runs overlap");
                    async move {
                        sleep(Duration::from_millis(length)).await;
                        running.fetch_sub(1, Ordering::Relaxed);
                    }
                }
            })
            .start("work");
            let mut resumes = 0;
            for gap in gaps {
                sleep(Duration::from_millis(gap)).await;
                let asked = Instant::now();
                resumes += usize::from(work.resume() != Resumed::Already);
                let before = begun.lock().unwrap().len();
                // A run that begins from now on serves it; the one under way, if any, ends within 8 ms.
                sleep(Duration::from_millis(gap)).await;
                let served = begun.lock().unwrap().iter().skip(before).any(|begin| *begin >= asked);
                assert!(served || work.resume() != Resumed::Now, "the resume was lost");
            }
            work.resume_and_wait().await;
            assert!(begun.lock().unwrap().len() <= resumes + 2);
            assert!(work.stop().await);
        });
    }
}

#[test]
fn no_resume_is_lost_on_many_threads() {
    let runtime = Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap();
    runtime.block_on(async {
        let asked = Arc::new(AtomicUsize::new(0));
        let seen = Arc::new(AtomicUsize::new(0));
        let work = {
            let (asked, seen) = (Arc::clone(&asked), Arc::clone(&seen));
            Loop::on_demand(move || {
                seen.store(asked.load(Ordering::SeqCst), Ordering::SeqCst);
                std::future::ready(())
            })
        };
        let work = Arc::new(work.start("work"));
        let ask = |_| {
            let (asked, work) = (Arc::clone(&asked), Arc::clone(&work));
            async move {
                for _ in 0..2_000 {
                    asked.fetch_add(1, Ordering::SeqCst);
                    work.resume();
                }
            }
        };
        map_concurrent(0..4, limit!(4), spawned(ask)).await;
        // The last run began after the last resume.
        while seen.load(Ordering::SeqCst) < 8_000 {
            later().await;
        }
    });
}

#[tokio::test(start_paused = true)]
async fn postponed_resume_runs_behind_what_is_ready() {
    // In a task: Tokio polls the main future out of turn.
    spawn(postpone()).await.unwrap();
}

async fn postpone() {
    let log: Arc<Mutex<Vec<&str>>> = Arc::default();
    let note = |text| {
        let log = Arc::clone(&log);
        move || {
            log.lock().unwrap().push(text);
            std::future::ready(())
        }
    };
    let work = Loop::on_demand(note("run")).start("work");
    later().await;
    work.resume_postponed();
    let ready = note("ready");
    let _task = spawn(async move { ready().await });
    later().await;
    work.resume_postponed();
    for _ in 0..4 {
        later().await;
    }
    assert_eq!(*log.lock().unwrap(), ["ready", "run"]);
    // A plain resume does not wait.
    work.resume_postponed();
    work.resume();
    assert_eq!(work.resume_postponed(), Resumed::Already);
    assert!(work.resume_and_wait().await);
    // Postponing for ever is not possible.
    let before = work.runs();
    for _ in 0..300 {
        work.resume_postponed();
        later().await;
    }
    assert!(work.runs() > before);
}

#[tokio::test(start_paused = true)]
async fn what_comes_next_is_up_to_the_run() {
    let runs = Runs::new();
    let answers = Arc::new(Mutex::new(VecDeque::from([Next::Continue, Next::Sleep(7 * SECOND), Next::Pause, Next::Stop])));
    let free = {
        let runs = runs.clone();
        Loop::new(move || {
            runs.note();
            std::future::ready(answers.lock().unwrap().pop_front().unwrap())
        })
        .start("free")
    };
    sleep(100 * SECOND).await;
    assert!(free.is_paused());
    assert_eq!(free.resume(), Resumed::Now);
    free.ended().await;
    assert_eq!(runs.seen(), [0, 0, 7, 100]);
    assert_eq!((free.resume(), free.is_running(), free.resume_and_wait().await), (Resumed::NotRunning, false, false));
}

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
    let own: Arc<std::sync::OnceLock<LoopHandle>> = Arc::default();
    let ticks = Loop::every(SECOND, {
        let own = Arc::clone(&own);
        move || {
            let own = Arc::clone(&own);
            async move { own.get().unwrap().stop().await }.map_into_unit()
        }
    })
    .start("ticks");
    own.get_or_init(|| ticks);
    timeout(SECOND, own.get().unwrap().ended()).await.unwrap();
}

trait MapIntoUnit: Future + Sized {
    async fn map_into_unit(self) {
        self.await;
    }
}

impl<Fut: Future> MapIntoUnit for Fut {}

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

#[tokio::test(start_paused = true)]
async fn signals_wake_and_are_bounded() {
    let (tell, mut told) = tokio::sync::mpsc::channel(100);
    let adder = Loop::with_signals(limit!(2), move |mut signals: Signals<u32>| {
        let tell = tell.clone();
        async move {
            while let Some(n) = signals.take() {
                tell.send(n).await.unwrap();
            }
            Next::Pause
        }
    })
    .start("adder");
    later().await;
    assert!(adder.signal(1).is_ok() && adder.signal(2).is_ok());
    assert_eq!(adder.signal(3), Err(SignalError::Full(3)));
    assert_eq!((told.recv().await, told.recv().await), (Some(1), Some(2)));
    adder.stop().await;
    assert_eq!(adder.signal(4), Ok(Resumed::NotRunning));
    adder.start(); // what was in the mailbox is still there
    assert_eq!(told.recv().await, Some(4));
}

#[tokio::test(start_paused = true)]
async fn failures_are_reported_and_retried_with_growing_waits() {
    let (sink, texts) = listen();
    sink.scope(async {
        let runs = Runs::new();
        let times = Arc::new(AtomicUsize::new(0));
        let ticks = Loop::every(100 * SECOND, {
            let runs = runs.clone();
            move || {
                runs.note();
                let time = times.fetch_add(1, Ordering::Relaxed);
                async move {
                    match time {
                        0 => Err("down"),
                        1 => panic!("boom"),
                        _ => Ok(()),
                    }
                }
            }
        })
        .after_failure(AfterFailure::Retry(Backoff::new(SECOND, 60 * SECOND).jitter(0)))
        .start("ticks");
        sleep(150 * SECOND).await;
        assert_eq!(runs.seen(), [0, 1, 3, 103]);
        assert!(ticks.is_running());

        let stops = Loop::new(async || Err::<(), _>("once")).after_failure(AfterFailure::Stop).start("stops");
        stops.ended().await;

        let hook = Loop::every(SECOND, async || ()).on_start(|| panic!("hook")).start("hook");
        assert!(hook.resume_and_wait().await);
    })
    .await;
    let texts = texts();
    assert_eq!((&*texts[0], &*texts[2]), ("down", "once"));
    assert!(texts[1].contains("`ticks`") && texts[1].ends_with("panicked: boom") && texts[3].ends_with("panicked: hook"));
}

#[tokio::test(start_paused = true)]
async fn jitter_is_added_to_the_wait() {
    let runs = Arc::new(Mutex::new(Vec::new()));
    let last = Arc::new(Mutex::new(Instant::now()));
    let _ticks = Loop::every(10 * SECOND, {
        let runs = Arc::clone(&runs);
        move || {
            let mut last = last.lock().unwrap();
            runs.lock().unwrap().push(last.elapsed());
            *last = Instant::now();
            std::future::ready(())
        }
    })
    .jitter(5 * SECOND)
    .start("ticks");
    sleep(400 * SECOND).await;
    let waits = runs.lock().unwrap()[1..].to_vec();
    assert!(waits.iter().all(|wait| (10 * SECOND..=15 * SECOND).contains(wait)), "{waits:?}");
    assert!(waits.iter().any(|wait| *wait != waits[0]));
}

#[tokio::test(start_paused = true)]
async fn defer_and_delay() {
    let log: Arc<Mutex<Vec<&str>>> = Arc::default();
    let note = |text| {
        let log = Arc::clone(&log);
        async move { log.lock().unwrap().push(text) }
    };
    let begin = Instant::now();
    let delayed = delay(2 * SECOND, note("delayed"));
    let deferred = defer(note("deferred"));
    let spawned = spawn(note("spawned"));
    let (_, _, _) = join!(delayed, deferred, spawned);
    assert_eq!((&*log.lock().unwrap(), begin.elapsed()), (&vec!["spawned", "deferred", "delayed"], 2 * SECOND));
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
