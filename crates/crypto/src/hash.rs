//! SHA-1, SHA-256 and HMAC over several parts, as MTProto's formulas are written.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// `SHA1(parts[0] ‖ parts[1] ‖ …)`
///
/// ```
/// use quadruplex_crypto::hash::sha1;
///
/// assert_eq!(sha1(&[b"MT", b"Proto"]), sha1(&[b"MTProto"]));
/// ```
#[must_use]
pub fn sha1(parts: &[&[u8]]) -> [u8; 20] {
    parts.iter().fold(Sha1::new(), |hash, part| hash.chain_update(part)).finalize().into()
}

/// `SHA256(parts[0] ‖ parts[1] ‖ …)`
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into()
}

/// `HMAC-SHA256(key, parts[0] ‖ parts[1] ‖ …)`
#[must_use]
pub fn hmac_sha256(key: &[u8; 16], parts: &[&[u8]]) -> [u8; 32] {
    let begun = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    parts.iter().fold(begun, |hash, part| hash.chain_update(part)).finalize().into_bytes().into()
}
