use std::fmt;

use crate::enums;

/// A peer as a person writes it, to be looked up.
///
/// ```
/// use quadruplex_api::PeerRef;
///
/// assert_eq!(PeerRef::from("https://t.me/rustlang/42"), PeerRef::Username("rustlang".into()));
/// assert_eq!(PeerRef::from("me"), PeerRef::Me);
/// assert_eq!(PeerRef::from("t.me/+AbCd-123"), PeerRef::Invite("AbCd-123".into()));
/// assert_eq!(PeerRef::from("-1001234"), PeerRef::Id(-1_001_234));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PeerRef {
    /// The account itself.
    Me,
    /// A public name, without `@`; also whatever could not be read as anything else, for the lookup to refuse by name.
    Username(String),
    /// A phone number: its digits.
    Phone(String),
    /// An id as the Bot API marks it: a user's as it is, a group's negative, a channel's below −10¹².
    Id(i64),
    /// The hash of an invitation link.
    Invite(String),
}

/// A channel's id is marked by this.
const CHANNEL: i64 = -1_000_000_000_000;

impl PeerRef {
    /// The peer of an exact kind, if this is an id.
    pub fn peer(&self) -> Option<enums::Peer> {
        let Self::Id(id) = *self else { return None };
        Some(match id {
            0.. => crate::types::PeerUser { user_id: id }.into(),
            _ if id > CHANNEL => crate::types::PeerChat { chat_id: -id }.into(),
            _ => crate::types::PeerChannel { channel_id: CHANNEL - id }.into(),
        })
    }

    fn parse(text: &str) -> Self {
        let text = text.trim();
        if let Some(link) = link(text) {
            return link;
        }
        match text {
            "me" | "self" => Self::Me,
            _ => match (text.strip_prefix('+').and_then(phone), text.parse()) {
                (Some(phone), _) => phone,
                (None, Ok(id)) => Self::Id(id),
                (None, Err(_)) => Self::Username(text.strip_prefix('@').unwrap_or(text).to_owned()),
            },
        }
    }
}

/// A number with its country, spaces and hyphens left out.
fn phone(text: &str) -> Option<PeerRef> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')).collect();
    let is_phone = (5..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_phone.then_some(PeerRef::Phone(digits))
}

/// Links: <https://core.telegram.org/api/links>.
fn link(text: &str) -> Option<PeerRef> {
    if let Some(rest) = text.strip_prefix("tg://").or_else(|| text.strip_prefix("tg:")) {
        return app_link(rest);
    }
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(text);
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if let Some(name) = host.strip_suffix(".t.me").filter(|name| !name.is_empty()) {
        return Some(PeerRef::Username(name.to_owned()));
    }
    if !["t.me", "telegram.me", "telegram.dog"].contains(&host) {
        return None;
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut parts = path.split('/');
    Some(match (parts.next().unwrap_or_default(), parts.next()) {
        ("joinchat", Some(hash)) => PeerRef::Invite(hash.to_owned()),
        ("c", Some(channel)) => match channel.parse::<i64>() {
            Ok(id) if id > 0 => PeerRef::Id(CHANNEL.saturating_sub(id)),
            _ => return None,
        },
        ("s", Some(name)) => PeerRef::Username(name.to_owned()),
        ("", _) => return None,
        (first, _) => match first.strip_prefix('+') {
            Some(hash) => phone(hash).unwrap_or_else(|| PeerRef::Invite(hash.to_owned())),
            None => PeerRef::Username(first.trim_start_matches('@').to_owned()),
        },
    })
}

/// `resolve?domain=name`, `resolve?phone=1`, `join?invite=hash`, `user?id=1`, `privatepost?channel=1`.
fn app_link(rest: &str) -> Option<PeerRef> {
    let (action, query) = rest.trim_start_matches('/').split_once('?')?;
    let value = |key: &str| query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
    match action.trim_end_matches('/') {
        "resolve" => match value("domain") {
            Some(name) => Some(PeerRef::Username(name.to_owned())),
            None => phone(value("phone")?.trim_start_matches('+')),
        },
        "join" => Some(PeerRef::Invite(value("invite")?.to_owned())),
        "user" => value("id")?.parse().ok().map(PeerRef::Id),
        "privatepost" => value("channel")?.parse::<i64>().ok().filter(|id| *id > 0).map(|id| PeerRef::Id(CHANNEL.saturating_sub(id))),
        _ => None,
    }
}

/// As a person would write it: `@name`, `+phone`, the id, the link.
impl fmt::Display for PeerRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Me => f.write_str("me"),
            Self::Username(name) => write!(f, "@{name}"),
            Self::Phone(digits) => write!(f, "+{digits}"),
            Self::Id(id) => write!(f, "{id}"),
            Self::Invite(hash) => write!(f, "https://t.me/+{hash}"),
        }
    }
}

impl From<&str> for PeerRef {
    fn from(text: &str) -> Self {
        Self::parse(text)
    }
}

impl From<&String> for PeerRef {
    fn from(text: &String) -> Self {
        Self::parse(text)
    }
}

impl From<String> for PeerRef {
    fn from(text: String) -> Self {
        Self::parse(&text)
    }
}

impl From<i64> for PeerRef {
    fn from(id: i64) -> Self {
        Self::Id(id)
    }
}

impl From<&enums::Peer> for PeerRef {
    fn from(peer: &enums::Peer) -> Self {
        Self::Id(match peer {
            enums::Peer::User(user) => user.user_id,
            enums::Peer::Chat(chat) => chat.chat_id.saturating_neg(),
            enums::Peer::Channel(channel) => CHANNEL.saturating_sub(channel.channel_id),
        })
    }
}

impl From<enums::Peer> for PeerRef {
    fn from(peer: enums::Peer) -> Self {
        Self::from(&peer)
    }
}
