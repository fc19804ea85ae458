//! What holds for whatever comes when: generated schedules under virtual time.

mod batcher;
mod memo;
mod serial_queue;
mod supervisor;

use std::time::Duration;

use awaitkit::{later, sleep, timeout};
use proptest::prelude::*;
use tokio::runtime::Handle;

use crate::support::{paused, polled_at_most};

/// Runs a schedule. One that hangs fails: with nothing to do, virtual time jumps to this end.
fn run<Fut: Future>(schedule: Fut) -> Fut::Output {
    paused().block_on(async { timeout(Duration::from_secs(1000), schedule).await.expect("somebody is never woken") })
}

async fn millis(millis: u64) {
    sleep(Duration::from_millis(millis)).await;
}

/// When a caller goes away.
#[derive(Clone, Copy, Debug)]
enum Patience {
    /// Not before it has its answer.
    Endless,
    /// After so many milliseconds.
    Millis(u64),
    /// When it would be polled once more; 0 is before the first time.
    Polls(usize),
}

impl Patience {
    fn any() -> impl Strategy<Value = Self> {
        prop_oneof![3 => Just(Self::Endless), 1 => (0..20_u64).prop_map(Self::Millis), 1 => (0..3_usize).prop_map(Self::Polls)]
    }

    /// The answer, if the caller stayed for it.
    async fn wait<Fut: Future>(self, answer: Fut) -> Option<Fut::Output> {
        match self {
            Self::Endless => Some(answer.await),
            Self::Millis(millis) => timeout(Duration::from_millis(millis), answer).await.ok(),
            Self::Polls(polls) => polled_at_most(answer, polls).await,
        }
    }
}

/// Tasks of the runtime, after those that can end have ended.
async fn tasks_left() -> usize {
    later().await;
    later().await;
    Handle::current().metrics().num_alive_tasks()
}
