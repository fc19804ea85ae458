use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use quadruplex::api::enums;
use quadruplex::prelude::*;
use quadruplex::testing::Chat as Seen;
use quadruplex::{Delivery, UpdateStream};
use quadruplex_sandbox::{NewBot, NewUser, Sandbox};
use tokio::time::timeout;

use crate::common::{builder, person, signed_in};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often a handler has begun.
pub(crate) type Runs = Arc<AtomicU32>;

/// Counts one more run.
pub(crate) fn count(runs: &Runs) -> u32 {
    runs.fetch_add(1, Ordering::Relaxed) + 1
}

/// The next message of the bot says this.
pub(crate) async fn expect(chat: &mut Seen, text: &str) -> Result {
    assert_eq!(chat.reply().await?.text(), text, "{}", chat.transcript());
    Ok(())
}

/// A sandbox with people and a bot.
pub(crate) struct World {
    pub(crate) telegram: Sandbox,
    pub(crate) token: String,
}

/// The client of a person, and what came to it.
pub(crate) struct Person {
    pub(crate) client: Client,
    updates: UpdateStream,
}

pub(crate) async fn world() -> World {
    let telegram = Sandbox::start().await.unwrap();
    let (_, token) =
        telegram.create_bot(NewBot { name: "Bot".into(), username: "our_bot".into(), privacy: false, ..NewBot::default() }).unwrap();
    World { telegram, token }
}

impl World {
    /// A client that is signed in as the bot.
    pub(crate) async fn bot(&self) -> Client {
        let client = builder(&self.telegram).connect_in_memory().await.unwrap();
        client.sign_in_bot(&self.token).await.unwrap();
        client
    }

    /// The bot with these handlers.
    pub(crate) async fn run(&self, router: Router) -> Running {
        App::new(router).client(self.bot().await).start().await.unwrap()
    }

    pub(crate) async fn person(&self, name: &str) -> Person {
        let number = 15_550_000_i64 + name.bytes().map(i64::from).sum::<i64>();
        let new: NewUser = person(name, &number.to_string());
        self.telegram.create_user(new).unwrap();
        let client = signed_in(&self.telegram, &number.to_string()).await;
        let updates = client.updates().await.unwrap();
        Person { client, updates }
    }
}

impl Person {
    pub(crate) async fn say(&self, text: &str) -> Message {
        self.client.send("@our_bot", text).await.unwrap()
    }

    /// The next message from others that is in this person's chats.
    pub(crate) async fn reply(&mut self) -> Message {
        loop {
            let delivery: Delivery = timeout(PATIENCE, self.updates.next()).await.expect("somebody answers").expect("the client is open");
            let message = match delivery.update() {
                Some(enums::Update::NewMessage(new)) => Some(new.message.clone()),
                Some(enums::Update::NewChannelMessage(new)) => Some(new.message.clone()),
                _ => None,
            };
            delivery.done();
            if let Some(message) = message.and_then(|raw| Message::new(&self.client, raw))
                && !message.is_outgoing()
            {
                return message;
            }
        }
    }

    /// The texts of the next messages.
    pub(crate) async fn replies(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::new();
        for _ in 0..count {
            texts.push(self.reply().await.text().to_owned());
        }
        texts
    }
}
