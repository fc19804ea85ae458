use std::fmt;

use quadruplex::api::{PeerRef, enums, types};

/// How somebody is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) username: Option<String>,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.username {
            Some(username) => write!(f, " (@{username})"),
            None => Ok(()),
        }
    }
}

pub(crate) fn name_of(user: &enums::User) -> Name {
    match user {
        enums::User::User(user) => Name { id: user.id, name: full_name(user), username: user.username.clone() },
        enums::User::Empty(user) => Name { id: user.id, name: "deleted account".to_owned(), username: None },
    }
}

fn full_name(user: &types::User) -> String {
    let parts = [user.first_name.as_deref(), user.last_name.as_deref()];
    let parts: Vec<&str> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { user.id.to_string() } else { parts.join(" ") }
}

/// What a group or channel is called.
pub(crate) fn chat_name(chat: &enums::Chat) -> Option<(PeerRef, String)> {
    match chat {
        enums::Chat::Chat(chat) => Some((PeerRef::from(enums::Peer::from(types::PeerChat { chat_id: chat.id })), chat.title.clone())),
        enums::Chat::Channel(chat) => {
            Some((PeerRef::from(enums::Peer::from(types::PeerChannel { channel_id: chat.id })), chat.title.clone()))
        }
        _ => None,
    }
}
