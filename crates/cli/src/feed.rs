use quadruplex::api::{PeerRef, enums, types};
use quadruplex::{Client, Delivery, Error, UpdateStream};
use serde_json::json;

use crate::failure::Failure;
use crate::messages::{Names, Shown};
use crate::output::say;

/// What has happened to messages: to those that can be shown, or as they came.
#[derive(Clone, Debug)]
pub(crate) enum Happened<M = Shown> {
    New(M),
    Edited(M),
    /// In this channel; in private chats and basic groups Telegram names none.
    Deleted {
        channel: Option<PeerRef>,
        ids: Vec<i32>,
    },
}

/// What happens to messages. The first time they begin now; from then on those come first that came while nobody listened.
///
/// A message is the next one until it is [`done`](Self::done): one that was not dealt with, because the process died, comes again.
pub(crate) struct Feed {
    client: Client,
    updates: UpdateStream,
    current: Option<(Delivery, Happened<types::Message>)>,
}

impl Feed {
    pub(crate) async fn open(client: &Client) -> Result<Self, Error> {
        Ok(Self { updates: client.updates().await?, client: client.clone(), current: None })
    }

    /// The next one; `None` when the client is closed.
    ///
    /// # Cancel safety
    /// Dropped while it waits, it gives out the same one the next time.
    pub(crate) async fn next(&mut self) -> Option<Happened> {
        while self.current.is_none() {
            let delivery = self.updates.next().await?;
            match delivery.update().and_then(happened_in) {
                Some(happened) => self.current = Some((delivery, happened)),
                None => delivery.done(),
            }
        }
        let (_, happened) = self.current.as_ref()?;
        Some(match happened {
            Happened::New(message) => Happened::New(self.show(message).await),
            Happened::Edited(message) => Happened::Edited(self.show(message).await),
            Happened::Deleted { channel, ids } => Happened::Deleted { channel: channel.clone(), ids: ids.clone() },
        })
    }

    async fn show(&self, message: &types::Message) -> Shown {
        Names::of(&self.sender_of(message).await, &[]).show(message.clone())
    }

    /// What was given out has been dealt with.
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

fn happened_in(update: &enums::Update) -> Option<Happened<types::Message>> {
    let message = |message: &enums::Message| if let enums::Message::Message(message) = message { Some((**message).clone()) } else { None };
    match update {
        enums::Update::NewMessage(update) => message(&update.message).map(Happened::New),
        enums::Update::NewChannelMessage(update) => message(&update.message).map(Happened::New),
        enums::Update::EditMessage(update) => message(&update.message).map(Happened::Edited),
        enums::Update::EditChannelMessage(update) => message(&update.message).map(Happened::Edited),
        enums::Update::DeleteMessages(update) => Some(Happened::Deleted { channel: None, ids: update.messages.clone() }),
        enums::Update::DeleteChannelMessages(update) => {
            let channel = enums::Peer::from(types::PeerChannel { channel_id: update.channel_id });
            Some(Happened::Deleted { channel: Some(PeerRef::from(channel)), ids: update.messages.clone() })
        }
        _ => None,
    }
}

impl Happened {
    pub(crate) fn print(&self, json: bool) -> Result<(), Failure> {
        match self {
            Self::New(shown) => shown.print(json),
            Self::Edited(shown) if json => say(shown.to_json("edited")),
            Self::Edited(shown) => say(format_args!("{}  (edited)", shown.to_line())),
            Self::Deleted { channel, ids } if json => {
                say(json!({ "event": "deleted", "chat": channel.as_ref().map(ToString::to_string), "ids": ids }))
            }
            Self::Deleted { ids, .. } => {
                let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
                say(format_args!("{:>6}  (deleted)", ids.join(", ")))
            }
        }
    }
}
