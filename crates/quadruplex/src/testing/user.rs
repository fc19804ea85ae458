use std::fmt;
use std::sync::Arc;

use quadruplex_api::functions::channels;
use quadruplex_api::{Arg, PeerRef};

use super::log::Log;
use super::sandbox::Facts;
use super::{Bot, Chat, Group, Sandbox};
use crate::{Client, Result};

/// A person in a [`Sandbox`], with a client. Cheap to clone.
#[derive(Clone)]
pub struct User {
    pub(super) shared: Arc<Person>,
}

pub(super) struct Person {
    pub(super) facts: Arc<Facts>,
    pub(super) name: String,
    pub(super) client: Client,
    pub(super) log: Log,
    id: i64,
}

impl User {
    pub(super) async fn new(telegram: &Sandbox, client: Client, id: i64, name: &str) -> Result<Self> {
        let mut updates = client.updates().await?;
        let person = Person { facts: Arc::clone(&telegram.shared.facts), name: name.to_owned(), client, log: Log::default(), id };
        let shared = Arc::new(person);
        let person = Arc::downgrade(&shared);
        tokio::spawn(async move {
            while let Some(delivery) = updates.next().await {
                let Some(person) = person.upgrade() else { return };
                if let Some(update) = delivery.update() {
                    person.log.update(&person.client, person.facts.elapsed(), update);
                }
                delivery.done();
            }
        });
        Ok(Self { shared })
    }

    /// The id of the account.
    pub fn id(&self) -> i64 {
        self.shared.id
    }

    /// The client, for whatever else people do.
    pub fn client(&self) -> &Client {
        &self.shared.client
    }

    /// Opens the chat with a bot. It is empty: most bots wait for `/start`.
    ///
    /// # Errors
    /// The bot is of another sandbox.
    ///
    /// # Cancel safety
    /// Nothing has changed if it is dropped.
    pub async fn open(&self, bot: &Bot) -> Result<Chat> {
        self.open_bot(bot.id, bot.username()).await
    }

    pub(super) async fn open_bot(&self, id: i64, username: &str) -> Result<Chat> {
        let chat = Chat::new(self, PeerRef::Id(id), format!("@{username}"));
        // From here on the id is enough.
        self.shared.client.input_peer(username).await?;
        Ok(chat)
    }

    /// Joins a group. Who is in it, as its owner is, opens it.
    ///
    /// # Errors
    /// The group is of another sandbox, or does not let this person in.
    ///
    /// # Cancel safety
    /// If it is dropped, the person may have joined.
    pub async fn join(&self, group: &Group) -> Result<Chat> {
        let chat = Chat::new(self, group.peer(), group.title.clone());
        let channel = Arg::Lookup(Box::new(PeerRef::from(group.username())));
        match self.shared.client.call(channels::JoinChannel { channel }).await {
            Err(error) if !error.is("USER_ALREADY_PARTICIPANT") => Err(error.into()),
            _ => Ok(chat),
        }
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("name", &self.shared.name).field("id", &self.shared.id).finish_non_exhaustive()
    }
}
