//! Queues over a link that loses, repeats, delays and cuts, and a server that restarts and wants waits.

use std::time::Duration;

use quadruplex_sandbox::LinkScript;
use quadruplex_sandbox::world::RateRule;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tokio::time::{sleep, timeout};

use super::World;

/// The seeds of one run: a few here, more with `QUADRUPLEX_SEEDS=1000`.
fn seeds() -> u64 {
    std::env::var("QUADRUPLEX_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(12)
}

#[test]
fn the_order_holds_whatever_happens() {
    for seed in 0..seeds() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let run = std::panic::AssertUnwindSafe(|| runtime.block_on(run(seed)));
        assert!(std::panic::catch_unwind(run).is_ok(), "seed {seed} fails");
    }
}

async fn run(seed: u64) {
    let world = World::with(1, seed, |builder| builder.flood_wait(Duration::from_secs(300))).await;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    if seed.is_multiple_of(2) {
        world.telegram.world().faults_mut().rates.push(RateRule::new("messages.sendMessage", true, 25, 9_000));
    }
    let mut sent = 0;
    for _ in 0..40 {
        let mut most = |most: u32| if rng.next_u32().is_multiple_of(2) { 0 } else { rng.next_u32() % most };
        let script = LinkScript {
            drop: most(150),
            duplicate: most(150),
            cut: most(80),
            delay: Duration::from_millis(u64::from(most(700))),
            split: false,
        };
        world.telegram.set_link(script);
        match rng.next_u32() % 8 {
            0 => world.telegram.restart(false),
            1 => world.telegram.rotate_salts(),
            2 => world.telegram.refuse_next(16),
            _ => {}
        }
        for _ in 0..rng.next_u32() % 6 {
            world.alice.send("@bobby", format!("line {sent}")).queue("q").detach();
            sent += 1;
        }
        sleep(Duration::from_millis(u64::from(rng.next_u32() % 3000))).await;
    }
    world.telegram.set_link(LinkScript::default());
    let quiet = async {
        while !world.alice.queues().is_empty() {
            sleep(Duration::from_secs(1)).await;
        }
    };
    timeout(Duration::from_secs(3600), quiet).await.expect("every queue ends");
    assert_eq!(world.written(), super::numbered(sent));
}
