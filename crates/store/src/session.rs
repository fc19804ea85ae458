use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{DecodeError, Engine};
use zeroize::Zeroizing;

use crate::{AuthKey, Commit, Identity, KeySlot, OwnUser, Snapshot, StoredKey};

/// The first byte of a session string: the form of the rest.
const VERSION: u8 = 1;

/// A login that can be carried from place to place as a string: home data centre, key, user.
///
/// The string *is* the login. Who reads it reads the account, and two processes using it at once destroy it.
///
/// ```
/// use quadruplex_store::{AuthKey, OwnUser, Session};
///
/// let session = Session {
///     dc: 2,
///     test: false,
///     user: Some(OwnUser { id: 777_000, bot: false }),
///     address: Some("149.154.167.51:443".parse()?),
///     key: AuthKey::from_bytes([7; 256]),
/// };
/// let string = session.to_string();
/// assert_eq!(Session::from_string(&string)?, session);
/// assert!(format!("{session:?}").contains("AuthKey(secret)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    /// The data centre the account lives on.
    pub dc: i32,
    /// The data centre is one of Telegram's test servers.
    pub test: bool,
    /// The signed-in account; none when only a key was made.
    pub user: Option<OwnUser>,
    /// Where the data centre is, when it is not one that everybody knows (a sandbox, for instance).
    pub address: Option<SocketAddr>,
    /// The permanent key.
    pub key: AuthKey,
}

impl Session {
    /// The login that a store holds; none before a key for the home data centre was made.
    #[must_use]
    pub fn from_snapshot(snapshot: &Snapshot) -> Option<Self> {
        let identity = snapshot.identity.as_ref()?;
        let stored = snapshot.keys.get(&KeySlot::permanent(identity.home_dc))?;
        Some(Self { dc: identity.home_dc, test: identity.test, user: identity.user, address: None, key: stored.key.clone() })
    }

    /// The commit that puts this login into a new store.
    #[must_use]
    pub fn to_commit(&self) -> Commit {
        let mut commit = Commit { identity: Some(Identity { home_dc: self.dc, user: self.user, test: self.test }), ..Commit::default() };
        let stored = StoredKey { key: self.key.clone(), expires: None, authorized: self.user.is_some() };
        commit.add_key(KeySlot::permanent(self.dc), stored);
        commit
    }

    /// The login as a string of URL-safe characters with a checksum.
    ///
    /// Not `Display`: a session must not get into a log because somebody formatted it.
    #[must_use]
    #[allow(clippy::inherent_to_string, reason = "Display would print the key wherever a session is formatted")]
    pub fn to_string(&self) -> String {
        let mut out = Zeroizing::new(Vec::with_capacity(320));
        let (user, bot) = self.user.map_or((0, false), |user| (user.id, user.bot));
        let address = match self.address.map(|address| address.ip()) {
            None => 0,
            Some(IpAddr::V4(_)) => 1,
            Some(IpAddr::V6(_)) => 2,
        };
        out.push(VERSION);
        out.push(u8::from(self.user.is_some()) | u8::from(bot) << 1 | u8::from(self.test) << 2 | address << 3);
        out.extend_from_slice(&self.dc.to_le_bytes());
        out.extend_from_slice(&user.to_le_bytes());
        if let Some(address) = self.address {
            match address.ip() {
                IpAddr::V4(ip) => out.extend_from_slice(&ip.octets()),
                IpAddr::V6(ip) => out.extend_from_slice(&ip.octets()),
            }
            out.extend_from_slice(&address.port().to_le_bytes());
        }
        out.extend_from_slice(self.key.as_bytes());
        let checksum = crc32fast::hash(&out);
        out.extend_from_slice(&checksum.to_le_bytes());
        URL_SAFE_NO_PAD.encode(&*out)
    }

    /// Reads what [`to_string`](Self::to_string) wrote. White space around it is ignored.
    ///
    /// # Errors
    /// When the string was cut, mistyped or made by something else; the error tells which, and nothing of the content.
    pub fn from_string(string: &str) -> Result<Self, SessionError> {
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(string.trim()).map_err(SessionError::from_base64)?);
        match bytes.first() {
            Some(&VERSION) => {}
            Some(&other) => return Err(SessionError::Version(other)),
            None => return Err(SessionError::Cut),
        }
        let (content, checksum) = bytes.split_last_chunk::<4>().ok_or(SessionError::Cut)?;
        if crc32fast::hash(content) != u32::from_le_bytes(*checksum) {
            return Err(SessionError::Checksum);
        }
        Self::parse(&content[1..]).ok_or(SessionError::Cut)
    }

    fn parse(mut rest: &[u8]) -> Option<Self> {
        let [flags] = take(&mut rest)?;
        let dc = i32::from_le_bytes(take(&mut rest)?);
        let id = i64::from_le_bytes(take(&mut rest)?);
        let ip = match flags >> 3 {
            0 => None,
            1 => Some(IpAddr::from(Ipv4Addr::from(take::<4>(&mut rest)?))),
            2 => Some(IpAddr::from(Ipv6Addr::from(take::<16>(&mut rest)?))),
            _ => return None,
        };
        let address = match ip {
            Some(ip) => Some(SocketAddr::new(ip, u16::from_le_bytes(take(&mut rest)?))),
            None => None,
        };
        let key = AuthKey::from_bytes(take(&mut rest)?);
        let user = (flags & 1 != 0).then_some(OwnUser { id, bot: flags & 2 != 0 });
        rest.is_empty().then_some(Self { dc, test: flags & 4 != 0, user, address, key })
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}

impl FromStr for Session {
    type Err = SessionError;

    fn from_str(string: &str) -> Result<Self, SessionError> {
        Self::from_string(string)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dc, test, user, address, key } = self;
        f.debug_struct("Session")
            .field("dc", dc)
            .field("test", test)
            .field("user", user)
            .field("address", address)
            .field("key", key)
            .finish()
    }
}

/// Why a string is not a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// A character that a session string never has.
    #[error("not a session string: it has characters other than A-Z a-z 0-9 - _\n  help: copy it whole, without quotes")]
    Alphabet,
    /// Too short or too long for what it says it is.
    #[error("not a session string: a part is missing or too much\n  help: copy it whole")]
    Cut,
    /// Mistyped or cut.
    #[error("the session string is damaged: its checksum does not match\n  help: copy it again; one character differs or is missing")]
    Checksum,
    /// Made by something else, or by a newer release.
    #[error(
        "the session string has version {0}; this release reads version {VERSION}\n  help: was it made by a newer release or by another library?"
    )]
    Version(u8),
}

impl SessionError {
    fn from_base64(error: DecodeError) -> Self {
        match error {
            DecodeError::InvalidByte(..) => Self::Alphabet,
            DecodeError::InvalidLength(_) | DecodeError::InvalidLastSymbol(..) | DecodeError::InvalidPadding => Self::Cut,
        }
    }
}
