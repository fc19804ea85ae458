use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use awaitkit::*;
use proptest::prelude::*;
use tokio::time::Instant;

use super::{millis, run, tasks_left};
use crate::support::listen;

/// How a child lives, time after time; at last it ends well.
#[derive(Clone, Debug)]
struct Life {
    lasts: u64,
    ends: Ends,
}

#[derive(Clone, Copy, Debug)]
enum Ends {
    Well,
    Failing,
    Panicking,
}

#[derive(Clone, Copy, Debug)]
struct Policy {
    restart: Restart,
    first: u64,
    max: u64,
    reset_after: u64,
    restarts: usize,
    within: u64,
}

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let ends = prop_oneof![1 => Just(Ends::Well), 3 => Just(Ends::Failing), 1 => Just(Ends::Panicking)];
    prop::collection::vec((0..50_u64, ends).prop_map(|(lasts, ends)| Life { lasts, ends }), 0..12)
}

fn policy() -> impl Strategy<Value = Policy> {
    let restart = prop::sample::select(vec![Restart::Always, Restart::OnFailure, Restart::Never]);
    (restart, 1..10_u64, 0..100_u64, 20..60_u64, 0..6_usize, 1..200_u64).prop_map(
        |(restart, first, more, reset_after, restarts, within)| Policy { restart, first, max: first + more, reset_after, restarts, within },
    )
}

impl Policy {
    fn supervisor(self) -> Supervisor {
        let backoff = Backoff::new(Duration::from_millis(self.first), Duration::from_millis(self.max));
        let backoff = backoff.jitter(0).reset_after(Duration::from_millis(self.reset_after));
        Supervisor::new().restart(self.restart).backoff(backoff).intensity(self.restarts, Duration::from_millis(self.within))
    }

    /// When the child is started, when it has ended, and whether it was given up.
    fn course(self, lives: &[Life]) -> (Vec<u64>, u64, bool) {
        let (mut now, mut wait) = (0, self.first);
        let (mut starts, mut restarts) = (Vec::new(), VecDeque::new());
        for life in lives {
            starts.push(now);
            now += life.lasts;
            match (self.restart, life.ends) {
                (Restart::Never, _) | (Restart::OnFailure, Ends::Well) => return (starts, now, false),
                _ => {}
            }
            restarts.retain(|restart| now - restart <= self.within);
            if restarts.len() == self.restarts {
                return (starts, now, true);
            }
            restarts.push_back(now);
            if life.lasts >= self.reset_after {
                wait = self.first;
            }
            now += wait;
            wait = (2 * wait).min(self.max);
        }
        starts.push(now);
        (starts, now, false)
    }
}

/// Starts a child with these lives, the last of which lasts until it is told to stop; its starts are noted.
fn start(supervisor: &Supervisor, lives: &[Life], begin: Instant) -> (Child, Arc<Mutex<Vec<u64>>>) {
    let starts: Arc<Mutex<Vec<u64>>> = Arc::default();
    let (noted, lives) = (Arc::clone(&starts), lives.to_vec());
    let child = supervisor.start("child", move |stop| {
        let mut noted = noted.lock().unwrap();
        let life = lives.get(noted.len()).cloned();
        noted.push(begin.elapsed().as_millis() as u64);
        async move {
            let Some(Life { lasts, ends }) = life else {
                stop.cancelled().await;
                return Ok(());
            };
            millis(lasts).await;
            match ends {
                Ends::Well => Ok(()),
                Ends::Failing => Err("failing"),
                Ends::Panicking => panic!("panicking"),
            }
        }
    });
    (child, starts)
}

proptest! {
    /// Restarts, waits, their reset and giving up are those of the policy, to the millisecond, for each child on its own.
    #[test]
    fn children_live_by_the_policy(children in prop::collection::vec(lives(), 1..4), policy in policy()) {
        let (sink, reported) = listen();
        run(sink.scope(async {
            let (supervisor, begin) = (policy.supervisor(), Instant::now());
            let started: Vec<_> = children.iter().map(|lives| start(&supervisor, lives, begin)).collect();
            millis(20_000).await;
            let (mut failures, mut given_up) = (0, 0);
            for (lives, (child, starts)) in children.iter().zip(&started) {
                let (expected, _, gives_up) = policy.course(lives);
                assert_eq!(*starts.lock().unwrap(), expected);
                assert_eq!(child.restarts() as usize, expected.len() - 1);
                assert_eq!(child.is_running(), expected.len() > lives.len());
                failures += lives[..expected.len().min(lives.len())].iter().filter(|life| !matches!(life.ends, Ends::Well)).count();
                given_up += usize::from(gives_up);
            }
            assert_eq!(reported().len(), failures + given_up, "every failure is reported once");
            for _ in 0..given_up {
                assert_eq!(supervisor.wait().await.unwrap_err().restarts, policy.restarts);
            }
            assert!(supervisor.shutdown(Duration::from_secs(1)).await.is_empty());
            supervisor.wait().await.unwrap();
            assert_eq!(tasks_left().await, 0);
        }));
    }

    /// Told to stop at any time, a child ends its life and is not started again; late ones are ended by force. Nothing is left.
    #[test]
    fn stopped_at_any_time_nothing_is_left(children in prop::collection::vec(lives(), 1..4), policy in policy(), at in 0..300_u64, deadline in 0..60_u64, dropped: bool) {
        let (sink, _) = listen();
        run(sink.scope(async {
            let (supervisor, begin) = (policy.supervisor(), Instant::now());
            let started: Vec<_> = children.iter().map(|lives| start(&supervisor, lives, begin)).collect();
            later().await;
            // Half a millisecond, for nothing else to happen at that moment.
            sleep(Duration::from_micros(1000 * at + 500)).await;
            let stopped = begin.elapsed();
            if dropped {
                drop(supervisor);
            } else {
                let late = supervisor.shutdown(Duration::from_millis(deadline)).await;
                assert!(begin.elapsed() <= stopped + Duration::from_millis(deadline + 1));
                let busy = |lives: &Vec<Life>| {
                    let (starts, ..) = policy.course(lives);
                    let life = starts.iter().zip(lives).rfind(|(start, _)| u128::from(**start) <= stopped.as_millis());
                    life.is_some_and(|(start, life)| u128::from(start + life.lasts) > stopped.as_millis() + u128::from(deadline) + 1)
                };
                assert!(late.len() >= children.iter().filter(|lives| busy(lives)).count(), "{late:?}");
            }
            assert_eq!(tasks_left().await, 0);
            millis(20_000).await;
            for (child, starts) in started {
                assert!(!child.is_running());
                assert!(starts.lock().unwrap().iter().all(|start| u128::from(*start) <= stopped.as_millis()));
            }
        }));
    }
}
