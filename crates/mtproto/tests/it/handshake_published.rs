//! Exchanges with Telegram's own servers, byte for byte.

use std::time::Duration;

use quadruplex_crypto::rsa::{PrivateKey, PublicKey};
use quadruplex_mtproto::Now;
use quadruplex_mtproto::handshake::{ClientConfig, ClientHandshake, ClientStep, Established, plain};

use crate::vectors::{Record, Script, records};

const NOW: Now = Now { mono: Duration::ZERO, wall: Duration::ZERO };

fn config(key: PublicKey, dc: Option<i32>) -> ClientConfig {
    ClientConfig { keys: vec![key], dc, expires_in: None }
}

/// The random bytes of the client in the order in which it draws them.
fn script(record: &Record<'_>, parts: &[&str]) -> Script {
    Script::new(parts.iter().flat_map(|part| record.bytes(part)))
}

fn next(client: ClientHandshake, answer: &[u8], config: &ClientConfig, rng: &mut Script) -> (Vec<u8>, ClientHandshake) {
    match client.handle(answer, config, NOW, rng).unwrap() {
        ClientStep::Send { body, next } => (body, next),
        step => panic!("{step:?}"),
    }
}

fn done(client: ClientHandshake, answer: &[u8], config: &ClientConfig, rng: &mut Script) -> Established {
    match client.handle(answer, config, NOW, rng).unwrap() {
        ClientStep::Done(established) => established,
        step => panic!("{step:?}"),
    }
}

/// The packet around a TL object, with the message id of the published one.
fn packet(like: &[u8], body: &[u8]) -> Vec<u8> {
    let mut packet = Vec::new();
    plain::wrap(plain::unwrap(like).unwrap().0, body, &mut packet);
    packet
}

fn body(packet: &[u8]) -> &[u8] {
    plain::unwrap(packet).unwrap().1
}

#[test]
fn telegrams_example_of_creating_an_authorization_key() {
    let record = &records(include_str!("vectors/auth_key.txt"))[0];
    let field = |name| record.bytes(name);
    let config = config(PublicKey::telegram(), Some(2));
    let temp_key = [0; 32]; // not published
    let parts = ["nonce", "new_nonce", "inner_padding"].map(field).concat();
    let rng = &mut Script::new([parts, temp_key.to_vec(), field("b"), field("padding")].concat());

    let (request, client) = ClientHandshake::start(rng);
    assert_eq!(packet(&field("req_pq_multi"), &request), field("req_pq_multi"));

    let (request, client) = next(client, body(&field("res_pq")), &config, rng);
    let (ours, published) = (packet(&field("req_dh_params"), &request), field("req_dh_params"));
    let encrypted = published.len() - 256;
    assert_eq!((&ours[..encrypted], ours.len()), (&published[..encrypted], published.len()));

    let (request, client) = next(client, body(&field("dh_params_ok")), &config, rng);
    assert_eq!(packet(&field("set_client_dh_params"), &request), field("set_client_dh_params"));

    let established = done(client, body(&field("dh_gen_ok")), &config, rng);
    assert_eq!(established.auth_key.expose()[..], field("auth_key"));
    assert_eq!(established.server_time, Duration::from_secs(0x68df_dd5e));
    let salt: [u8; 8] = std::array::from_fn(|i| field("new_nonce")[i] ^ published[40 + i]);
    assert_eq!(established.server_salt.to_le_bytes(), salt);
}

/// What the example encrypts for Telegram, encrypted for a key of which we have the private half.
#[test]
fn the_inner_data_of_telegrams_example() {
    let record = &records(include_str!("vectors/auth_key.txt"))[0];
    let config = config(PublicKey::sandbox(), Some(2));
    let rng = &mut script(record, &["nonce", "new_nonce", "inner_padding"]);
    let (_, client) = ClientHandshake::start(rng);
    let mut answer = body(&record.bytes("res_pq")).to_vec();
    let first_fingerprint = answer.len() - 24;
    answer[first_fingerprint..][..8].copy_from_slice(&PublicKey::sandbox().fingerprint().to_le_bytes());
    let (request, _) = next(client, &answer, &config, rng);
    let inner = PrivateKey::sandbox().decrypt(&request[request.len() - 256..]).unwrap();
    assert_eq!(inner[..], [record.bytes("inner"), record.bytes("inner_padding")].concat());
}

#[test]
fn a_recorded_exchange_with_all_its_random_bytes() {
    let record = &records(include_str!("vectors/auth_key_rsa_pad.txt"))[0];
    let field = |name| record.bytes(name);
    let config = config(PublicKey::telegram_test(), None);
    let rng = &mut script(record, &["nonce", "new_nonce", "inner_padding", "temp_key", "b", "padding"]);

    let (request, client) = ClientHandshake::start(rng);
    assert_eq!(request, field("req_pq_multi"));
    let (request, client) = next(client, &field("res_pq"), &config, rng);
    assert_eq!(request, field("req_dh_params"));
    let (request, client) = next(client, &field("dh_params_ok"), &config, rng);
    assert_eq!(request, field("set_client_dh_params"));
    let established = done(client, &field("dh_gen_ok"), &config, rng);
    assert_eq!(established.auth_key.expose()[..], field("auth_key"));
    assert_eq!((established.server_salt, established.server_time), (4_459_407_212_920_268_508, Duration::from_secs(1_693_436_740)));
}
