//! Answers for a person who is away, once an hour to each who writes: `cargo run --example away -- --sandbox`. A program of an account, and
//! not of a bot: it signs in with a number and a code.

use quadruplex::prelude::*;
use serde::{Deserialize, Serialize};

/// That somebody has been told; forgotten after an hour.
#[derive(Default, Serialize, Deserialize)]
struct Told(bool);

impl Kept for Told {
    const NAME: &'static str = "told";
    const FOR: Option<Duration> = Some(HOUR);
}

async fn away(_: Private<Text>, mut told: OfUser<Told>) -> Result<Option<&'static str>> {
    if told.0 {
        return Ok(None);
    }
    told.0 = true;
    told.save().await?;
    Ok(Some("I am away, and read this tonight."))
}

fn router() -> Router {
    Router::new().on_message(away)
}

#[tokio::main]
async fn main() -> Result {
    let client = Client::from_args().await?;
    App::new(router()).client(client).run().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[quadruplex::test]
    async fn once_an_hour(telegram: Sandbox) -> Result {
        let bot = telegram.bot(router()).await?;
        let mut chat = telegram.user("alice").await?.open(&bot).await?;
        chat.say("are you there?").await?;
        assert_eq!(chat.reply().await?.text(), "I am away, and read this tonight.");
        chat.say("hello?").await?;
        chat.silence().await?;
        telegram.advance(HOUR).await;
        chat.say("and now?").await?;
        assert_eq!(chat.reply().await?.text(), "I am away, and read this tonight.");
        Ok(())
    }
}
