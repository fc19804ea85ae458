//! The two ways of filling a block.

use crypto_bigint::{Odd, U2048};
use rand_core::Rng;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::Error;
use crate::hash::{sha1, sha256};
use crate::{dh, ige};

/// The most data that RSA_PAD takes, in bytes.
pub const MAX_DATA: usize = 144;

/// Data and random bytes together.
const PADDED: usize = 192;
/// The most data of the old way: 255 − 20 bytes.
const MAX_LEGACY: usize = 235;
/// A block is at or above the modulus in less than half of the cases.
const ATTEMPTS: u32 = 128;

type Block = [u8; 256];

/// `temp_key ⊕ SHA256(encrypted) ‖ encrypted`, where `encrypted` is IGE over `reversed ‖ SHA256(temp_key ‖ padded)`.
pub(super) fn pad(data: &[u8], modulus: &Odd<U2048>, rng: &mut (impl Rng + ?Sized)) -> Result<U2048, Error> {
    let mut padded = Zeroizing::new([0; PADDED]);
    fill(&mut *padded, data, MAX_DATA, rng)?;
    for _ in 0..ATTEMPTS {
        let mut temp_key = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *temp_key);
        let mut block = [0; 256];
        let (head, encrypted) = block.split_at_mut(32);
        encrypted[..PADDED].copy_from_slice(&*padded);
        encrypted[..PADDED].reverse();
        encrypted[PADDED..].copy_from_slice(&sha256(&[&*temp_key, &*padded]));
        ige::encrypt(&temp_key, &[0; 32], encrypted).expect("224 bytes are 14 blocks");
        head.copy_from_slice(&xor(&temp_key, &sha256(&[encrypted])));
        let block = U2048::from_be_slice(&block);
        if block < *modulus.as_ref() {
            return Ok(block);
        }
    }
    Err(Error::Randomness)
}

/// What [`pad`] was given, with its padding.
pub(super) fn unpad(block: &Block) -> Option<Zeroizing<Vec<u8>>> {
    let (head, encrypted) = block.split_first_chunk::<32>()?;
    let temp_key = Zeroizing::new(xor(head, &sha256(&[encrypted])));
    let mut data = Zeroizing::new(encrypted.to_vec());
    ige::decrypt(&temp_key, &[0; 32], &mut data).ok()?;
    let hash: [u8; 32] = data.split_off(PADDED).try_into().ok()?;
    data.reverse();
    bool::from(sha256(&[&*temp_key, &data]).ct_eq(&hash)).then_some(data)
}

/// `0 ‖ SHA1(data) ‖ data ‖ random`
pub(super) fn pad_legacy(data: &[u8], rng: &mut (impl Rng + ?Sized)) -> Result<U2048, Error> {
    let mut block = Zeroizing::new([0; 256]);
    fill(&mut block[21..], data, MAX_LEGACY, rng)?;
    block[1..21].copy_from_slice(&sha1(&[data]));
    Ok(dh::number(&*block).expect("256 bytes"))
}

/// What [`pad_legacy`] was given. The length is not in the block: it is the one, of those that TL can have, whose hash fits.
pub(super) fn unpad_legacy(block: &Block) -> Option<Zeroizing<Vec<u8>>> {
    let (0, rest) = block.split_first()? else { return None };
    let (hash, data) = rest.split_first_chunk::<20>()?;
    let fits = |len: &usize| bool::from(sha1(&[&data[..*len]]).ct_eq(hash));
    (0..=MAX_LEGACY).step_by(4).find(fits).map(|len| Zeroizing::new(data[..len].to_vec()))
}

fn fill(place: &mut [u8], data: &[u8], max: usize, rng: &mut (impl Rng + ?Sized)) -> Result<(), Error> {
    if data.len() > max {
        return Err(Error::TooLong { len: data.len(), max });
    }
    place[..data.len()].copy_from_slice(data);
    rng.fill_bytes(&mut place[data.len()..]);
    Ok(())
}

fn xor(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    std::array::from_fn(|i| a[i] ^ b[i])
}
