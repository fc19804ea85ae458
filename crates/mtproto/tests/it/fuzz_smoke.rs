//! Every fuzz body of this crate, for a moment, on seeded inputs: noise, and good messages with damage.

use quadruplex_mtproto::{MSG_CONTAINER, RPC_RESULT, Salt, Service, faketls, framing, fuzzing, gzip, handshake};
use quadruplex_tl::Serialize;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// How many inputs each body gets, besides what is derived from good ones.
const NOISE: u32 = 2000;

fn feed(seed: u64, good: &[Vec<u8>], body: fn(&[u8])) {
    feed_noise(seed, NOISE, body);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for input in good {
        body(input);
        for _ in 0..200 {
            let mut damaged = input.clone();
            for _ in 0..=rng.next_u32() % 4 {
                let at = rng.next_u32() as usize % damaged.len();
                damaged[at] = rng.next_u32() as u8;
            }
            body(&damaged);
            damaged.truncate(rng.next_u32() as usize % (damaged.len() + 1));
            body(&damaged);
        }
    }
}

fn feed_noise(seed: u64, inputs: u32, body: fn(&[u8])) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..inputs {
        let mut noise = vec![0; rng.next_u32() as usize % 300];
        rng.fill_bytes(&mut noise);
        body(&noise);
    }
}

/// Bodies of messages of every kind.
fn bodies() -> Vec<Vec<u8>> {
    let services = [
        Service::MsgsAck { msg_ids: vec![1, 2, 3] },
        Service::BadMsgNotification { bad_msg_id: 4, bad_msg_seqno: 1, error_code: 16 },
        Service::BadServerSalt { bad_msg_id: 4, bad_msg_seqno: 1, error_code: 48, new_server_salt: 7 },
        Service::MsgsStateReq { msg_ids: vec![4, 8] },
        Service::MsgsStateInfo { req_msg_id: 4, info: vec![4; 20] },
        Service::MsgsAllInfo { msg_ids: vec![4], info: vec![1] },
        Service::MsgResendReq { msg_ids: vec![4] },
        Service::FutureSalts { req_msg_id: 4, now: 1, salts: vec![Salt { valid_since: 1, valid_until: 2, salt: 3 }] },
        Service::NewSessionCreated { first_msg_id: 4, unique_id: 5, server_salt: 6 },
        Service::PingDelayDisconnect { ping_id: 1, disconnect_delay: 75 },
    ];
    let mut bodies: Vec<Vec<u8>> = services.iter().map(Serialize::to_bytes).collect();
    bodies.push([&RPC_RESULT.to_le_bytes()[..], &[0; 16]].concat());
    bodies.push(gzip(vec![5; 4000].into()).to_vec());
    let mut container = [MSG_CONTAINER.to_le_bytes(), 3_u32.to_le_bytes()].concat();
    for (n, body) in bodies[..3].iter().enumerate() {
        ((1_700_000_000_i64 << 32) + 4 * n as i64 + 1, n as i32 * 2 + 1).serialize_pair(&mut container);
        (body.len() as u32).serialize(&mut container);
        container.extend_from_slice(body);
    }
    bodies.push(container);
    bodies
}

trait SerializePair {
    fn serialize_pair(&self, out: &mut Vec<u8>);
}

impl SerializePair for (i64, i32) {
    fn serialize_pair(&self, out: &mut Vec<u8>) {
        self.0.serialize(out);
        self.1.serialize(out);
    }
}

/// The same as two messages, the first of them whole.
fn sent() -> Vec<Vec<u8>> {
    bodies().into_iter().map(|body| [&[body.len().min(255) as u8][..], &body, &body].concat()).collect()
}

#[test]
fn faketls_bodies() {
    let rng = &mut ChaCha8Rng::seed_from_u64(21);
    let (_, hello) = faketls::Hello::new(&[8; 16], "example.org", 1_800_000_000, rng);
    let mut records = Vec::new();
    faketls::Records::client().wrap(&[1; 5000], &mut records);
    feed(22, &[hello, records], faketls::fuzzing::any_end);
}

#[test]
fn messages() {
    feed(1, &bodies(), fuzzing::body);
    feed(2, &bodies(), fuzzing::gzip);
}

#[test]
fn sessions() {
    feed(3, &sent(), fuzzing::client);
    feed(4, &sent(), fuzzing::server);
}

#[test]
fn frames() {
    let starts = [&[0xef_u8][..], &[0xee; 4], &[0xdd; 4], &[]];
    let frames = [
        &[1_u8, 1, 2, 3, 4][..],
        &[4, 0, 0, 0, 1, 2, 3, 4],
        &[0x7f, 1, 0, 0, 9, 9, 9, 9],
        &[16, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2],
    ];
    let good: Vec<_> = starts.iter().flat_map(|start| frames.map(|frame| [start, frame].concat())).collect();
    feed(5, &good, framing::fuzzing::client);
    feed(6, &good, framing::fuzzing::server);
}

#[test]
fn handshakes() {
    // Each runs a good start first, which factors and decrypts.
    feed_noise(7, NOISE / 20, handshake::fuzzing::client);
    feed_noise(8, NOISE / 20, handshake::fuzzing::server);
    feed_noise(9, NOISE / 20, handshake::fuzzing::inner);
}
