//! The users and chats that come with every answer, and what has become of what was sent.

use quadruplex_api::{Field, Visit, Walk};
use quadruplex_store::{Peer, PeerId, PeerKind, SeenIn};

/// What is worth remembering of a value.
#[derive(Default)]
pub(crate) struct Seen {
    /// Every user, group and channel, wherever it is.
    pub(crate) peers: Vec<Peer>,
    /// Random ids and the ids of their messages.
    pub(crate) sent: Vec<(i64, i32)>,
    /// Channels and in how many seconds this account may write to them once; `None`: there is no slow mode, or not for this account.
    pub(crate) slow_modes: Vec<(i64, Option<i32>)>,
    /// Who is named in which message.
    named: Vec<(PeerId, SeenIn)>,
}

/// Those who come as a min constructor can be named by the messages that came with them.
pub(crate) fn seen_in(value: Field<'_>) -> Seen {
    let mut seen = Seen::default();
    seen.field("", value);
    for peer in seen.peers.iter_mut().filter(|peer| peer.min) {
        peer.seen_in = seen.named.iter().rev().find(|(id, _)| *id == peer.id).map(|(_, seen_in)| *seen_in);
    }
    seen
}

/// The users, groups and channels in a value.
pub(crate) fn peers_in(value: Field<'_>) -> Vec<Peer> {
    seen_in(value).peers
}

impl Seen {
    fn object(&mut self, object: &dyn Walk) {
        let peer: fn(Facts) -> Peer = match object.name() {
            "user" => user,
            "channel" | "channelForbidden" => channel,
            "chat" | "chatForbidden" => group,
            "updateMessageID" => {
                let mut told = Told::default();
                object.walk(&mut told);
                return self.sent.push((told.random_id, told.id));
            }
            "message" | "messageService" => return self.message(object),
            "channelFull" => {
                let mut full = Full::default();
                object.walk(&mut full);
                self.slow_modes.push((full.id, full.slow_mode));
                return object.walk(self);
            }
            _ => return object.walk(self),
        };
        let mut facts = Facts::default();
        object.walk(&mut facts);
        if object.name() == "channel" && !facts.min && (!facts.slow_mode || facts.admin) {
            self.slow_modes.push((facts.id, None));
        }
        self.peers.push(peer(facts));
    }

    fn message(&mut self, object: &dyn Walk) {
        let mut named = Named::default();
        object.walk(&mut named);
        if let (Some(chat), Some(message)) = (named.chat, named.id) {
            self.named.extend(named.peers.into_iter().map(|id| (id, SeenIn { chat, message })));
        }
    }
}

/// Whom a message names: its sender, whose message it was before, the bot through which it was written.
#[derive(Default)]
struct Named {
    id: Option<i32>,
    chat: Option<PeerId>,
    peers: Vec<PeerId>,
}

impl<'a> Visit<'a> for Named {
    fn field(&mut self, name: &'static str, value: Field<'a>) {
        match (name, value) {
            ("id", Field::Int(id)) => self.id = Some(id),
            ("peer_id", Field::Object(peer)) => self.chat = peer_id(peer),
            ("from_id", Field::Object(peer)) => self.peers.extend(peer_id(peer)),
            ("via_bot_id", Field::Long(id)) => self.peers.push(PeerId::User(id)),
            ("fwd_from", Field::Object(header)) => header.walk(self),
            _ => {}
        }
    }
}

fn peer_id(peer: &dyn Walk) -> Option<PeerId> {
    struct Number(Option<i64>);
    impl<'a> Visit<'a> for Number {
        fn field(&mut self, _: &'static str, value: Field<'a>) {
            if let Field::Long(id) = value {
                self.0 = Some(id);
            }
        }
    }
    let mut number = Number(None);
    peer.walk(&mut number);
    match peer.name() {
        "peerUser" => number.0.map(PeerId::User),
        "peerChat" => number.0.map(PeerId::Chat),
        "peerChannel" => number.0.map(PeerId::Channel),
        _ => None,
    }
}

impl<'a> Visit<'a> for Seen {
    fn field(&mut self, _: &'static str, value: Field<'a>) {
        match value {
            Field::Object(object) => self.object(object),
            Field::Vector(items) => {
                for at in 0..items.len() {
                    match items.item(at) {
                        Some(item @ (Field::Object(_) | Field::Vector(_))) => self.field("", item),
                        // Items of one vector are of one kind.
                        _ => return,
                    }
                }
            }
            _ => {}
        }
    }
}

/// What an `updateMessageID` says.
#[derive(Default)]
struct Told {
    random_id: i64,
    id: i32,
}

impl<'a> Visit<'a> for Told {
    fn field(&mut self, name: &'static str, value: Field<'a>) {
        match (name, value) {
            ("random_id", Field::Long(random_id)) => self.random_id = random_id,
            ("id", Field::Int(id)) => self.id = id,
            _ => {}
        }
    }
}

/// What a `channelFull` says.
#[derive(Default)]
struct Full {
    id: i64,
    slow_mode: Option<i32>,
}

