//! A command with arguments: `cargo run --example roll -- --sandbox`, then `/roll 20 3`, `/roll banana`, `/help`.

use quadruplex::prelude::*;

/// Roll dice.
#[derive(Command)]
struct Roll {
    /// sides of each die
    #[arg(default = 6, range = 2..=120)]
    sides: u32,
    /// how many dice
    #[arg(default = 1, range = 1..=20)]
    dice: u8,
}

async fn roll(Roll { sides, dice }: Roll) -> String {
    let thrown: Vec<u32> = (0..dice).map(|_| fastrand::u32(1..=sides)).collect();
    format!("🎲 {thrown:?}, together {}", thrown.iter().sum::<u32>())
}

#[tokio::main]
async fn main() -> Result {
    quadruplex::run(Router::new().on_command(roll)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[quadruplex::test]
    async fn rolls_what_it_is_told(telegram: Sandbox) -> Result {
        let bot = telegram.bot(Router::new().on_command(roll)).await?;
        let mut chat = telegram.user("alice").await?.open(&bot).await?;

        chat.say("/roll 6 2").await?;
        assert!(chat.reply().await?.text().starts_with("🎲"));

        chat.say("/roll banana").await?;
        assert_eq!(chat.reply().await?.text(), "usage: /roll [sides=6] [dice=1] — sides must be 2..=120, got \"banana\"");

        chat.say("/roll@another_bot").await?;
        chat.silence().await?;

        telegram.advance(24 * HOUR).await; // virtual: a daily job would have run, the test took a millisecond
        Ok(())
    }
}
