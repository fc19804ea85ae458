//! The users and chats that come with every answer, and what has become of what was sent.

use quadruplex_api::{Field, Visit, Walk};
use quadruplex_store::{Peer, PeerId, PeerKind};

/// What is worth remembering of a value.
#[derive(Default)]
pub(crate) struct Seen {
    /// Every user, group and channel, wherever it is.
    pub(crate) peers: Vec<Peer>,
    /// Random ids and the ids of their messages.
    pub(crate) sent: Vec<(i64, i32)>,
}

pub(crate) fn seen_in(value: Field<'_>) -> Seen {
    let mut seen = Seen::default();
    seen.field("", value);
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
            _ => return object.walk(self),
        };
        let mut facts = Facts::default();
        object.walk(&mut facts);
        self.peers.push(peer(facts));
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

    #[test]
    fn a_user_deep_inside_an_answer_is_found() {
        let user = Object::new("user").with("id", 5_i64).with("access_hash", 7_i64).with("first_name", "Lena").with("username", "lena");
        let mut bytes = Vec::new();
        builtin::nearest_api(quadruplex_api::LAYER as u32).encode("User", &user.into(), Missing::Default, &mut bytes).unwrap();
        let user = enums::User::from_bytes(&bytes).unwrap();
        let found = seen_in(vec![user].field()).peers;
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].id, found[0].access_hash, found[0].name.as_str()), (PeerId::User(5), Some(7), "Lena"));
        assert_eq!(found[0].usernames, ["lena"]);
    }
}
