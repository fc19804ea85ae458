//! No resume is lost: over generated schedules, and among threads.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use awaitkit::*;
use proptest::prelude::*;
use tokio::runtime::Builder;
use tokio::time::Instant;

use crate::support::paused;

proptest! {
    /// After every resume a run begins, whenever it comes; runs never overlap.
    #[test]
    fn no_resume_is_lost(gaps in prop::collection::vec(0..8_u64, 1..20), lengths in prop::collection::vec(0..8_u64, 1..20)) {
        paused().block_on(async {
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
