//! The table of strictness: each rule of the protocol that an end can enforce, one end with exactly that rule broken, and the
//! exact reaction of the other.
//!
//! The broken end is built by hand from the envelope up, so that nothing of the end under test takes part in breaking it.

mod calls;
mod client;
mod memory;
mod server;

use std::time::Duration;

use bytes::BytesMut;
use quadruplex_crypto::AuthKey;
use quadruplex_crypto::message::{HEADER, Side, encrypt_in_place};
use quadruplex_mtproto::{GZIP_PACKED, MSG_CONTAINER, Message, Service, packet};
use quadruplex_tl::{Serialize, serialize_bytes};

/// The server's Unix time when a row begins.
const EPOCH: u64 = 1_800_000_000;
const SALT: i64 = 0x5a17;
const SESSION: i64 = 0x5e55;
/// A function that no schema has: what it stands for is the server's business.
const QUERY: u32 = 0x7e57_0001;

fn key() -> AuthKey {
    AuthKey::from_bytes(&std::array::from_fn(|at| (at * 7 + 1) as u8))
}

/// The `n`th message id of the second that lies so far from [`EPOCH`]; what it leaves over on division by four says who sent it.
fn id(seconds: i64, n: i64) -> i64 {
    (EPOCH as i64 + seconds) << 32 | n
}

/// A packet before it is encrypted. Every field may lie.
struct Raw {
    key: AuthKey,
    from: Side,
    salt: i64,
    session_id: i64,
    msg_id: i64,
    seq_no: i32,
    /// What stands for the body's length.
    len: Option<u32>,
    body: Vec<u8>,
    /// As much as is needed, if it is not said.
    padding: Option<usize>,
}

impl Raw {
    fn new(from: Side, msg_id: i64, seq_no: i32, body: Vec<u8>) -> Self {
        Self { key: key(), from, salt: SALT, session_id: SESSION, msg_id, seq_no, len: None, body, padding: None }
    }

    fn seal(&self) -> BytesMut {
        let mut out = vec![0; HEADER];
        self.salt.serialize(&mut out);
        self.session_id.serialize(&mut out);
        self.msg_id.serialize(&mut out);
        self.seq_no.serialize(&mut out);
        self.len.unwrap_or(self.body.len() as u32).serialize(&mut out);
        out.extend_from_slice(&self.body);
        let needed = 12 + (16 - (out.len() - HEADER + 12) % 16) % 16;
        out.resize(out.len() + self.padding.unwrap_or(needed), 0xaa);
        encrypt_in_place(&self.key, self.from, &mut out).expect("the row asks for whole blocks");
        BytesMut::from(&out[..])
    }
}

fn container(messages: &[(i64, i32, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    MSG_CONTAINER.serialize(&mut out);
    (messages.len() as u32).serialize(&mut out);
    for (msg_id, seq_no, body) in messages {
        msg_id.serialize(&mut out);
        seq_no.serialize(&mut out);
        (body.len() as u32).serialize(&mut out);
        out.extend_from_slice(body);
    }
    out
}

fn packed(unpacked: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(unpacked).expect("memory takes everything");
    gzip_packed(&encoder.finish().expect("memory takes everything"))
}

fn gzip_packed(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    GZIP_PACKED.serialize(&mut out);
    serialize_bytes(data, &mut out);
    out
}

fn query(number: u64) -> Vec<u8> {
    [&QUERY.to_le_bytes()[..], &number.to_le_bytes()].concat()
}

/// What is in a packet, message by message; the id of the container beside each.
fn read(from: Side, packet: &[u8]) -> Vec<(Option<i64>, Message)> {
    let opened = packet::open(&key(), from, BytesMut::from(packet)).expect("the end under test seals well");
    let outer = opened.message;
    if outer.body[..4] != MSG_CONTAINER.to_le_bytes() {
        return vec![(None, outer)];
    }
    let mut rest = outer.body.slice(8..);
    let mut inside = Vec::new();
    while !rest.is_empty() {
        let head = rest.split_to(16);
        let word = |at: usize| i32::from_le_bytes(head[at..at + 4].try_into().expect("four bytes"));
        let msg_id = i64::from_le_bytes(head[..8].try_into().expect("eight bytes"));
        inside.push((Some(outer.msg_id), Message { msg_id, seq_no: word(8), body: rest.split_to(word(12) as usize) }));
    }
    inside
}

fn service(body: &[u8]) -> Option<Service> {
    Service::read(body).expect("the end under test writes what can be read")
}

/// Holds every row against what happened, and names those that differ.
#[derive(Default)]
struct Table {
    failed: Vec<String>,
}

impl Table {
    fn row<T: PartialEq + std::fmt::Debug>(&mut self, rule: &str, happened: T, expected: T) {
        if happened != expected {
            self.failed.push(format!("{rule}\n   expected {expected:?}\n   happened {happened:?}"));
        }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.failed.is_empty(), "{} rows differ:\n{}", self.failed.len(), self.failed.join("\n"));
        }
    }
}

fn at(mono: f64) -> quadruplex_mtproto::Now {
    let mono = Duration::from_secs_f64(mono);
    quadruplex_mtproto::Now { mono, wall: Duration::from_secs(EPOCH) + mono }
}
