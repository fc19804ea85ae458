use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use awaitkit::*;
use proptest::prelude::*;

use super::{Patience, millis, run, tasks_left};

/// One lookup.
#[derive(Clone, Debug)]
struct Ask {
    at: u64,
    key: u8,
    patience: Patience,
}

/// How the batcher is set.
#[derive(Clone, Copy, Debug)]
struct Settings {
    window: Window,
    size: usize,
    in_flight: usize,
}

fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let ask = (0..60_u64, 0..KEYS, Patience::any()).prop_map(|(at, key, patience)| Ask { at, key, patience });
    prop::collection::vec(ask, 0..60)
}

fn settings() -> impl Strategy<Value = Settings> {
    let window = prop_oneof![
        Just(Window::default()),
        (0..10_u64).prop_map(|delay| Window::Delay(Duration::from_millis(delay))),
        Just(Window::Immediate)
    ];
    (window, 1..8_usize, 1..5_usize).prop_map(|(window, size, in_flight)| Settings { window, size, in_flight })
}

/// A key that tells whether anybody still has it.
#[derive(Clone, Debug)]
struct Key(u8, #[expect(dead_code, reason = "only counted")] Arc<()>);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// What the loader sees.
#[derive(Default)]
struct Seen {
    in_flight: HashSet<u8>,
    batches_in_flight: usize,
    batches: Vec<Vec<u8>>,
    /// Callers of each key that are still there.
    wanted: HashMap<u8, usize>,
}

/// A caller of a key, until it goes away.
struct Wanted(Arc<Mutex<Seen>>, u8);

impl Wanted {
    fn new(seen: Arc<Mutex<Seen>>, key: u8) -> Self {
        *seen.lock().unwrap().wanted.entry(key).or_default() += 1;
        Self(seen, key)
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.lock().unwrap().wanted.entry(self.1).and_modify(|callers| *callers -= 1);
    }
}

/// A loader that takes times from `takes` and checks what it is asked.
fn checking(seen: &Arc<Mutex<Seen>>, takes: Vec<u64>, settings: Settings) -> BatcherBuilder<Key, u8, String> {
    let seen = Arc::clone(seen);
    let limit = |count| Limit::try_from(count).unwrap();
    Batcher::with_key_errors(move |keys: Vec<Key>| {
        let nth = {
            let mut seen = seen.lock().unwrap();
            assert!((1..=settings.size).contains(&keys.len()), "{} keys in a batch", keys.len());
            assert!(keys.iter().all(|key| seen.in_flight.insert(key.0)), "a key travels twice");
            assert!(keys.iter().all(|key| seen.wanted[&key.0] > 0), "nobody wants it any more");
            seen.batches_in_flight += 1;
            assert!(seen.batches_in_flight <= settings.in_flight, "too many batches");
            seen.batches.push(keys.iter().map(|key| key.0).collect());
            seen.batches.len()
        };
        let (seen, takes) = (Arc::clone(&seen), takes[nth % takes.len()]);
        async move {
            millis(takes).await;
            let mut seen = seen.lock().unwrap();
            seen.in_flight.retain(|key| keys.iter().all(|arrived| arrived.0 != *key));
            seen.batches_in_flight -= 1;
            drop(seen);
            assert!(keys.iter().all(|key| key.0 != UNLUCKY), "unlucky");
            Ok(keys.into_iter().filter(|key| key.0 != MISSING).map(|key| {
                let answer = if key.0 == FAILING { Err("failing".to_owned()) } else { Ok(2 * key.0) };
                (key, answer)
            }))
        }
    })
    .window(settings.window)
    .max_size(limit(settings.size))
    .max_in_flight(limit(settings.in_flight))
}

fn check(key: u8, answer: Result<Option<u8>, SharedError<String>>, batches: &[Vec<u8>]) {
    match answer {
        Err(SharedError::Panicked(text)) => {
            assert_eq!(&*text, "unlucky");
            assert!(batches.iter().any(|batch| batch.contains(&UNLUCKY) && batch.contains(&key)), "{key} fails with a batch of others");
        }
        Err(e) => assert_eq!((key, &*e.to_string()), (FAILING, "failing")),
        Ok(None) => assert_eq!(key, MISSING),
        Ok(Some(value)) => assert!(value == 2 * key && ![UNLUCKY, MISSING, FAILING].contains(&key)),
    }
}

proptest! {
    /// Every caller who stays gets the answer of its key, whoever else goes away; limits are kept, nothing is left.
    #[test]
    fn every_caller_gets_the_answer_of_its_key(asks in asks(), takes in prop::collection::vec(0..30_u64, 1..5), settings in settings(), in_tasks: bool) {
        run(async {
            let seen: Arc<Mutex<Seen>> = Arc::default();
            let batcher = checking(&seen, takes, settings).build();
            let alive = Arc::new(());
            let caller = |Ask { at, key, patience }| {
                let (batcher, seen, key) = (batcher.clone(), Arc::clone(&seen), Key(key, Arc::clone(&alive)));
                async move {
                    millis(at).await;
                    let number = key.0;
                    let lookup = async {
                        let _wanted = Wanted::new(seen, number);
                        batcher.load(key).await
                    };
                    (number, patience.wait(lookup).await)
                }
            };
            let answers = if in_tasks {
                map_concurrent(asks.clone(), Unlimited, spawned(caller)).await.into_iter().map(Result::unwrap).collect()
            } else {
                map_concurrent(asks.clone(), Unlimited, caller).await
            };
            for ((key, answer), ask) in answers.into_iter().zip(&asks) {
                assert!(answer.is_some() || !matches!(ask.patience, Patience::Endless));
                answer.into_iter().for_each(|answer| check(key, answer, &seen.lock().unwrap().batches));
            }

            assert!(batcher.shutdown(Duration::from_secs(60)).await, "batches that nobody waits for end, too");
            let stats = batcher.stats();
            assert_eq!((stats.queued, stats.in_flight, tasks_left().await), (0, 0, 0));
            assert_eq!(Arc::strong_count(&alive), 1, "a key is still held");
            assert_eq!(stats.batches as usize, seen.lock().unwrap().batches.len());
            assert_eq!(stats.lookups, stats.joined + stats.dropped + seen.lock().unwrap().batches.concat().len() as u64);
        });
    }

    /// First come, first served: nobody is overtaken for ever.
    #[test]
    fn keys_leave_in_the_order_in_which_they_came(gaps in prop::collection::vec(0..10_u64, 1..40), takes in prop::collection::vec(0..30_u64, 1..5), settings in settings()) {
        run(async {
            let log: Arc<Mutex<Vec<Vec<usize>>>> = Arc::default();
            let batcher: Batcher<usize, (), String> = Batcher::builder({
                let log = Arc::clone(&log);
                move |mut keys: Vec<usize>| {
                    let mut log = log.lock().unwrap();
                    let takes = takes[log.len() % takes.len()];
                    keys.sort(); // the order within a batch is not promised
                    log.push(keys);
                    async move {
                        millis(takes).await;
                        Ok([])
                    }
                }
            })
            .window(settings.window)
            .max_size(Limit::try_from(settings.size).unwrap())
            .max_in_flight(Limit::try_from(settings.in_flight).unwrap())
            .build();
            let mut set = FutureSet::new();
            for (key, gap) in gaps.iter().enumerate() {
                set.alongside(millis(*gap)).await;
                set.insert(batcher.load(key));
                set.alongside(later()).await; // it is asked now
            }
            while let Some(answer) = set.next().await {
                assert_eq!(answer.unwrap(), None);
            }
            assert_eq!(log.lock().unwrap().concat(), (0..gaps.len()).collect::<Vec<_>>());
        });
    }

    /// So many batches on their way and one that collects: a loader that outlasts the asking is called no more often.
    #[test]
    fn no_more_batches_than_in_flight_and_one(asks in prop::collection::vec((0..60_u64, 0..100_u8), 1..200), in_flight in 1..5_usize, settings in settings()) {
        run(async {
            let batcher: Batcher<u8, (), String> = Batcher::builder(async |_: Vec<u8>| {
                millis(1000).await;
                Ok([])
            })
            .window(settings.window)
            .max_in_flight(Limit::try_from(in_flight).unwrap())
            .build();
            for_each_concurrent(asks, Unlimited, async |(at, key)| {
                millis(at).await;
                assert_eq!(batcher.load(key).await.unwrap(), None);
            })
            .await;
            assert!(batcher.stats().batches as usize <= in_flight + 1);
        });
    }
}

const KEYS: u8 = 14;
const UNLUCKY: u8 = 11;
const MISSING: u8 = 12;
const FAILING: u8 = 13;