impl<'a> Visit<'a> for Full {
    fn field(&mut self, name: &'static str, value: Field<'a>) {
        match (name, value) {
            ("id", Field::Long(id)) => self.id = id,
            ("slowmode_seconds", Field::Int(seconds)) => self.slow_mode = Some(seconds),
            _ => {}
        }
    }
}

/// What a user, group or channel says of itself.
#[derive(Default)]
struct Facts {
    id: i64,
    access_hash: Option<i64>,
    name: Vec<String>,
    usernames: Vec<String>,
    phone: Option<String>,
    bot: bool,
    broadcast: bool,
    min: bool,
    slow_mode: bool,
    admin: bool,
}

impl<'a> Visit<'a> for Facts {
    fn field(&mut self, name: &'static str, value: Field<'a>) {
        match (name, value) {
            ("id", Field::Long(id)) => self.id = id,
            ("access_hash", Field::Long(hash)) => self.access_hash = Some(hash),
            ("first_name" | "last_name" | "title", Field::String(text)) if !text.is_empty() => self.name.push(text.to_owned()),
            ("username", Field::String(text)) => self.usernames.push(text.to_owned()),
            ("usernames", Field::Vector(names)) => {
                for at in 0..names.len() {
                    if let Some(Field::Object(name)) = names.item(at) {
                        name.walk(self);
                    }
                }
            }
            ("phone", Field::String(text)) => self.phone = Some(text.to_owned()),
            ("bot", Field::Bool(true)) => self.bot = true,
            ("broadcast", Field::Bool(true)) => self.broadcast = true,
            ("min", Field::Bool(true)) => self.min = true,
            ("slowmode_enabled", Field::Bool(true)) => self.slow_mode = true,
            ("creator", Field::Bool(true)) | ("admin_rights", Field::Object(_)) => self.admin = true,
            _ => {}
        }
    }
}

fn user(facts: Facts) -> Peer {
    let kind = if facts.bot { PeerKind::Bot } else { PeerKind::User };
    facts.peer(PeerId::User, kind)
}

fn channel(facts: Facts) -> Peer {
    let kind = if facts.broadcast { PeerKind::Channel } else { PeerKind::Supergroup };
    facts.peer(PeerId::Channel, kind)
}

fn group(facts: Facts) -> Peer {
    facts.peer(PeerId::Chat, PeerKind::Group)
}

impl Facts {
    fn peer(self, id: fn(i64) -> PeerId, kind: PeerKind) -> Peer {
        let Self { id: number, access_hash, name, usernames, phone, min, .. } = self;
        Peer { name: name.join(" "), usernames, phone, min, ..Peer::new(id(number), kind, access_hash) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quadruplex_api::{Value, enums};
    use quadruplex_tl::Deserialize;
    use quadruplex_tl_schema::{Missing, Object, builtin};

    fn read<T: Deserialize>(kind: &str, object: Object) -> T {
        let mut bytes = Vec::new();
        builtin::nearest_api(quadruplex_api::LAYER as u32).encode(kind, &object.into(), Missing::Default, &mut bytes).unwrap();
        T::from_bytes(&bytes).unwrap()
    }

    #[test]
    fn who_is_known_in_part_is_known_by_a_message() {
        let user = |id: i64| Object::new("user").with("id", id).with("min", true).with("access_hash", 7_i64);
        let by = |id: i64| Object::new("peerUser").with("user_id", id);
        let header = Object::new("messageFwdHeader").with("from_id", by(6));
        let message = Object::new("message").with("id", 30_i32).with("peer_id", Object::new("peerChannel").with("channel_id", 9_i64));
        let message = message.with("from_id", by(5)).with("fwd_from", header).with("via_bot_id", 8_i64);
        let update = Object::new("updateNewChannelMessage").with("message", message);
        let users = vec![user(5).into(), user(6).into(), user(7).into(), user(8).into()];
        let updates = Object::new("updates")
            .with("updates", quadruplex_tl_schema::Value::Vector(vec![update.into()]))
            .with("users", quadruplex_tl_schema::Value::Vector(users));
        let updates: enums::Updates = read("Updates", updates);
        let seen_in = Some(SeenIn { chat: PeerId::Channel(9), message: 30 });
        let found: Vec<_> = peers_in(updates.field()).into_iter().map(|peer| (peer.id, peer.seen_in)).collect();
        let user = PeerId::User;
        assert_eq!(found, [(user(5), seen_in), (user(6), seen_in), (user(7), None), (user(8), seen_in)]);
    }

    #[test]
    fn a_user_deep_inside_an_answer_is_found() {
        let user = Object::new("user").with("id", 5_i64).with("access_hash", 7_i64).with("first_name", "Lena").with("username", "lena");
        let user: enums::User = read("User", user);
        let found = peers_in(vec![user].field());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].id, found[0].access_hash, found[0].name.as_str()), (PeerId::User(5), Some(7), "Lena"));
        assert_eq!(found[0].usernames, ["lena"]);
    }
}
