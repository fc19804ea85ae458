//! What a server refuses of a client, and what it takes of others.

use quadruplex_crypto::dh;
use quadruplex_crypto::rsa::{self, PrivateKey, PublicKey};
use quadruplex_mtproto::handshake::{ClientStep, HandshakeError, ServerStep};
use quadruplex_tl::serialize_bytes;

use super::pair::{Pair, Until, flip};

fn at_server(until: Until, change: impl FnOnce(&mut Vec<u8>), expected: HandshakeError) {
    let mut pair = Pair::until(until);
    change(&mut pair.message);
    assert_eq!(pair.server_step().map(drop), Err(expected), "{until:?}");
}

fn inner_at_server(change: impl FnOnce(&mut Vec<u8>), expected: HandshakeError) {
    let mut pair = Pair::until(Until::SetClientDh);
    pair.change_inner(change);
    assert_eq!(pair.server_step().map(drop), Err(expected));
}

fn rsa_at_server(change: impl FnOnce(&mut Vec<u8>), expected: HandshakeError) {
    let mut pair = Pair::until(Until::ReqDhParams);
    pair.change_rsa(change);
    assert_eq!(pair.server_step().map(drop), Err(expected));
}

#[test]
fn a_server_checks_req_dh_params() {
    use Until::{ReqDhParams, ReqPq};
    at_server(ReqPq, flip(0), HandshakeError::Unexpected { expected: "req_pq_multi", id: 0xbe7e_8ef0 });
    let name = "req_DH_params";
    at_server(ReqDhParams, flip(0), HandshakeError::Unexpected { expected: name, id: 0xd712_e4bf });
    at_server(ReqDhParams, flip(4), HandshakeError::Nonce(name));
    at_server(ReqDhParams, flip(20), HandshakeError::ServerNonce(name));
    at_server(ReqDhParams, flip(40), HandshakeError::Factors(name));
    at_server(ReqDhParams, flip(48), HandshakeError::Factors(name));
    at_server(ReqDhParams, flip(52), HandshakeError::Fingerprint(PublicKey::sandbox().fingerprint() ^ 1));
    for at in (64..320).step_by(37) {
        at_server(ReqDhParams, flip(at), HandshakeError::Rsa(rsa::Error::Block));
    }

    let name = "p_q_inner_data";
    rsa_at_server(flip(0), HandshakeError::Unexpected { expected: name, id: 0xa9f5_5f94 });
    rsa_at_server(flip(12), HandshakeError::Factors(name));
    rsa_at_server(flip(20), HandshakeError::Factors(name));
    rsa_at_server(flip(28), HandshakeError::Factors(name));
    rsa_at_server(flip(32), HandshakeError::Nonce(name));
    rsa_at_server(flip(48), HandshakeError::ServerNonce(name));
    rsa_at_server(|inner| inner[96] = 3, HandshakeError::WrongDc { own: 2, wanted: 3 });
    rsa_at_server(|inner| inner[96..].copy_from_slice(&i32::MIN.to_le_bytes()), HandshakeError::WrongDc { own: 2, wanted: i32::MIN });
    rsa_at_server(
        |inner| {
            inner[..4].copy_from_slice(&0x3c6a_84d4_u32.to_le_bytes());
            inner[96..].fill(0);
        },
        HandshakeError::ExpiresIn(0),
    );
}

#[test]
fn a_server_checks_set_client_dh_params() {
    use Until::SetClientDh;
    let name = "set_client_DH_params";
    at_server(SetClientDh, flip(0), HandshakeError::Unexpected { expected: name, id: 0xf504_5f1e });
    at_server(SetClientDh, flip(4), HandshakeError::Nonce(name));
    at_server(SetClientDh, flip(20), HandshakeError::ServerNonce(name));
    at_server(SetClientDh, flip(40), HandshakeError::Hash("client_DH_inner_data"));
    at_server(SetClientDh, flip(375), HandshakeError::Hash("client_DH_inner_data"));
    at_server(
        SetClientDh,
        |bytes| {
            bytes.truncate(36);
            serialize_bytes(&[1; 17], bytes);
        },
        HandshakeError::EncryptedLength(name),
    );

    let name = "client_DH_inner_data";
    inner_at_server(flip(0), HandshakeError::Unexpected { expected: name, id: 0x6643_b655 });
    inner_at_server(flip(4), HandshakeError::Nonce(name));
    inner_at_server(flip(20), HandshakeError::ServerNonce(name));
    inner_at_server(flip(36), HandshakeError::RetryId);
    inner_at_server(|inner| inner[48..304].fill(0), HandshakeError::Dh(dh::Error::PublicValue));
    inner_at_server(|inner| inner[48..304].fill(0xff), HandshakeError::Dh(dh::Error::PublicValue));
}

#[test]
fn a_server_reads_what_older_and_other_clients_send() {
    // req_pq instead of req_pq_multi, with random bytes behind it.
    let mut pair = Pair::new();
    pair.message[..4].copy_from_slice(&0x6046_9778_u32.to_le_bytes());
    pair.message.extend([0xaa; 32]);
    let mut pair = pair.go(Until::ReqDhParams);

    // p_q_inner_data without a data centre, encrypted the way before RSA_PAD.
    let block = pair.message.split_off(pair.message.len() - 256);
    let mut data = PrivateKey::sandbox().decrypt(&block).unwrap()[..96].to_vec();
    data[..4].copy_from_slice(&0x83c9_5aec_u32.to_le_bytes());
    pair.message.extend(PublicKey::sandbox().encrypt_legacy(&data, &mut pair.server_rng).unwrap());
    let ServerStep::Send { body, next } = pair.server_step().unwrap() else { panic!("agreed too early") };
    (pair.message, pair.server) = (body, next);

    let ClientStep::Send { body, next } = pair.client_step().unwrap() else { panic!("done too early") };
    (pair.message, pair.client) = (body, next);
    let (ours, theirs) = pair.finish();
    assert_eq!(ours, theirs);
}
