//! Locks among tasks, and among real processes.
//!
//! Under virtual time, which stands still while the operating system is asked: nothing here really waits, except for a process to end.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use awaitkit::*;

use crate::support::SECOND;

/// A path for one test, without a file.
fn path(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.lock", std::process::id()));
    let _none = fs::remove_file(&path);
    path
}

const QUICK: Duration = Duration::from_millis(10);

#[tokio::test(start_paused = true)]
async fn creates_the_file_and_unlocks() {
    let path = path("creates");
    let guard = flock(&path, Lock::Exclusive).await.unwrap();
    assert!(path.exists() && guard.file().metadata().unwrap().is_file());
    let e = flock(&path, Lock::Shared).timeout(SECOND).poll(QUICK).await.unwrap_err();
    assert!(e.is_timeout() && e.to_string().contains("creates"), "{e}");
    guard.unlock().unwrap();
    drop(flock(&path, Lock::Exclusive).await.unwrap());
    let (a, b) = join!(flock(&path, Lock::Shared), flock(&path, Lock::Shared)); // both at once
    assert!(a.is_ok() && b.is_ok());
}

#[tokio::test(start_paused = true)]
async fn fair_within_the_process() {
    let path = path("fair");
    let order: Arc<Mutex<Vec<usize>>> = Arc::default();
    let first = flock(&path, Lock::Exclusive).await.unwrap();
    let mut tasks = Vec::new();
    for n in 0..10 {
        // Each is in the queue before the next asks; the file has to be opened first, on another thread.
        let (path, order) = (path.clone(), Arc::clone(&order));
        let task = spawn(async move {
            let _guard = flock(path, if n % 3 == 0 { Lock::Shared } else { Lock::Exclusive }).poll(QUICK).await.unwrap();
            order.lock().unwrap().push(n);
        });
        sleep(SECOND).await;
        tasks.push(task);
    }
    drop(first);
    join_all(tasks, Unlimited).await;
    assert_eq!(*order.lock().unwrap(), (0..10).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn can_be_cancelled() {
    let path = path("cancelled");
    let guard = flock(&path, Lock::Exclusive).await.unwrap();
    let token = CancellationToken::new();
    let (waiting, ()) = join!(flock(&path, Lock::Exclusive).cancel_on(token.clone()), async {
        sleep(QUICK).await;
        token.cancel();
    });
    assert!(waiting.unwrap_err().is_cancelled());
    // A waiter that is dropped leaves the queue.
    assert!(timeout(QUICK, flock(&path, Lock::Exclusive)).await.is_err());
    drop(guard);
    drop(flock(&path, Lock::Exclusive).timeout(SECOND).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_file_that_was_replaced_is_locked_anew() {
    let path = path("replaced");
    let guard = flock(&path, Lock::Exclusive).await.unwrap();
    let waiting = spawn(flock(&path, Lock::Exclusive).poll(QUICK));
    sleep(10 * QUICK).await;
    fs::remove_file(&path).unwrap();
    drop(guard);
    let _second = timeout(SECOND, waiting).await.unwrap().unwrap().unwrap();
    // It holds the lock of the file that is there now.
    assert!(flock(&path, Lock::Exclusive).poll(QUICK).timeout(5 * QUICK).await.unwrap_err().is_timeout());
}

/// As in a process that was begun a moment ago, a copy of the file stays open.
#[tokio::test(start_paused = true)]
async fn a_copy_of_the_file_keeps_nothing_locked() {
    let path = path("copied");
    let guard = flock(&path, Lock::Exclusive).await.unwrap();
    let _copy = guard.file().try_clone().unwrap();
    drop(guard);
    drop(flock(&path, Lock::Exclusive).poll(QUICK).timeout(5 * QUICK).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn bad_paths_are_errors() {
    let e = flock("/does/not/exist", Lock::Shared).await.unwrap_err();
    assert!(e.to_string().starts_with("/does/not/exist could not be locked: "), "{e}");
    assert!(!e.is_timeout() && !e.is_cancelled() && std::error::Error::source(&e).is_some());
}

/// Not a test: another process that takes the lock, says so, and holds it until its input ends.
#[test]
fn other_process() {
    let Ok(path) = std::env::var("AWAITKIT_FLOCK") else { return };
    let lock = if std::env::var("AWAITKIT_FLOCK_SHARED").is_ok() { Lock::Shared } else { Lock::Exclusive };
    let _guard = block_on(flock(path, lock)).unwrap().unwrap();
    println!("\nlocked");
    let _end = std::io::stdin().read(&mut [0]);
}

/// Starts another process and waits until it has the lock.
fn locked_by_another(path: &PathBuf, shared: bool) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "flock::other_process", "--nocapture"]).env("AWAITKIT_FLOCK", path);
    if shared {
        command.env("AWAITKIT_FLOCK_SHARED", "1");
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let stdout = child.stdout.as_mut().unwrap();
    assert!(BufReader::new(stdout).lines().map_while(Result::ok).any(|line| line == "locked"), "the other process did not lock");
    child
}

#[tokio::test(start_paused = true)]
async fn between_processes() {
    let path = path("processes");
    let mut other = locked_by_another(&path, true);
    drop(flock(&path, Lock::Shared).await.unwrap());
    assert!(flock(&path, Lock::Exclusive).poll(QUICK).timeout(10 * QUICK).await.unwrap_err().is_timeout());
    drop(other.stdin.take()); // it ends in good order
    other.wait().unwrap();
    assert!(flock(&path, Lock::Exclusive).timeout(SECOND).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn kill_9_releases() {
    let path = path("killed");
    let mut other = locked_by_another(&path, false);
    let waiting = spawn(flock(&path, Lock::Exclusive).poll(QUICK).timeout(SECOND));
    sleep(SECOND / 2).await;
    assert!(!waiting.is_finished());
    other.kill().unwrap(); // SIGKILL
    other.wait().unwrap();
    assert!(waiting.await.unwrap().is_ok());
}
