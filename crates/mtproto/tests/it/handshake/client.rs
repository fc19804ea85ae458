//! What a client refuses of a server.

use quadruplex_crypto::dh;
use quadruplex_crypto::hash::sha1;
use quadruplex_crypto::rsa::PublicKey;
use quadruplex_mtproto::handshake::{Agreed, ClientStep, Fault, HandshakeError};
use quadruplex_tl::{ErrorKind, serialize_bytes};

use super::pair::{Pair, Until, flip};

/// The client's reaction to a message of the server that was changed on its way.
fn at_client(until: Until, change: impl FnOnce(&mut Vec<u8>), expected: HandshakeError) {
    let mut pair = Pair::until(until);
    change(&mut pair.message);
    assert_eq!(pair.client_step().map(drop), Err(expected), "{until:?}");
}

/// The client's reaction to a server that encrypts something wrong.
fn inner_at_client(change: impl FnOnce(&mut Vec<u8>), expected: HandshakeError) {
    let mut pair = Pair::until(Until::DhParamsOk);
    pair.change_inner(change);
    assert_eq!(pair.client_step().map(drop), Err(expected));
}

#[test]
fn a_client_checks_res_pq() {
    use Until::ResPq;
    at_client(ResPq, flip(0), HandshakeError::Unexpected { expected: "resPQ", id: 0x0516_2462 });
    at_client(ResPq, flip(4), HandshakeError::Nonce("resPQ"));
    at_client(ResPq, flip(19), HandshakeError::Nonce("resPQ"));
    at_client(ResPq, |bytes| bytes[37..45].copy_from_slice(&[0; 8]), HandshakeError::Pq);
    at_client(ResPq, |bytes| bytes[37..45].copy_from_slice(&18_446_744_073_709_551_557_u64.to_be_bytes()), HandshakeError::Pq);
    at_client(ResPq, |bytes| bytes[37..45].copy_from_slice(&(3_000_000_019_u64 * 3_000_000_019).to_be_bytes()), HandshakeError::Pq);
    let foreign = PublicKey::sandbox().fingerprint() ^ 1;
    at_client(ResPq, flip(56), HandshakeError::UnknownKeys(vec![foreign]));
    let cut = quadruplex_tl::Error { what: "resPQ", offset: 52, kind: ErrorKind::VectorTooLong(1) };
    at_client(ResPq, |bytes| bytes.truncate(56), HandshakeError::Unreadable(cut));
}

#[test]
fn a_client_checks_server_dh_params() {
    use Until::DhParamsOk;
    let name = "server_DH_params_ok";
    at_client(DhParamsOk, flip(0), HandshakeError::Unexpected { expected: name, id: 0xd0e8_075d });
    at_client(DhParamsOk, flip(4), HandshakeError::Nonce(name));
    at_client(DhParamsOk, flip(20), HandshakeError::ServerNonce(name));
    for at in (40..632).step_by(53) {
        at_client(DhParamsOk, flip(at), HandshakeError::Hash("server_DH_inner_data"));
    }
    let with_part = |part: &'static [u8]| {
        move |bytes: &mut Vec<u8>| {
            bytes.truncate(36);
            serialize_bytes(part, bytes);
        }
    };
    at_client(DhParamsOk, with_part(&[1; 100]), HandshakeError::EncryptedLength(name));
    at_client(DhParamsOk, with_part(&[1; 16]), HandshakeError::EncryptedLength(name));
    at_client(DhParamsOk, with_part(&[]), HandshakeError::EncryptedLength(name));
    at_client(DhParamsOk, with_part(&[1; 592]), HandshakeError::Hash("server_DH_inner_data"));

    let name = "server_DH_inner_data";
    inner_at_client(flip(0), HandshakeError::Unexpected { expected: name, id: 0xb589_0dbb });
    inner_at_client(flip(4), HandshakeError::Nonce(name));
    inner_at_client(flip(20), HandshakeError::ServerNonce(name));
    inner_at_client(|inner| inner[36] = 2, HandshakeError::Dh(dh::Error::Generator(2)));
    let even = |inner: &mut Vec<u8>| (inner[36], inner[299]) = (4, inner[299] ^ 1);
    inner_at_client(even, HandshakeError::Dh(dh::Error::NotSafePrime));
    inner_at_client(|inner| inner[44] = 0x47, HandshakeError::Dh(dh::Error::PrimeLength));
    inner_at_client(|inner| inner[304..560].fill(0), HandshakeError::Dh(dh::Error::PublicValue));
    inner_at_client(|inner| inner[304..560].fill(0xff), HandshakeError::Dh(dh::Error::PublicValue));
    let trailing = quadruplex_tl::Error { what: "end of the value", offset: 564, kind: ErrorKind::TrailingBytes(4) };
    inner_at_client(|inner| inner.extend([0; 4]), HandshakeError::Unreadable(trailing));
}

