//! The users and chats that come with every answer.

use quadruplex_api::{Field, Visit, Walk};
use quadruplex_store::{Peer, PeerId, PeerKind};

/// Every user, group and channel in a value, wherever it is.
pub(crate) fn peers_in(value: Field<'_>) -> Vec<Peer> {
    let mut collector = Collector(Vec::new());
    collector.field("", value);
    collector.0
}

struct Collector(Vec<Peer>);

impl Collector {
    fn object(&mut self, object: &dyn Walk) {
        let peer: fn(Facts) -> Peer = match object.name() {
            "user" => user,
            "channel" | "channelForbidden" => channel,
            "chat" | "chatForbidden" => group,
            _ => return object.walk(self),
        };
        let mut facts = Facts::default();
        object.walk(&mut facts);
        self.0.push(peer(facts));
    }
}

impl<'a> Visit<'a> for Collector {
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
        let found = peers_in(vec![user].field());
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].id, found[0].access_hash, found[0].name.as_str()), (PeerId::User(5), Some(7), "Lena"));
        assert_eq!(found[0].usernames, ["lena"]);
    }
}
