//! What the tests of a bot take.

use std::time::Duration;

use quadruplex::prelude::*;
use rustix::time::{ClockId, clock_gettime};

/// Roll dice.
#[derive(Command)]
struct Roll {
    #[arg(default = 6, range = 2..=120)]
    sides: u32,
}

async fn roll(Roll { sides }: Roll) -> String {
    format!("of {sides}")
}

async fn ask(_: Text, chat: Chat) -> Result<String> {
    Ok(format!("hello {}", chat.ask("Who are you?").text().await?))
}

/// As tests of bots are: somebody writes and gets answers, and a day passes.
async fn one(telegram: Sandbox) -> Result {
    let bot = telegram.bot(Router::new().group(Router::new().on_command(roll).on_message(ask))).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    for (said, answer) in [("/roll 20", "of 20"), ("hi", "Who are you?"), ("Alice", "hello Alice")] {
        chat.say(said).await?;
        assert_eq!(chat.reply().await?.text(), answer);
    }
    let before = bot.client().traffic().packets_sent;
    telegram.advance(DAY).await;
    let packets = bot.client().traffic().packets_sent - before;
    assert!(packets < 50, "{packets} packets in a day in which nothing happens: they are most of what a test would wait for");
    Ok(())
}

/// Computed on this thread so far, whatever else the machine does.
fn computed() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.cast_unsigned(), time.tv_nsec.cast_unsigned() as u32)
}

/// A few here, a hundred with `QUADRUPLEX_TESTS=100`, which tells what they take: it depends on the machine, and is only told.
#[test]
fn tests_of_a_bot_and_what_they_take() {
    let count = std::env::var("QUADRUPLEX_TESTS").ok().and_then(|count| count.parse().ok()).unwrap_or(5);
    let before = computed();
    (0..count).for_each(|_| quadruplex::testing::run(one));
    println!("{count} tests of a bot: {:?} of one core", computed() - before);
}