#[test]
fn a_client_believes_a_refusal_only_from_the_server() {
    let check = |change: fn(&mut Vec<u8>), expected: HandshakeError| {
        let mut pair = Pair::until(Until::DhParamsOk);
        pair.message.truncate(36);
        pair.message[..4].copy_from_slice(&0x79cb_045d_u32.to_le_bytes());
        pair.message.extend(&sha1(&[&pair.new_nonce()])[4..]);
        change(&mut pair.message);
        assert_eq!(pair.client_step().map(drop), Err(expected));
    };
    let name = "server_DH_params_fail";
    check(|_| {}, HandshakeError::Refused(name));
    check(|bytes| bytes[4] ^= 1, HandshakeError::Nonce(name));
    check(|bytes| bytes[20] ^= 1, HandshakeError::ServerNonce(name));
    check(|bytes| bytes[36] ^= 1, HandshakeError::NewNonceHash(name));
}

#[test]
fn a_client_checks_the_last_answer() {
    type Decision = fn(Agreed) -> Vec<u8>;
    let check = |decide: Decision, at: usize, expected: HandshakeError| {
        let mut pair = Pair::until(Until::SetClientDh);
        pair.message = decide(pair.agreed());
        flip(at)(&mut pair.message);
        assert_eq!(pair.client_step().map(drop), Err(expected));
    };
    let decisions: [(&'static str, Decision); 3] =
        [("dh_gen_ok", |agreed| agreed.accept().0), ("dh_gen_retry", |agreed| agreed.retry().0), ("dh_gen_fail", Agreed::fail)];
    for (name, decide) in decisions {
        check(decide, 4, HandshakeError::Nonce(name));
        check(decide, 20, HandshakeError::ServerNonce(name));
        check(decide, 36, HandshakeError::NewNonceHash(name));
        check(decide, 51, HandshakeError::NewNonceHash(name));
    }
    check(decisions[0].1, 0, HandshakeError::Unexpected { expected: "dh_gen_ok", id: 0x3bcb_f735 });

    // A hash of one answer is none of another: nobody can turn "ok" into "retry".
    for (from, to) in [(0, 0x46dc_1fb9_u32), (0, 0xa69d_ae02), (1, 0x3bcb_f734), (2, 0x3bcb_f734)] {
        let mut pair = Pair::until(Until::SetClientDh);
        pair.message = decisions[from].1(pair.agreed());
        pair.message[..4].copy_from_slice(&to.to_le_bytes());
        assert!(matches!(pair.client_step(), Err(HandshakeError::NewNonceHash(_))));
    }

    let mut pair = Pair::until(Until::SetClientDh);
    pair.message = pair.agreed().fail();
    let refused = pair.client_step().unwrap_err();
    assert_eq!((refused.fault(), refused), (Fault::Chance, HandshakeError::Refused("dh_gen_fail")));
}

#[test]
fn another_attempt_gives_another_key() {
    let mut pair = Pair::until(Until::SetClientDh);
    let mut keys = Vec::new();
    for _ in 0..5 {
        let agreed = pair.agreed();
        keys.push(agreed.auth_key().id());
        (pair.message, pair.server) = agreed.retry();
        let ClientStep::Send { body, next } = pair.client_step().unwrap() else { panic!("done too early") };
        (pair.message, pair.client) = (body, next);
    }
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 5);

    // The fifth repetition is accepted; a sixth would be no chance any more.
    let mut patient = pair;
    let (message, server) = patient.agreed().retry();
    (patient.message, patient.server) = (message, server);
    assert_eq!(patient.client_step().map(drop), Err(HandshakeError::TooManyRetries));

    let mut pair = Pair::until(Until::SetClientDh);
    (pair.message, pair.server) = pair.agreed().retry();
    let ClientStep::Send { body, next } = pair.client_step().unwrap() else { panic!("done too early") };
    (pair.message, pair.client) = (body, next);
    let (ours, theirs) = pair.finish();
    assert_eq!(ours, theirs);
}
