//! Users, groups and channels this account has met.

use serde::{Deserialize, Serialize};

/// Which peer. The three kinds number independently, so an id alone does not name anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PeerId {
    /// A user or bot.
    User(i64),
    /// A basic group.
    Chat(i64),
    /// A channel or supergroup.
    Channel(i64),
}

/// What a peer is, finer than its id tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum PeerKind {
    /// A person.
    User,
    /// A bot.
    Bot,
    /// A basic group.
    Group,
    /// A supergroup or gigagroup.
    Supergroup,
    /// A broadcast channel.
    Channel,
}

/// Where a peer was seen: with it, a peer known only by a min constructor can be named
/// (`inputPeerUserFromMessage`, <https://core.telegram.org/api/min>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenIn {
    /// The chat of the message.
    pub chat: PeerId,
    /// The id of the message.
    pub message: i32,
}

/// What is known of a peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// Its id.
    pub id: PeerId,
    /// What it is.
    pub kind: PeerKind,
    /// Without it most requests are refused; it differs from account to account. When [`min`](Self::min) it only opens photos.
    pub access_hash: Option<i64>,
    /// First and last name, or title.
    #[serde(default)]
    pub name: String,
    /// Its usernames, without `@`.
    #[serde(default)]
    pub usernames: Vec<String>,
    /// The phone number as Telegram gave it.
    #[serde(default)]
    pub phone: Option<String>,
    /// It came as a min constructor: some fields are missing.
    #[serde(default)]
    pub min: bool,
    /// The last message it was seen in, while only a min constructor is known.
    #[serde(default)]
    pub seen_in: Option<SeenIn>,
}

impl Peer {
    /// A peer of which only id, kind and access hash are known.
    ///
    /// ```
    /// use quadruplex_store::{Peer, PeerId, PeerKind};
    ///
    /// let peer = Peer::new(PeerId::User(7), PeerKind::Bot, Some(-1));
    /// assert!(!peer.min && peer.usernames.is_empty());
    /// ```
    #[must_use]
    pub fn new(id: PeerId, kind: PeerKind, access_hash: Option<i64>) -> Self {
        Self { id, kind, access_hash, name: String::new(), usernames: Vec::new(), phone: None, min: false, seen_in: None }
    }

    /// What is to be stored when `self` arrives and `known` is there already: min never overwrites full, and a missing
    /// access hash never overwrites a usable one.
    ///
    /// ```
    /// use quadruplex_store::{Peer, PeerId, PeerKind};
    ///
    /// let full = Peer::new(PeerId::User(7), PeerKind::User, Some(42));
    /// let min = Peer { min: true, ..Peer::new(PeerId::User(7), PeerKind::User, Some(1)) };
    /// assert_eq!(min.clone().onto(Some(&full)), full);
    /// assert_eq!(full.clone().onto(Some(&min)), full);
    /// ```
    #[must_use]
    pub fn onto(mut self, known: Option<&Peer>) -> Peer {
        let Some(known) = known else { return self };
        if self.adds_nothing_to(known) {
            return known.clone();
        }
        if self.min {
            self.seen_in = self.seen_in.or(known.seen_in);
        } else if !known.min {
            self.access_hash = self.access_hash.or(known.access_hash);
        }
        self
    }

    /// Whether what is stored stays as it is, names included: `self` is min and `known` is full.
    pub(crate) fn adds_nothing_to(&self, known: &Peer) -> bool {
        self.min && !known.min
    }

    /// Whether `key` names this peer.
    #[must_use]
    pub fn is(&self, key: &PeerKey) -> bool {
        match key {
            PeerKey::Id(id) => self.id == *id,
            PeerKey::Username(name) => self.usernames.iter().any(|own| own.eq_ignore_ascii_case(name)),
            PeerKey::Phone(phone) => self.phone.as_deref().is_some_and(|own| PeerKey::phone(own) == PeerKey::Phone(phone.clone())),
        }
    }

    /// The names under which an index finds it, as [`PeerKey`] normalises them.
    pub(crate) fn index_keys(&self) -> impl Iterator<Item = PeerKey> {
        self.usernames.iter().map(|name| PeerKey::username(name)).chain(self.phone.as_deref().map(PeerKey::phone))
    }
}

/// What a peer can be looked up by. Make names and numbers with [`username`](Self::username) and [`phone`](Self::phone),
/// which bring them into the one form that is stored.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PeerKey {
    /// Its id.
    Id(PeerId),
    /// A username in lower case, without `@`.
    Username(String),
    /// A phone number, digits only.
    Phone(String),
}

impl PeerKey {
    /// A username, with or without `@`, in any case.
    ///
    /// ```
    /// use quadruplex_store::PeerKey;
    ///
    /// assert_eq!(PeerKey::username("@Durov"), PeerKey::Username("durov".into()));
    /// ```
    #[must_use]
    pub fn username(name: &str) -> Self {
        Self::Username(name.strip_prefix('@').unwrap_or(name).to_ascii_lowercase())
    }

    /// A phone number, however it is written.
    ///
    /// ```
    /// use quadruplex_store::PeerKey;
    ///
    /// assert_eq!(PeerKey::phone("+49 (30) 12-34"), PeerKey::Phone("49301234".into()));
    /// ```
    #[must_use]
    pub fn phone(number: &str) -> Self {
        Self::Phone(number.chars().filter(char::is_ascii_digit).collect())
    }
}

impl From<PeerId> for PeerKey {
    fn from(id: PeerId) -> Self {
        Self::Id(id)
    }
}
