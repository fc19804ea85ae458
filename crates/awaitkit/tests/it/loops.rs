//! Loops: periods, resumes, what comes next.

mod lifetime;
mod resumes;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use awaitkit::*;
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
