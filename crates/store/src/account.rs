//! Who the account is and how it talks to the data centres: everything that makes up a login.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A 2048-bit authorization key. Wiped when dropped, never shown by `Debug`, compared in constant time. Moving it leaves no copy behind.
#[derive(Clone)]
pub struct AuthKey(Box<[u8; 256]>);

impl AuthKey {
    /// Wraps the 256 bytes that the key exchange agreed on.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 256]) -> Self {
        Self(Box::new(bytes))
    }

    /// The bytes. Whoever has them has the login.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 256] {
        &self.0
    }
}

impl PartialEq for AuthKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().zip(&*other.0).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
    }
}

impl Eq for AuthKey {}

impl Drop for AuthKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for AuthKey {}

impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthKey(secret)")
    }
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum KeyKind {
    /// The key a login lives in. It is never overwritten and never dropped because a server did not know it.
    Permanent,
    /// A temporary key bound to the permanent one (perfect forward secrecy).
    Temporary,
}

/// The place of a key: one per data centre and kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KeySlot {
    /// Number of the data centre as the configuration gives it.
    pub dc: i32,
    /// What the key is for.
    pub kind: KeyKind,
}

impl KeySlot {
    /// The permanent key of a data centre.
    #[must_use]
    pub fn permanent(dc: i32) -> Self {
        Self { dc, kind: KeyKind::Permanent }
    }

    /// The temporary key of a data centre.
    #[must_use]
    pub fn temporary(dc: i32) -> Self {
        Self { dc, kind: KeyKind::Temporary }
    }
}

/// A key with what has to be known to use it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// The key.
    pub key: AuthKey,
    /// When it stops being valid, in seconds of Unix time; none for permanent keys.
    pub expires: Option<i64>,
    /// The account is signed in with this key (on other data centres: by an imported authorization).
    pub authorized: bool,
}

/// What a commit does to the place of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyChange {
    /// Stores a key. Refused with [`Error::KeyExists`](crate::Error::KeyExists) when the place is permanent and holds another key.
    Add(StoredKey),
    /// Empties the place: after a log-out, or when the server destroyed the login for good. The salts of the key go with it.
    Remove,
}

/// A server salt and the time in which it holds. It belongs to one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Salt {
    /// Valid from, in seconds of server time.
    pub since: i32,
    /// Valid until, in seconds of server time.
    pub until: i32,
    /// The salt.
    pub salt: i64,
}

/// Whose login it is and where it is at home.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The data centre the account lives on.
    pub home_dc: i32,
    /// The signed-in account; none before sign-in.
    pub user: Option<OwnUser>,
    /// The data centres are Telegram's test servers.
    #[serde(default)]
    pub test: bool,
}

/// The signed-in account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnUser {
    /// Its user id.
    pub id: i64,
    /// It is a bot.
    pub bot: bool,
}

/// How many tokens of earlier logins are kept, see <https://core.telegram.org/api/auth#future-auth-tokens>.
pub const LOGIN_TOKENS: usize = 20;
