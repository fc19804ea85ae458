use std::cell::RefCell;
use std::collections::HashMap;

use awaitkit::*;
use proptest::prelude::*;
use tokio::time::Instant;

use super::{Patience, millis, run, tasks_left};

#[derive(Clone, Debug)]
struct Call {
    /// Since the call before, and until it is awaited.
    gap: u64,
    hesitates: u64,
    key: u8,
    takes: u64,
    fails: bool,
    patience: Patience,
}

fn calls(patience: impl Strategy<Value = Patience>) -> impl Strategy<Value = Vec<Call>> {
    let call = (0..6_u64, 0..6_u64, 0..4_u8, 0..20_u64, prop::bool::weighted(0.2), patience);
    let call = call.prop_map(|(gap, hesitates, key, takes, fails, patience)| Call { gap, hesitates, key, takes, fails, patience });
    prop::collection::vec(call, 0..40)
}

fn on_failure() -> impl Strategy<Value = OnFailure> {
    prop::sample::select(vec![OnFailure::Continue, OnFailure::Skip, OnFailure::Stop])
}

/// What became of a call.
#[derive(Clone, Debug, Default)]
struct Story {
    called: u64,
    begun: Option<u64>,
    /// When it ended, by itself or with its caller.
    ended: Option<u64>,
    outcome: Option<Result<(), SerialError<()>>>,
}

impl Story {
    /// To be cut short is a failure.
    fn failed(&self) -> bool {
        self.begun.is_some() && !matches!(self.outcome, Some(Ok(())))
    }
}

/// Notes the end also of work that is dropped.
struct Ends<'a>(&'a RefCell<Vec<Story>>, usize, Instant);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut()[self.1].ended = Some(self.2.elapsed().as_millis() as u64);
    }
}

/// Makes the calls and tells the story of each, in the order of the calls.
async fn play(queue: &SerialQueue<u8>, calls: &[Call]) -> Vec<Story> {
    let begin = Instant::now();
    let now = || begin.elapsed().as_millis() as u64;
    let stories = RefCell::new(vec![Story::default(); calls.len()]);
    let work = async |nth: usize, takes, fails| {
        stories.borrow_mut()[nth].begun = Some(now());
        let _ends = Ends(&stories, nth, begin);
        millis(takes).await;
        if fails { Err(()) } else { Ok(()) }
    };
    let alive = RefCell::new([0; 4]);
    let mut set = FutureSet::new();
    for (nth, call) in calls.iter().enumerate() {
        let Call { gap, hesitates, key, takes, fails, patience } = call.clone();
        set.alongside(millis(gap)).await;
        stories.borrow_mut()[nth].called = now();
        let call = queue.call(key, work(nth, takes, fails));
        let (stories, alive) = (&stories, &alive);
        alive.borrow_mut()[usize::from(key)] += 1;
        assert!((0..4).all(|key| queue.len(&key) <= alive.borrow()[usize::from(key)]), "somebody who left is in the queue");
        set.insert(async move {
            millis(hesitates).await;
            let outcome = patience.wait(call).await;
            stories.borrow_mut()[nth].outcome = outcome;
            alive.borrow_mut()[usize::from(key)] -= 1;
        });
    }
    while set.next().await.is_some() {}
    drop(set);
    stories.into_inner()
}

proptest! {
    /// Calls of a key run one at a time in the order of the calls, whoever goes away; failures do what was asked for.
    #[test]
    fn first_come_first_served_whoever_goes_away(calls in calls(Patience::any()), on_failure in on_failure()) {
        run(async {
            let queue = SerialQueue::new(on_failure);
            let stories = play(&queue, &calls).await;
            for key in 0..4 {
                let mine: Vec<&Story> = calls.iter().zip(&stories).filter(|(call, _)| call.key == key).map(|(_, story)| story).collect();
                let ran: Vec<&Story> = mine.iter().copied().filter(|story| story.begun.is_some()).collect();
                assert!(ran.is_sorted_by_key(|story| story.begun), "the order of the calls");
                assert!(ran.windows(2).all(|pair| pair[0].ended <= pair[1].begun), "two at once");
                for (nth, story) in mine.iter().enumerate() {
                    let before = &mine[..nth];
                    let failed_while_it_waited = || before.iter().any(|other| other.failed() && other.ended >= Some(story.called));
                    match &story.outcome {
                        Some(Err(SerialError::Skipped)) => assert!(on_failure == OnFailure::Skip && failed_while_it_waited()),
                        Some(Err(SerialError::Stopped)) => {
                            assert!(on_failure == OnFailure::Stop && before.iter().any(|other| other.failed()));
                        }
                        _ => {}
                    }
                    if let Some(begun) = story.begun {
                        let forbidden = before.iter().any(|other| other.failed() && match on_failure {
                            OnFailure::Continue => false,
                            OnFailure::Skip => Some(story.called) < other.ended && other.ended < Some(begun),
                            OnFailure::Stop => true,
                        });
                        assert!(!forbidden, "it ran after a failure");
                    }
                }
            }
            for (call, story) in calls.iter().zip(&stories) {
                assert!(story.outcome.is_some() || !matches!(call.patience, Patience::Endless), "a call without an end");
            }
            // Only a stopped key is remembered.
            let failed = |key| calls.iter().zip(&stories).any(|(call, story)| call.key == key && story.failed());
            let stopped: Vec<u8> = (0..4).filter(|key| on_failure == OnFailure::Stop && failed(*key)).collect();
            assert_eq!((queue.keys(), tasks_left().await), (stopped.len(), 0));
            assert!(stopped.iter().all(|key| queue.len(key) == 0 && queue.resume(key)));
            assert_eq!(queue.keys(), 0);
        });
    }

    /// No wake-up is late: each call begins the moment the one before it ends, and keys do not wait for each other.
    #[test]
    fn nobody_waits_longer_than_needed(calls in calls(Just(Patience::Endless))) {
        run(async {
            let queue = SerialQueue::new(OnFailure::Continue);
            let stories = play(&queue, &calls).await;
            let mut free: HashMap<u8, u64> = HashMap::new();
            for (call, story) in calls.iter().zip(stories) {
                let begins = (story.called + call.hesitates).max(free.get(&call.key).copied().unwrap_or_default());
                assert_eq!((story.begun, story.ended), (Some(begins), Some(begins + call.takes)));
                assert_eq!(story.outcome, Some(if call.fails { Err(SerialError::Failed(())) } else { Ok(()) }));
                free.insert(call.key, begins + call.takes);
            }
        });
    }
}
