use bytes::{Buf, BytesMut};
use quadruplex_crypto::hash::hmac_sha256;
use quadruplex_crypto::x25519::any_public_key;
use rand_core::Rng;
use subtle::ConstantTimeEq;

use super::{ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, FakeTlsError, HANDSHAKE, RANDOM, RECORD_HEADER, header, hello};

/// How far the clocks of client and proxy may be apart, in seconds.
pub const MAX_SKEW: i64 = 120;

/// What in the random of a client is HMAC alone; the time is mixed into the rest.
const DIGEST: usize = 28;
/// The session id of a client stands behind its random, with its length in front.
const SESSION_ID: std::ops::Range<usize> = 44..76;

/// The client's side of the handshake, from its hello to the answer.
#[derive(Clone, Debug)]
pub struct Hello {
    random: [u8; 32],
}

impl Hello {
    /// A hello that names this domain, and the bytes of it. `unix` is the time in seconds.
    pub fn new(secret: &[u8; 16], domain: &str, unix: u32, rng: &mut dyn Rng) -> (Self, Vec<u8>) {
        let mut record = hello::chrome(domain, rng);
        let mut random = hmac_sha256(secret, &[&record]);
        for (byte, time) in random[DIGEST..].iter_mut().zip(unix.to_le_bytes()) {
            *byte ^= time;
        }
        record[RANDOM].copy_from_slice(&random);
        (Self { random }, record)
    }

    /// The random of the hello, by which a server knows it again.
    pub fn random(&self) -> &[u8; 32] {
        &self.random
    }

    /// Takes the server's answer off the front of `input`; false when more is needed.
    ///
    /// # Errors
    /// The answer is not TLS, or not made with this secret.
    pub fn accept(&self, secret: &[u8; 16], input: &mut BytesMut) -> Result<bool, FakeTlsError> {
        let mut length = 0;
        for due in [HANDSHAKE, CHANGE_CIPHER_SPEC, APPLICATION_DATA] {
            let rest = &input[length..];
            let Some((kind, len)) = header(rest)? else { return Ok(false) };
            if kind == ALERT {
                return rest.get(RECORD_HEADER + 1).map_or(Ok(false), |alert| Err(FakeTlsError::Alert(*alert)));
            }
            if kind != due {
                return Err(FakeTlsError::Record { kind, len });
            }
            if rest.len() < RECORD_HEADER + len {
                return Ok(false);
            }
            length += RECORD_HEADER + len;
        }
        let mut answer = input[..length].to_vec();
        let theirs: [u8; 32] = take_random(&mut answer).ok_or(FakeTlsError::Malformed)?;
        if !bool::from(hmac_sha256(secret, &[&self.random, &answer]).ct_eq(&theirs)) {
            return Err(FakeTlsError::WrongSecret);
        }
        input.advance(length);
        Ok(true)
    }
}

/// What a server makes of a hello.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The random of the hello. Who has seen it before refuses it: it was recorded and is played again.
    pub random: [u8; 32],
    /// What is written to the client.
    pub bytes: Vec<u8>,
}

/// The server's side: takes a client's hello off the front of `input`; `None` when more is needed.
///
/// # Errors
/// The hello is none, was made with another secret, names another domain, or its time is more than [`MAX_SKEW`] from `unix`.
pub fn answer(
    secret: &[u8; 16],
    domain: &str,
    unix: u32,
    input: &mut BytesMut,
    rng: &mut dyn Rng,
) -> Result<Option<Answered>, FakeTlsError> {
    let Some((kind, len)) = header(input)? else { return Ok(None) };
    if kind != HANDSHAKE {
        return Err(FakeTlsError::Record { kind, len });
    }
    if input.len() < RECORD_HEADER + len {
        return Ok(None);
    }
    let mut hello = input[..RECORD_HEADER + len].to_vec();
    let random = take_random(&mut hello).ok_or(FakeTlsError::Malformed)?;
    let digest = hmac_sha256(secret, &[&hello]);
    if !bool::from(digest[..DIGEST].ct_eq(&random[..DIGEST])) {
        return Err(FakeTlsError::WrongSecret);
    }
    let time = u32::from_le_bytes(std::array::from_fn(|at| digest[DIGEST + at] ^ random[DIGEST + at]));
    let ahead = i64::from(time) - i64::from(unix);
    if ahead.abs() > MAX_SKEW {
        return Err(FakeTlsError::WrongTime(ahead));
    }
    let session_id = hello.get(SESSION_ID).filter(|_| hello.get(SESSION_ID.start - 1) == Some(&32)).ok_or(FakeTlsError::Malformed)?;
    // The name stands in the extension with two lengths and a zero in front.
    let named = [&[0][..], &(domain.len() as u16).to_be_bytes(), domain.as_bytes()].concat();
    if !hello.windows(named.len()).any(|window| window == named) {
        return Err(FakeTlsError::WrongDomain);
    }
    let mut answer = server_hello(session_id, rng);
    let ours = hmac_sha256(secret, &[&random, &answer]);
    answer[RANDOM].copy_from_slice(&ours);
    input.advance(RECORD_HEADER + len);
    Ok(Some(Answered { random, bytes: answer }))
}

/// The random of a hello, which is zeroed.
fn take_random(record: &mut [u8]) -> Option<[u8; 32]> {
    let place = record.get_mut(RANDOM)?;
    let random = place.try_into().ok()?;
    place.fill(0);
    Some(random)
}

/// A server's hello for TLS 1.3 with a random of zeros, the record that changes the cipher, and as much as a certificate would be.
fn server_hello(session_id: &[u8], rng: &mut dyn Rng) -> Vec<u8> {
    let mut out = vec![HANDSHAKE, 3, 3, 0, 122, 2, 0, 0, 118, 3, 3];
    out.extend([0; 32]);
    out.push(32);
    out.extend(session_id);
    // TLS_AES_128_GCM_SHA256, no compression; 46 bytes of extensions: the key share and the version.
    out.extend([0x13, 0x01, 0, 0, 46, 0, 0x33, 0, 36, 0, 0x1d, 0, 32]);
    out.extend(any_public_key(rng));
    out.extend([0, 0x2b, 0, 2, 3, 4]);
    out.extend([CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1]);
    let len = 2_500 + rng.next_u32() as usize % 1_500;
    out.extend([APPLICATION_DATA, 3, 3]);
    out.extend((len as u16).to_be_bytes());
    let start = out.len();
    out.resize(start + len, 0);
    rng.fill_bytes(&mut out[start..]);
    out
}
