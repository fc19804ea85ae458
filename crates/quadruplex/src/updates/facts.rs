//! What the updates machinery has to know of an update, read over the field walk: a new layer brings new updates, and those
//! that count their place name it as all others do.

use quadruplex_api::{Field, Object, Visit, Walk, enums};
use quadruplex_store::{Lane, PeerId};

use super::gap::Place;
use super::journal::{Identity, identity_of};

/// What an update says of its place and of whom it concerns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    name: &'static str,
    pts: Option<i32>,
    pts_count: Option<i32>,
    qts: Option<i32>,
    channel_id: Option<i64>,
    chat_id: Option<i64>,
    user_id: Option<i64>,
    query_id: Option<i64>,
    peer: Option<PeerId>,
    from: Option<PeerId>,
    message: Message,
}

#[derive(Clone, Copy, Debug, Default)]
struct Message {
    chat: Option<PeerId>,
    from: Option<PeerId>,
    id: i32,
    is_grouped: bool,
}

impl Facts {
    pub(crate) fn of(update: &enums::Update) -> Self {
        let object = update.object();
        let mut facts = Self { name: object.name(), ..Self::default() };
        object.walk(&mut facts);
        facts
    }

    /// Where the update stands in the boxes: <https://core.telegram.org/api/updates#update-handling>.
    pub(crate) fn place(&self) -> Place {
        let channel = self.channel_id.or(match self.message.chat {
            Some(PeerId::Channel(id)) => Some(id),
            _ => None,
        });
        match (self.name, channel, self.pts, self.pts_count, self.qts) {
            ("updateChannelTooLong", Some(id), pts, _, _) => Place::ChannelTooLong { id, pts },
            ("updatePtsChanged", ..) => Place::PtsChanged,
            (_, _, _, _, Some(qts)) if qts > 0 => Place::Secret { qts },
            (_, Some(id), Some(pts), Some(count), _) if pts > 0 => Place::Channel { id, pts, count },
            (_, None, Some(pts), Some(count), _) if pts > 0 => Place::Common { pts, count },
            _ => Place::Free,
        }
    }

    /// The chat it belongs to.
    pub(crate) fn lane(&self) -> Lane {
        let chat = self.message.chat.or(self.peer);
        let chat = chat.or(self.channel_id.map(PeerId::Channel)).or(self.chat_id.map(PeerId::Chat)).or(self.user_id.map(PeerId::User));
        chat.map_or(Lane::Account, Lane::Peer)
    }

    /// Who has caused it, where that is said.
    pub(crate) fn user(&self) -> Option<PeerId> {
        self.message.from.or(self.from).or(self.user_id.map(PeerId::User))
    }

    /// Whether it is a message of an album.
    pub(crate) fn is_part_of_album(&self) -> bool {
        self.message.is_grouped
    }

    /// Whether another event may look the same: somebody types again. What has a position, is a message or asks for an answer has something
    /// of its own.
    pub(crate) fn may_recur(&self) -> bool {
        self.place() == Place::Free && self.message.chat.is_none() && self.query_id.is_none()
    }

    /// The same for the same event, whether it came live or in a difference (where a new message has lost its pts).
    pub(crate) fn identity(&self, bytes: &[u8]) -> Identity {
        match (self.name, self.message) {
            ("updateNewMessage" | "updateNewChannelMessage", Message { chat: Some(chat), id, .. }) => {
                let (kind, chat) = match chat {
                    PeerId::User(id) => (0, id),
                    PeerId::Chat(id) => (1, id),
                    PeerId::Channel(id) => (2, id),
                };
                identity_of(&[b"new message", &[kind], &chat.to_le_bytes(), &id.to_le_bytes()])
            }
            _ => identity_of(&[bytes]),
        }
    }
}

impl<'a> Visit<'a> for Facts {
    fn field(&mut self, name: &'static str, value: Field<'a>) {
        match (name, value) {
            ("pts", Field::Int(value)) => self.pts = Some(value),
            ("pts_count", Field::Int(value)) => self.pts_count = Some(value),
            ("qts", Field::Int(value)) => self.qts = Some(value),
            ("channel_id", Field::Long(value)) => self.channel_id = Some(value),
            // Secret chats have an `int` of this name.
            ("chat_id", Field::Long(value)) => self.chat_id = Some(value),
            ("user_id", Field::Long(value)) => self.user_id = Some(value),
            ("query_id", Field::Long(value)) => self.query_id = Some(value),
            ("peer", Field::Object(value)) => self.peer = peer(value),
            ("from_id", Field::Object(value)) => self.from = peer(value),
            ("message", Field::Object(value)) => value.walk(&mut self.message),
            _ => {}
        }
    }
}

impl<'a> Visit<'a> for Message {
    fn field(&mut self, name: &'static str, value: Field<'a>) {
        match (name, value) {
            ("id", Field::Int(value)) => self.id = value,
            ("peer_id", Field::Object(value)) => self.chat = peer(value),
            ("from_id", Field::Object(value)) => self.from = peer(value),
            ("grouped_id", Field::Long(_)) => self.is_grouped = true,
            _ => {}
        }
    }
}

/// The id in a `Peer`, or in what holds one (`dialogPeer`, `notifyPeer`).
fn peer(object: &dyn Walk) -> Option<PeerId> {
    #[derive(Default)]
    struct Id(Option<PeerId>);

    impl<'a> Visit<'a> for Id {
        fn field(&mut self, name: &'static str, value: Field<'a>) {
            match (name, value) {
                ("user_id", Field::Long(id)) => self.0 = Some(PeerId::User(id)),
                ("chat_id", Field::Long(id)) => self.0 = Some(PeerId::Chat(id)),
                ("channel_id", Field::Long(id)) => self.0 = Some(PeerId::Channel(id)),
                ("peer", Field::Object(object)) => object.walk(self),
                _ => {}
            }
        }
    }

    let mut id = Id::default();
    object.walk(&mut id);
    id.0
}
