//! The obfuscation of the stream (<https://core.telegram.org/mtproto/mtproto-transports#transport-obfuscation>).
//!
//! The client opens with 64 bytes that look random. Keys and vectors of both directions are in them, so this hides the
//! protocol from those who only look at patterns; it keeps nothing secret.

use bytes::BytesMut;
use quadruplex_crypto::ctr::Ctr256;
use quadruplex_crypto::hash::sha256;
use rand_core::Rng;

use super::{FrameError, Transport};

/// The length of the header.
pub(super) const HEADER: usize = 64;

/// Beginnings that a header must not have, because they mean another transport or protocol.
const RESERVED: [[u8; 4]; 7] = [*b"HEAD", *b"POST", *b"GET ", *b"OPTI", [0x16, 0x03, 0x01, 0x02], [0xdd; 4], [0xee; 4]];

/// The two streams of one connection.
#[derive(Debug)]
pub(super) struct Obfuscation {
    sending: Ctr256,
    receiving: Ctr256,
    /// How many bytes at the front of the input are already plain.
    plain: usize,
}

impl Obfuscation {
    /// The client's end, with the header that it sends first.
    pub(super) fn client(
        transport: Transport,
        dc: i16,
        secret: Option<&[u8; 16]>,
        rng: &mut dyn Rng,
    ) -> Result<(Self, [u8; HEADER]), FrameError> {
        let tag = transport.tag().ok_or(FrameError::NotObfuscatable)?;
        let mut header = random_header(rng);
        header[56..60].copy_from_slice(&tag);
        header[60..62].copy_from_slice(&dc.to_le_bytes());
        let (mut sending, receiving) = streams(&header, secret);
        let mut encrypted = header;
        sending.apply(&mut encrypted);
        header[56..].copy_from_slice(&encrypted[56..]);
        Ok((Self { sending, receiving, plain: 0 }, header))
    }

    /// The server's end, from the header that came: also the transport and the data centre that it names.
    pub(super) fn server(header: &[u8; HEADER], secret: Option<&[u8; 16]>) -> Result<(Self, Transport, i16), FrameError> {
        let (mut receiving, sending) = streams(header, secret);
        let mut plain = *header;
        receiving.apply(&mut plain);
        let tag = std::array::from_fn(|i| plain[56 + i]);
        let transport = Transport::of_tag(tag).ok_or(FrameError::UnknownTransport)?;
        Ok((Self { sending, receiving, plain: 0 }, transport, i16::from_le_bytes([plain[60], plain[61]])))
    }

    /// Encrypts what is about to be sent.
    pub(super) fn send(&mut self, data: &mut [u8]) {
        self.sending.apply(data);
    }

    /// Decrypts what has come since the last time.
    pub(super) fn receive(&mut self, input: &mut BytesMut) {
        self.plain = self.plain.min(input.len());
        self.receiving.apply(&mut input[self.plain..]);
        self.plain = input.len();
    }

    /// Notes that reading has taken everything but `left` bytes.
    pub(super) fn taken(&mut self, left: usize) {
        self.plain = left;
    }
}

/// The streams of the client-to-server and the server-to-client direction.
fn streams(header: &[u8; HEADER], secret: Option<&[u8; 16]>) -> (Ctr256, Ctr256) {
    let forward: [u8; 48] = std::array::from_fn(|i| header[8 + i]);
    let mut backward = forward;
    backward.reverse();
    (stream(&forward, secret), stream(&backward, secret))
}

fn stream(key_and_iv: &[u8; 48], secret: Option<&[u8; 16]>) -> Ctr256 {
    let mut key = std::array::from_fn(|i| key_and_iv[i]);
    if let Some(secret) = secret {
        key = sha256(&[&key, secret]);
    }
    Ctr256::new(&key, &std::array::from_fn(|i| key_and_iv[32 + i]))
}

/// Random bytes that no other transport begins with. What collides is changed rather than drawn again, so that no random source can
/// make this loop.
fn random_header(rng: &mut dyn Rng) -> [u8; HEADER] {
    let mut header = [0; HEADER];
    rng.fill_bytes(&mut header);
    if header[0] == 0xef || RESERVED.iter().any(|reserved| header.starts_with(reserved)) {
        header[0] = 0x55;
    }
    if header[4..8] == [0; 4] {
        header[4] = 0x55;
    }
    header
}
