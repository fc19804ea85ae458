use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use awaitkit::*;
use proptest::prelude::*;

use super::{Patience, millis, run, tasks_left};

/// Something that happens to a memo at some time.
#[derive(Clone, Debug)]
struct Event {
    at: u64,
    key: u8,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Get(Patience),
    Refresh(Patience),
    Start,
    Insert,
    Invalidate,
    InvalidateAll,
}

/// How a run for a key goes.
#[derive(Clone, Debug)]
struct Course {
    takes: u64,
    ends: Ends,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Ends {
    Well,
    Failing,
    Panicking,
}

fn asks() -> impl Strategy<Value = Vec<Event>> {
    let event = (0..80_u64, 0..5_u8, Patience::any()).prop_map(|(at, key, patience)| Event { at, key, what: What::Get(patience) });
    prop::collection::vec(event, 1..50)
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let what = prop_oneof![
        6 => Patience::any().prop_map(What::Get),
        2 => Patience::any().prop_map(What::Refresh),
        1 => Just(What::Start),
        1 => Just(What::Insert),
        2 => Just(What::Invalidate),
        1 => Just(What::InvalidateAll),
    ];
    prop::collection::vec((0..80_u64, 0..3_u8, what).prop_map(|(at, key, what)| Event { at, key, what }), 1..60)
}

fn courses() -> impl Strategy<Value = Vec<Course>> {
    let ends = prop_oneof![3 => Just(Ends::Well), 1 => Just(Ends::Failing), 1 => Just(Ends::Panicking)];
    prop::collection::vec((0..30_u64, ends).prop_map(|(takes, ends)| Course { takes, ends }), 1..6)
}

/// The runs of a memo, each with the number of what happened, which is its value.
#[derive(Clone)]
struct Runs {
    clock: Arc<AtomicU64>,
    courses: Arc<Vec<Course>>,
    running: Arc<Mutex<HashMap<u8, usize>>>,
    log: Arc<Mutex<Vec<(u8, u64, Ends)>>>,
}

impl Runs {
    fn new(courses: Vec<Course>) -> Self {
        Self { clock: Arc::default(), courses: Arc::new(courses), running: Arc::default(), log: Arc::default() }
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }

    async fn work(self, key: u8, at_once: usize) -> Result<u64, String> {
        let number = self.tick();
        let begun = {
            let mut running = self.running.lock().unwrap();
            let same = running.entry(key).or_default();
            *same += 1;
            assert!(*same <= at_once, "{same} runs of {key} at once");
            self.log.lock().unwrap().len()
        };
        let Course { takes, ends } = self.courses[begun % self.courses.len()].clone();
        self.log.lock().unwrap().push((key, number, ends));
        millis(takes).await;
        *self.running.lock().unwrap().get_mut(&key).unwrap() -= 1;
        match ends {
            Ends::Well => Ok(number),
            Ends::Failing => Err(number.to_string()),
            Ends::Panicking => panic!("{number}"),
        }
    }

    fn ended(&self, number: u64) -> Option<Ends> {
        self.log.lock().unwrap().iter().find(|(_, run, _)| *run == number).map(|(_, _, ends)| *ends)
    }
}

/// The number of the run an outcome is from, and how that ended.
fn origin(outcome: Result<u64, SharedError<String>>) -> (u64, Ends) {
    match outcome {
        Ok(number) => (number, Ends::Well),
        Err(SharedError::Failed(text)) => (text.parse().unwrap(), Ends::Failing),
        Err(SharedError::Panicked(text)) => (text.parse().expect("only the work panics"), Ends::Panicking),
        Err(e) => panic!("{e}"),
    }
}

async fn left(memo: &Memo<u8, u64, String>) -> (bool, usize) {
    (memo.shutdown(Duration::from_secs(60)).await, tasks_left().await)
}

proptest! {
    /// One run of a key at a time, whoever comes and goes; the first that ends well is the last. Nobody is forgotten.
    #[test]
    fn work_is_done_once_whoever_goes_away(asks in asks(), courses in courses()) {
        run(async {
            let (memo, runs) = (Memo::<u8, u64, String>::new(), Runs::new(courses));
            let ask = async |Event { at, key, what }| {
                millis(at).await;
                let What::Get(patience) = what else { return };
                let outcome = patience.wait(memo.get(key, runs.clone().work(key, 1))).await;
                assert!(outcome.is_some() || !matches!(patience, Patience::Endless));
                if let Some((number, ends)) = outcome.map(origin) {
                    assert_eq!(runs.ended(number), Some(ends));
                }
            };
            for_each_concurrent(asks, Unlimited, ask).await;
            assert_eq!(left(&memo).await, (true, 0));

            // Work goes on without its callers, and after a success there is none.
            assert!(runs.running.lock().unwrap().values().all(|running| *running == 0));
            let mut kept = HashMap::new();
            for (key, number, ends) in runs.log.lock().unwrap().iter() {
                assert!(!kept.contains_key(key), "{key} is known already");
                if *ends == Ends::Well {
                    kept.insert(*key, *number);
                }
            }
            assert_eq!(memo.stats().entries as usize, kept.len());
            assert!(kept.into_iter().all(|(key, number)| memo.peek(&key) == Some(number)));
            assert_eq!(memo.stats().runs as usize, runs.log.lock().unwrap().len());
        });
    }

    /// Nobody gets a value from before what he knows of: an invalidation, or a value put there.
    #[test]
    fn nothing_stale_is_given(events in events(), courses in courses()) {
        run(async {
            let (memo, runs) = (Memo::<u8, u64, String>::new(), Runs::new(courses));
            let oldest: RefCell<HashMap<u8, u64>> = RefCell::default();
            let at_least = |key| oldest.borrow().get(&key).copied().unwrap_or_default();
            let work = |key| runs.clone().work(key, usize::MAX);
            let happen = async |Event { at, key, what }| {
                millis(at).await;
                let bound = at_least(key);
                let outcome = match what {
                    What::Get(patience) => patience.wait(memo.get(key, work(key))).await,
                    What::Refresh(patience) => patience.wait(memo.refresh(key, work(key))).await,
                    What::Start => Some(memo.start(key, work(key)).unwrap().await),
                    What::Insert => {
                        let number = runs.tick();
                        memo.insert(key, number);
                        oldest.borrow_mut().insert(key, number);
                        return;
                    }
                    What::Invalidate => {
                        memo.invalidate(&key);
                        oldest.borrow_mut().insert(key, runs.tick());
                        assert_eq!(memo.peek(&key), None);
                        return;
                    }
                    What::InvalidateAll => {
                        memo.invalidate_all();
                        let now = runs.tick();
                        (0..3).for_each(|key| {
                            oldest.borrow_mut().insert(key, now);
                        });
                        return;
                    }
                };
                if let Some((number, _)) = outcome.map(origin) {
                    assert!(number >= bound, "{key}: {number} is from before {bound}");
                }
            };
            for_each_concurrent(events, Unlimited, happen).await;
            assert_eq!(left(&memo).await, (true, 0));
            for key in 0..3 {
                assert!(memo.peek(&key).is_none_or(|kept| kept >= at_least(key)), "{key}: a stale value is kept");
            }
        });
    }
}
