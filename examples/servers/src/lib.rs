//! What the programs share: where the servers are, and how requests are counted.

use std::sync::{Arc, Mutex, PoisonError};

/// The result of a program.
pub type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// The address of a server, from the environment; none, and a line that says so, where there is none.
#[must_use]
pub fn server(variable: &str) -> Option<String> {
    let address = std::env::var(variable).ok();
    if address.is_none() {
        println!("skipped: {variable} names no server; `.ci/servers` starts one");
    }
    address
}

/// Counts requests, and in how many rounds they are made: a request that is made after an answer has come may need it, and is in the round
/// after that of the answer; those that are on their way at the same time are in one.
#[derive(Clone, Debug, Default)]
pub struct Rounds(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    requests: usize,
    answered: usize,
}

impl Rounds {
    /// Makes a request.
    pub async fn count<T>(&self, request: impl Future<Output = T>) -> T {
        let round = self.change(|counts| {
            counts.requests += 1;
            counts.answered + 1
        });
        let answer = request.await;
        self.change(|counts| counts.answered = counts.answered.max(round));
        answer
    }

    /// How many requests there were.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.change(|counts| counts.requests)
    }

    /// In how many rounds.
    #[must_use]
    pub fn rounds(&self) -> usize {
        self.change(|counts| counts.answered)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Counts) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
