use quadruplex::api::{PeerRef, enums, types};
use quadruplex::{Client, Delivery, Error, UpdateStream};

use crate::messages::{Names, Shown};

/// New messages. The first time they begin now; from then on those come first that came while nobody listened.
///
/// A message is the next one until it is [`done`](Self::done): one that was not dealt with, because the process died, comes again.
pub(crate) struct Feed {
    client: Client,
    updates: UpdateStream,
    current: Option<(Delivery, types::Message)>,
}

impl Feed {
    pub(crate) async fn open(client: &Client) -> Result<Self, Error> {
        Ok(Self { updates: client.updates().await?, client: client.clone(), current: None })
    }

    /// The next message; `None` when the client is closed.
    ///
    /// # Cancel safety
    /// Dropped while it waits, it gives out the same message the next time.
    pub(crate) async fn next(&mut self) -> Option<Shown> {
        while self.current.is_none() {
            let delivery = self.updates.next().await?;
            match delivery.update().and_then(message_in) {
                Some(message) => self.current = Some((delivery, message)),
                None => delivery.done(),
            }
        }
        let (_, message) = self.current.as_ref()?;
        Some(Names::of(&self.sender_of(message).await, &[]).show(message.clone()))
    }

    /// The message that was given out has been dealt with.
    pub(crate) fn done(&mut self) {
        if let Some((delivery, _)) = self.current.take() {
            delivery.done();
        }
    }

    /// The sender, if it is a user whose name can be had; an id does where there is no name.
    async fn sender_of(&self, message: &types::Message) -> Vec<enums::User> {
        match PeerRef::from(message.from_id.as_ref().unwrap_or(&message.peer_id)) {
            PeerRef::Id(id) if id > 0 && !message.out => self.client.user(id).await.into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

fn message_in(update: &enums::Update) -> Option<types::Message> {
    let message = match update {
        enums::Update::NewMessage(update) => &update.message,
        enums::Update::NewChannelMessage(update) => &update.message,
        _ => return None,
    };
    if let enums::Message::Message(message) = message { Some((**message).clone()) } else { None }
}
