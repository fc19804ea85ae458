//! Loops by the calendar, under a clock on the wall that follows virtual time.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use awaitkit::*;
use tokio::time::Instant;

use crate::support::{SECOND, listen};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// A Monday at midnight, in coordinated universal time.
fn monday() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_571_200)
}

/// A wall clock that stands at `start` now and goes with Tokio's.
fn wall(start: SystemTime) -> impl Fn() -> SystemTime + Send + Sync + Clone + 'static {
    let begin = Instant::now();
    move || start + begin.elapsed()
}

/// When the loop ran, since Monday.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Duration>>>);

impl Seen {
    fn run(&self, now: impl Fn() -> SystemTime + Send + 'static) -> impl FnMut() -> std::future::Ready<()> + Send + 'static {
        let seen = self.clone();
        move || {
            let since = now().duration_since(monday()).unwrap();
            seen.0.lock().unwrap().push(Duration::from_secs(since.as_secs()));
            std::future::ready(())
        }
    }

    fn all(&self) -> Vec<Duration> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn working_days() {
    let (now, seen) = (wall(monday()), Seen::default());
    let cron = Cron::utc("30 9 * * MON-FRI").unwrap().clock(now.clone());
    let _loop = Loop::cron(cron, seen.run(now)).start("report");
    sleep(8 * 24 * HOUR).await;
    let expected: Vec<_> = [0, 1, 2, 3, 4, 7].map(|day| day * 24 * HOUR + 9 * HOUR + 30 * MINUTE).into();
    assert_eq!(seen.all(), expected);
}

#[tokio::test(start_paused = true)]
async fn the_wall_clock_may_be_set() {
    let (base, seen, ahead) = (wall(monday()), Seen::default(), Arc::new(Mutex::new(Duration::ZERO)));
    let now = {
        let ahead = Arc::clone(&ahead);
        move || base() + *ahead.lock().unwrap()
    };
    let cron = Cron::utc("0 12 * * *").unwrap().clock(now.clone());
    let _loop = Loop::cron(cron, seen.run(now)).start("noon");
    sleep(HOUR).await;
    *ahead.lock().unwrap() = 10 * HOUR + 55 * MINUTE; // five to noon
    sleep(10 * MINUTE).await;
    assert_eq!(seen.all(), [12 * HOUR]);
}

#[derive(Clone, Default)]
struct InMemory(Arc<Mutex<HashMap<String, SystemTime>>>);

impl CronStore for InMemory {
    async fn load(&self, name: &str) -> Result<Option<SystemTime>, BoxError> {
        Ok(self.0.lock().unwrap().get(name).copied())
    }

    async fn save(&self, name: &str, due: SystemTime) -> Result<(), BoxError> {
        self.0.lock().unwrap().insert(name.to_owned(), due);
        Ok(())
    }
}

/// The hours, since Monday, at which an hourly loop runs that was down from 2:30 to 5:30, and until 7:30.
async fn after_a_restart(missed: Missed) -> Vec<u64> {
    let (now, seen, store) = (wall(monday()), Seen::default(), InMemory::default());
    let start = || {
        let cron = Cron::utc("0 * * * *").unwrap().clock(now.clone()).stored(store.clone(), "hourly");
        Loop::cron(cron, seen.run(now.clone())).missed(missed).start("hourly")
    };
    let first = start();
    sleep(2 * HOUR + 30 * MINUTE).await;
    drop(first);
    sleep(3 * HOUR).await;
    let _second = start();
    sleep(2 * HOUR).await;
    seen.all().iter().map(|time| time.as_secs() / 3600).collect()
}

#[tokio::test(start_paused = true)]
async fn missed_runs_survive_a_restart() {
    assert_eq!(after_a_restart(Missed::AfterRun).await, [1, 2, 5, 6, 7]);
    assert_eq!(after_a_restart(Missed::Skip).await, [1, 2, 6, 7]);
    assert_eq!(after_a_restart(Missed::Burst).await, [1, 2, 5, 5, 5, 6, 7]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_run_is_not_done() {
    let (sink, texts) = listen();
    sink.scope(async {
        let (now, store) = (wall(monday()), InMemory::default());
        let cron = Cron::utc("0 * * * *").unwrap().clock(now).stored(store.clone(), "hourly");
        let _loop = Loop::cron(cron, async || Err::<(), _>("down")).after_failure(AfterFailure::Stop).start("hourly");
        sleep(2 * HOUR).await;
        assert!(store.0.lock().unwrap().is_empty());
    })
    .await;
    assert_eq!(texts(), ["down"]);
}

#[tokio::test]
async fn the_file_keeps_times_by_name() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("cron-{}.times", std::process::id()));
    let file = CronFile::new(&path);
    assert_eq!(file.load("a").await.unwrap(), None);
    for (name, seconds) in [("a", 1), ("b\nc", 2), ("a", 3)] {
        file.save(name, UNIX_EPOCH + SECOND * seconds).await.unwrap();
    }
    let again = CronFile::new(&path);
    assert_eq!(again.load("a").await.unwrap(), Some(UNIX_EPOCH + 3 * SECOND));
    assert_eq!(again.load("b\nc").await.unwrap(), Some(UNIX_EPOCH + 2 * SECOND));
    for broken in ["x", "x y\n", "\n", "-1 a\n"] {
        std::fs::write(&path, broken).unwrap();
        assert!(again.load("a").await.unwrap_err().to_string().ends_with("is not a file of cron times"), "{broken:?}");
    }
    std::fs::write(&path, format!("{} a\n", u64::MAX)).unwrap();
    let _no_panic = again.load("a").await;
    std::fs::remove_file(path).unwrap();
}

#[test]
fn what_is_no_expression() {
    assert!(Cron::utc("61 * * * *").unwrap_err().to_string().contains("61 * * * *"));
    assert!(Cron::local("").is_err());
}
