//! Calls in company: several at once, in queues, within limits, cancelled, once. All under virtual time.

mod cancel;
mod files;
mod limits;
mod multiple;
mod once;
mod queue;
mod queue_faults;
mod refusals;
mod retries;
mod sign_out;
mod slow;

use std::time::Duration;

use quadruplex::net::Environment;
use quadruplex::{Builder, Client};
use quadruplex_sandbox::world::{ErrorRule, Peer};
use quadruplex_sandbox::{RpcError, Sandbox};
use tokio::time::sleep;

use crate::common::{builder, person};

/// When the world begins, in Unix time.
const EPOCH: Duration = Duration::from_secs(1_800_000_000);

/// Alice and Bobby, each with a client, and what Alice is called.
struct World {
    telegram: Sandbox,
    alice: Client,
    me: i64,
    bobby: i64,
}

impl World {
    async fn new() -> Self {
        Self::with(1, 1, |builder| builder).await
    }

    async fn with(dcs: i32, seed: u64, set: impl Fn(Builder) -> Builder) -> Self {
        let telegram = Sandbox::builder().dcs(dcs).environment(Environment::simulated(EPOCH, seed)).start().await.unwrap();
        let me = telegram.create_user(person("Alice", "15550001")).unwrap();
        let bobby = telegram.create_user(person("Bobby", "15550002")).unwrap();
        let alice = set(builder(&telegram)).environment(Environment::simulated(EPOCH, seed + 1000)).connect_in_memory().await.unwrap();
        let code = alice.request_code("15550001").await.unwrap();
        let typed = telegram.world().codes().last().unwrap().code.clone();
        alice.sign_in(&code, &typed).await.unwrap();
        // The peer is known and the configuration has come, so that nothing else is on its way while packets are counted.
        alice.input_peer("@bobby").await.unwrap();
        sleep(Duration::from_secs(10)).await;
        Self { telegram, alice, me, bobby }
    }

    /// What Alice has written to Bobby, in the order in which the server executed it.
    fn written(&self) -> Vec<String> {
        let mut said = self.telegram.world().messages(self.me, Peer::User(self.bobby));
        said.sort_by_key(|message| message.id);
        said.into_iter().map(|message| message.text).collect()
    }

    /// Has the server answer calls of a method with an error: so many of them, after so many others.
    fn refuse(&self, method: &str, skip: u32, times: u32, error: &'static str) {
        let code = if error.contains("WAIT") { 420 } else { 400 };
        let rule = ErrorRule { method: method.into(), peer: None, account: None, skip, times, error: RpcError::new(code, error) };
        self.telegram.world().faults_mut().errors.push(rule);
    }

    fn packets(&self) -> u64 {
        self.alice.traffic().packets_with_calls
    }
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("line {n}")).collect()
}
