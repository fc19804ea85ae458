//! What the programs share: where the servers are, and how requests are counted.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;

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

/// A connection to Redis for a machine that has much else to do: its client gives a command half a second unless told otherwise.
///
/// # Errors
/// Redis is not there.
pub async fn patient(client: &redis::Client) -> redis::RedisResult<MultiplexedConnection> {
    let patience = Some(Duration::from_secs(60));
    let config = AsyncConnectionConfig::new().set_connection_timeout(patience).set_response_timeout(patience);
    client.get_multiplexed_async_connection_with_config(&config).await
}

/// Counts requests, and in how many rounds they are made, as if every server took equally long: an answer is handed over when all that are on
/// their way have come and nobody asks for anything more. So a request is in the round after that of the last answer that it needs, however
/// busy the machine is. For programs of one thread.
#[derive(Clone, Debug, Default)]
pub struct Rounds(Arc<Mutex<Counts>>);

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Counts {
    requests: usize,
    unanswered: usize,
    rounds: usize,
}

/// After so many looks at what others do they have done all that they can.
const LOOKS: usize = 500;

impl Rounds {
    /// Makes a request.
    pub async fn count<T>(&self, request: impl Future<Output = T>) -> T {
        let round = self.change(|counts| {
            counts.requests += 1;
            counts.unanswered += 1;
            counts.rounds
        });
        let answer = request.await;
        self.change(|counts| counts.unanswered -= 1);
        while self.rounds() == round {
            let before = self.change(|counts| *counts);
            if before.unanswered > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
                continue;
            }
            for _ in 0..LOOKS {
                tokio::task::yield_now().await;
            }
            self.change(|counts| counts.rounds += usize::from(*counts == before));
        }
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
        self.change(|counts| counts.rounds)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Counts) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
