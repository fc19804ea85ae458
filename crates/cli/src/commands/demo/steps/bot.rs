use std::time::Duration;

use quadruplex::Client;
use quadruplex::api::functions::messages;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::Stage;
use super::history::texts;
use crate::commands::demo::actor::text;
use crate::commands::demo::report::Outcome;
use crate::echo;
use crate::feed::Feed;

const QUESTION: &str = "Is anybody there?";

/// A bot signs in with its token and answers what it is told.
pub(super) async fn answer(stage: &mut Stage) -> Result<Outcome, String> {
    let alice = stage.alice()?;
    let bot = Client::builder(1, "demo").servers(stage.server.servers()).connect_in_memory().await.map_err(text)?;
    bot.sign_in_bot(&stage.server.token).await.map_err(text)?;
    let feed = Feed::open(&bot).await.map_err(text)?;
    let dc = bot.home_dc();

    let started = Instant::now();
    let ask = async {
        let name = format!("@{}", echo::NAME);
        alice.client.call(messages::SendMessage::new(name.as_str(), QUESTION)).await.map_err(text)?;
        while texts(alice, name.as_str(), 2).await? != [QUESTION, QUESTION] {
            sleep(Duration::from_millis(5)).await;
        }
        Ok::<f64, String>(started.elapsed().as_secs_f64() * 1e3)
    };
    let ms = tokio::select! {
        asked = ask => asked?,
        ended = echo::answer(&bot, feed) => return Err(format!("the bot has stopped: {}", ended.map_or_else(text, |()| String::new()))),
    };
    bot.close().await;
    Ok(Outcome {
        line: format!("@{} on DC {dc} answers {} after {ms:.1} ms", echo::NAME, alice.name),
        figures: json!({ "ms": ms, "dc": dc }),
    })
}
