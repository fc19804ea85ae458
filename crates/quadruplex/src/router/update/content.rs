use quadruplex_api::{enums, types};

use super::Kind;
use crate::schedule::Tick;
use crate::{Client, Event, Gap, Message};

/// What it is, in the form that handlers use.
pub(super) enum Content {
    Message(Message, Around),
    Other(Box<enums::Update>),
    Gap(Gap),
    Time(Tick),
}

/// What an update says of a message besides the message.
#[derive(Clone, Copy)]
pub(super) struct Around {
    pub(super) of: Of,
    pub(super) pts: i32,
    pub(super) pts_count: i32,
}

#[derive(Clone, Copy)]
pub(super) enum Of {
    New,
    NewInChannel,
    Edit,
    EditInChannel,
}

impl Content {
    pub(super) fn of(client: &Client, event: Event) -> (Self, Kind) {
        let update = match event {
            Event::Update(update) => update,
            Event::Gap(gap) => return (Self::Gap(gap), Kind::Gap),
            // Of these the dispatcher makes times.
            Event::Scheduled { .. } => enums::Update::Config,
        };
        let (of, message, pts, pts_count) = match update {
            enums::Update::NewMessage(types::UpdateNewMessage { message, pts, pts_count }) => (Of::New, message, pts, pts_count),
            enums::Update::NewChannelMessage(types::UpdateNewChannelMessage { message, pts, pts_count }) => {
                (Of::NewInChannel, message, pts, pts_count)
            }
            enums::Update::EditMessage(types::UpdateEditMessage { message, pts, pts_count }) => (Of::Edit, message, pts, pts_count),
            enums::Update::EditChannelMessage(types::UpdateEditChannelMessage { message, pts, pts_count }) => {
                (Of::EditInChannel, message, pts, pts_count)
            }
            other => {
                let kind = match &other {
                    enums::Update::BotCallbackQuery(_) | enums::Update::InlineBotCallbackQuery(_) => Kind::Callback,
                    enums::Update::BotInlineQuery(_) => Kind::InlineQuery,
                    _ => Kind::Other,
                };
                return (Self::Other(Box::new(other)), kind);
            }
        };
        let around = Around { of, pts, pts_count };
        if let enums::Message::Empty(_) = message {
            return (Self::Other(Box::new(around.update(message))), Kind::Other);
        }
        let message = Message::of(client, message);
        let kind = match of {
            Of::Edit | Of::EditInChannel if message.is_outgoing() => Kind::Other,
            Of::Edit | Of::EditInChannel => Kind::Edited,
            _ if message.action().is_some() => Kind::Service,
            _ if message.is_outgoing() => Kind::Outgoing,
            _ => Kind::Message,
        };
        (Self::Message(message, around), kind)
    }
}

impl Around {
    pub(super) fn update(self, message: enums::Message) -> enums::Update {
        let Self { of, pts, pts_count } = self;
        match of {
            Of::New => types::UpdateNewMessage { message, pts, pts_count }.into(),
            Of::NewInChannel => types::UpdateNewChannelMessage { message, pts, pts_count }.into(),
            Of::Edit => types::UpdateEditMessage { message, pts, pts_count }.into(),
            Of::EditInChannel => types::UpdateEditChannelMessage { message, pts, pts_count }.into(),
        }
    }
}

/// The album that a new message is part of.
pub(crate) fn album_of(event: &Event) -> Option<i64> {
    let message = match event {
        Event::Update(enums::Update::NewMessage(new)) => &new.message,
        Event::Update(enums::Update::NewChannelMessage(new)) => &new.message,
        Event::Update(_) | Event::Gap(_) | Event::Scheduled { .. } => return None,
    };
    match message {
        enums::Message::Message(message) if !message.out => message.grouped_id,
        _ => None,
    }
}
