use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use crate::hash::sha1;

/// The secret of 2048 bits that a client and a data centre share, with the two numbers derived from it.
///
/// It lies on the heap, so that moving it leaves no copies behind, and is wiped when dropped. `Debug` prints the id only;
/// equality takes the same time wherever two keys differ.
///
/// ```
/// use quadruplex_crypto::AuthKey;
///
/// let key = AuthKey::from_bytes(&[7; 256]);
/// assert_eq!(AuthKey::from_bytes(key.expose()), key);
/// assert_eq!(format!("{key:?}"), format!("AuthKey({:#018x})", key.id()));
/// ```
#[derive(Clone)]
pub struct AuthKey {
    bytes: Box<[u8; 256]>,
    id: u64,
    aux_hash: u64,
}

impl AuthKey {
    /// A key from its 256 bytes (big-endian, leading zeros kept).
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 256]) -> Self {
        let hash = sha1(&[bytes]);
        let half = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| hash[at + i]));
        Self { bytes: Box::new(*bytes), id: half(12), aux_hash: half(0) }
    }

    /// `auth_key_id`: the low 64 bits of the SHA-1 of the key. It is public and stands in front of every encrypted message.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// `auth_key_aux_hash`: the high 64 bits of the SHA-1 of the key. The key exchange retries with it.
    #[must_use]
    pub fn aux_hash(&self) -> u64 {
        self.aux_hash
    }

    /// `new_nonce_hash1`, `2` or `3` of the key exchange: the low 128 bits of
    /// `SHA1(new_nonce ‖ number ‖ auth_key_aux_hash)` (<https://core.telegram.org/mtproto/auth_key>).
    #[must_use]
    pub fn new_nonce_hash(&self, new_nonce: &[u8; 32], number: u8) -> [u8; 16] {
        let hash = sha1(&[new_nonce, &[number], &self.aux_hash.to_le_bytes()]);
        std::array::from_fn(|i| hash[4 + i])
    }

    /// Whether somebody else who sends this [`new_nonce_hash`](Self::new_nonce_hash) has the key; in constant time.
    #[must_use]
    pub fn is_proved_by(&self, hash: &[u8; 16], new_nonce: &[u8; 32], number: u8) -> bool {
        self.new_nonce_hash(new_nonce, number).ct_eq(hash).into()
    }

    /// The secret itself, for storing it.
    #[must_use]
    pub fn expose(&self) -> &[u8; 256] {
        &self.bytes
    }
}

impl PartialEq for AuthKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes.ct_eq(&*other.bytes).into()
    }
}

impl Eq for AuthKey {}

impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AuthKey({:#018x})", self.id)
    }
}

impl Drop for AuthKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
        self.aux_hash.zeroize();
    }
}
