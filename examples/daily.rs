//! Something every minute, and something every morning that is made up for if the program was off then:
//! `cargo run --example daily -- --sandbox`, then `/when`.

use quadruplex::prelude::*;

/// When the news come.
#[derive(Command)]
struct When;

/// Where the news go: a channel or group in which it may write.
#[derive(Clone)]
struct Readers(String);

async fn when(_: When) -> &'static str {
    "every morning at nine, UTC"
}

async fn beat() {
    println!("a minute has passed");
}

async fn news(client: Client, State(Readers(readers)): State<Readers>) -> Result {
    client.send(readers, "Good morning! Nothing has happened.").await?;
    Ok(())
}

fn router(readers: &str) -> Router {
    Router::new()
        .on_command(when)
        .on_schedule(MINUTE, beat)
        .on_schedule(Schedule::utc("0 9 * * *").kept("news"), news)
        .state(Readers(readers.to_owned()))
}

#[tokio::main]
async fn main() -> Result {
    quadruplex::run(router("@mirror")).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[quadruplex::test]
    async fn every_morning_at_nine(telegram: Sandbox) -> Result {
        let mut bot = telegram.bot(Router::new()).await?;
        let group = telegram.group("news", &bot).await?;
        bot.restart(router(group.username())).await?;
        let mut chat = telegram.user("alice").await?.join(&group).await?;
        // It is eight o'clock.
        for wait in [HOUR, DAY] {
            chat.silence().await?;
            telegram.advance(wait).await;
            assert_eq!(chat.reply().await?.text(), "Good morning! Nothing has happened.");
        }
        Ok(())
    }
}
