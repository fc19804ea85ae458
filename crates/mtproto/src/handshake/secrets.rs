//! What both ends derive from the nonces.

use std::fmt;

use quadruplex_crypto::hash::sha1;
use quadruplex_crypto::ige;
use quadruplex_tl::{Deserialize, Error, Reader, Serialize};
use rand_core::Rng;
use zeroize::Zeroizing;

use super::HandshakeError;
use super::messages::{Int128, Message, parse};

/// `new_nonce`, known to the two ends only; it protects the exchange, not the key that comes out of it. Wiped when dropped, and never
/// shown.
#[derive(Clone, PartialEq)]
pub(super) struct NewNonce(Zeroizing<[u8; 32]>);

impl NewNonce {
    pub(super) fn random(rng: &mut dyn Rng) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *bytes);
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Deserialize for NewNonce {
    fn deserialize(reader: &mut Reader<'_>) -> Result<Self, Error> {
        <[u8; 32]>::deserialize(reader).map(Zeroizing::new).map(Self)
    }
}

impl Serialize for NewNonce {
    fn serialize(&self, out: &mut Vec<u8>) {
        self.0.serialize(out);
    }
}

impl fmt::Debug for NewNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewNonce(..)")
    }
}

/// The nonces, once all three are known.
pub(super) struct Nonces {
    pub(super) nonce: Int128,
    pub(super) server_nonce: Int128,
    pub(super) new_nonce: NewNonce,
}

impl Nonces {
    /// Checks the two public nonces of a message.
    pub(super) fn check(&self, nonce: Int128, server_nonce: Int128, message: &'static str) -> Result<(), HandshakeError> {
        check(nonce == self.nonce, HandshakeError::Nonce(message))?;
        check(server_nonce == self.server_nonce, HandshakeError::ServerNonce(message))
    }

    /// The first salt: `new_nonce[0..8] ⊕ server_nonce[0..8]`.
    pub(super) fn salt(&self) -> i64 {
        i64::from_le_bytes(std::array::from_fn(|i| self.new_nonce.bytes()[i] ^ self.server_nonce[i]))
    }

    /// What `server_DH_params_fail` proves the server by: the low 128 bits of `SHA1(new_nonce)`.
    pub(super) fn refusal(&self) -> Int128 {
        let hash = sha1(&[self.new_nonce.bytes()]);
        std::array::from_fn(|i| hash[4 + i])
    }

    /// `SHA1(message) ‖ message ‖ random`, encrypted with the key of the nonces.
    pub(super) fn encrypt(&self, message: &impl Message, rng: &mut dyn Rng) -> Vec<u8> {
        let body = message.to_bytes();
        let mut data = sha1(&[&body]).to_vec();
        data.extend_from_slice(&body);
        let len = data.len();
        data.resize(len.next_multiple_of(ige::BLOCK), 0);
        rng.fill_bytes(&mut data[len..]);
        let (key, iv) = self.temporary();
        ige::encrypt(&key, &iv, &mut data).expect("filled up to whole blocks");
        data
    }

    /// The reverse of [`encrypt`](Self::encrypt), with every check. `outer` names the message around it.
    pub(super) fn decrypt<T: Message>(&self, mut data: Vec<u8>, outer: &'static str) -> Result<T, HandshakeError> {
        let (key, iv) = self.temporary();
        ige::decrypt(&key, &iv, &mut data).map_err(|_| HandshakeError::EncryptedLength(outer))?;
        let (hash, body) = data.split_first_chunk::<20>().ok_or(HandshakeError::EncryptedLength(outer))?;
        // How much of the last block is padding is not said: it is what makes the hash fit.
        let lengths = (0..ige::BLOCK).filter_map(|padding| body.len().checked_sub(padding));
        let authentic = lengths.map(|len| &body[..len]).find(|body| sha1(&[body]) == *hash);
        parse(authentic.ok_or(HandshakeError::Hash(T::NAME))?)
    }

    /// `tmp_aes_key` and `tmp_aes_iv`.
    fn temporary(&self) -> (Zeroizing<[u8; 32]>, Zeroizing<[u8; 32]>) {
        let (new, server) = (self.new_nonce.bytes(), &self.server_nonce);
        let hash = |first: &[u8], second: &[u8]| Zeroizing::new(sha1(&[first, second]));
        let (new_server, server_new, new_new) = (hash(new, server), hash(server, new), hash(new, new));
        let stream = Zeroizing::new([&new_server[..], &server_new[..], &new_new[..], &new[..4]].concat());
        let part = |at: usize| Zeroizing::new(std::array::from_fn(|i| stream[at + i]));
        (part(0), part(32))
    }
}

impl fmt::Debug for Nonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nonces({:032x})", u128::from_be_bytes(self.nonce))
    }
}

pub(super) fn check(holds: bool, error: HandshakeError) -> Result<(), HandshakeError> {
    if holds { Ok(()) } else { Err(error) }
}

pub(super) fn random<const N: usize>(rng: &mut dyn Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

/// A big-endian number without leading zeros.
pub(super) fn minimal(number: &[u8]) -> Vec<u8> {
    number.iter().copied().skip_while(|byte| *byte == 0).collect()
}

/// A big-endian number that fits 64 bits.
pub(super) fn number(bytes: &[u8]) -> Option<u64> {
    bytes.iter().try_fold(0, |number: u64, byte| Some(number.checked_mul(256)? | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use quadruplex_tl::Serialize;
    use zeroize::ZeroizeOnDrop;

    use super::super::messages::{PqInner, PqInnerDc};
    use super::*;
    use crate::framing::fuzzing::Zero;

    #[test]
    fn what_is_secret_is_wiped_and_not_shown() {
        fn is_wiped(_: &impl ZeroizeOnDrop) {}

        let new_nonce = NewNonce::deserialize(&mut Reader::new(&[0xa7; 32])).unwrap();
        assert_eq!(new_nonce.to_bytes(), [0xa7; 32]);
        let nonces = Nonces { nonce: [1; 16], server_nonce: [2; 16], new_nonce: new_nonce.clone() };
        let empty = Vec::new;
        let data = PqInner { pq: empty(), p: empty(), q: empty(), nonce: [1; 16], server_nonce: [2; 16], new_nonce };
        is_wiped(&data.new_nonce.0);
        let (key, iv) = nonces.temporary();
        is_wiped(&key);
        is_wiped(&iv);
        let shown = format!("{nonces:?} {:?}", PqInnerDc { data, dc: 2 });
        assert!(!shown.contains("167") && !shown.contains("a7"), "{shown}");
        assert_ne!(NewNonce::random(&mut Zero), nonces.new_nonce);
    }
}
