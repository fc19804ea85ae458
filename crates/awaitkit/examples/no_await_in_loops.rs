//! "Do not use async in loops": five users one after another, and together.
//!
//! Proves: five round trips of waiting against one.

use std::time::Duration;

use awaitkit::{limit, map_concurrent, sleep};
use tokio::time::Instant;

const ROUND_TRIP: Duration = Duration::from_millis(100);

struct User {
    name: String,
}

async fn load_user(id: u32) -> User {
    sleep(ROUND_TRIP).await;
    User { name: format!("user {id}") }
}

async fn load_users_await_loop(ids: &[u32]) -> Vec<User> {
    let mut users = Vec::new();
    for id in ids {
        users.push(load_user(*id).await);
    }
    users
}

async fn load_users_no_loop(ids: &[u32]) -> Vec<User> {
    map_concurrent(ids.iter().copied(), limit!(16), load_user).await
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    tokio::time::pause();
    let ids = [1, 2, 5, 99, 332];

    let begin = Instant::now();
    let in_loop = load_users_await_loop(&ids).await;
    let slow = begin.elapsed();

    let begin = Instant::now();
    let together = load_users_no_loop(&ids).await;
    let fast = begin.elapsed();

    assert!(in_loop.iter().map(|user| &user.name).eq(together.iter().map(|user| &user.name)));
    println!("awaiting in a loop: {} round trips; map_concurrent: {}; same order", rounds(slow), rounds(fast));
    assert_eq!((rounds(slow), rounds(fast)), (5, 1));
}

fn rounds(time: Duration) -> u128 {
    time.as_millis() / ROUND_TRIP.as_millis()
}
