//! "await is not a general expression": two awaits in one expression wait one after the other; `join!` starts them together.
//!
//! Proves: two rounds of waiting against one.

use std::time::Duration;

use awaitkit::{join, sleep};
use tokio::time::Instant;

async fn number(n: u32) -> u32 {
    sleep(Duration::from_secs(1)).await;
    n
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    tokio::time::pause();
    let begin = Instant::now();
    let one_by_one = number(1).await + number(2).await;
    let slow = begin.elapsed().as_secs();

    let begin = Instant::now();
    let (a, b) = join!(number(1), number(2));
    let fast = begin.elapsed().as_secs();
    println!("{one_by_one} in {slow} rounds, {} in {fast}", a + b);
    assert_eq!((one_by_one, slow, a + b, fast), (3, 2, 3, 1));
}
