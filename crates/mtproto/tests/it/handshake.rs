//! Both ends of the key exchange against each other.

mod client;
mod pair;
mod server;

use std::time::Duration;

use proptest::prelude::*;
use quadruplex_crypto::{dh, rsa};
use quadruplex_mtproto::Now;
use quadruplex_mtproto::handshake::{ClientConfig, ClientHandshake, ClientStep, Fault, HandshakeError, ServerStep};

use crate::vectors::Script;
use pair::{NOW, Pair, Until, client_config, flip};

#[test]
fn both_ends_establish_the_same() {
    for (dc, expires_in) in [(Some(2), None), (Some(-2), Some(86400)), (Some(10_002), None), (None, None), (None, Some(60))] {
        let pair = Pair::with(ClientConfig { dc, expires_in, ..client_config() });
        let (ours, theirs) = pair.go(Until::SetClientDh).finish();
        assert_eq!(ours, theirs);
        assert_eq!((ours.expires_in, ours.server_time), (expires_in, NOW.wall));
    }
}

#[test]
fn the_salt_is_of_the_two_nonces() {
    let pair = Pair::until(Until::SetClientDh);
    let expected: [u8; 8] = std::array::from_fn(|i| pair.new_nonce()[i] ^ pair.server_nonce[i]);
    assert_eq!(pair.finish().0.server_salt.to_le_bytes(), expected);
}

#[test]
fn time_goes_on_while_the_last_answer_is_under_way() {
    let mut pair = Pair::until(Until::SetClientDh);
    let (answer, _) = pair.agreed().accept();
    let later = Now { mono: NOW.mono + Duration::from_secs(3), wall: Duration::ZERO };
    let Ok(ClientStep::Done(ours)) = pair.client.handle(&answer, &pair.client_config, later, &mut pair.client_rng) else {
        panic!("not done")
    };
    assert_eq!(ours.server_time, NOW.wall + Duration::from_secs(3));
}

#[test]
fn a_client_may_begin_anew_at_any_time() {
    for until in [Until::ReqDhParams, Until::SetClientDh] {
        let mut pair = Pair::until(until);
        let (message, client) = ClientHandshake::start(&mut pair.client_rng);
        (pair.message, pair.client) = (message, client);
        let (ours, theirs) = pair.go(Until::SetClientDh).finish();
        assert_eq!(ours, theirs);
    }
}

#[test]
fn no_message_is_taken_out_of_turn() {
    for (until, name) in [(Until::ReqDhParams, "req_DH_params"), (Until::SetClientDh, "set_client_DH_params")] {
        // The other one of the two, and the one that is due to a server that has not begun.
        let other = Pair::until(if until == Until::SetClientDh { Until::ReqDhParams } else { Until::SetClientDh });
        let mut pair = Pair::until(until);
        let due = std::mem::replace(&mut pair.message, other.message);
        assert!(matches!(pair.server_step(), Err(HandshakeError::Unexpected { expected, .. }) if expected == name));
        pair.message = due;
        assert!(matches!(pair.server_step(), Err(HandshakeError::Unexpected { expected: "req_pq_multi", .. })));
    }
}

#[test]
fn every_cut_message_is_refused() {
    for until in [Until::ReqPq, Until::ResPq, Until::ReqDhParams, Until::DhParamsOk, Until::SetClientDh] {
        let len = Pair::until(until).message.len();
        let steps = if until < Until::ReqDhParams { 1 } else { 29 };
        for cut in (0..len).step_by(steps).chain([len - 1]) {
            let mut pair = Pair::until(until);
            pair.message.truncate(cut);
            let to_server = matches!(until, Until::ReqPq | Until::ReqDhParams | Until::SetClientDh);
            let result = if to_server { pair.server_step().map(drop) } else { pair.client_step().map(drop) };
            assert!(matches!(result, Err(HandshakeError::Unreadable(_))), "{until:?} cut at {cut}: {result:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_flipped_bit_never_ends_in_two_keys(message in 0..6, bit: prop::sample::Index) {
        let mut pair = Pair::new();
        let mut theirs = None;
        for number in 0..6 {
            if number == message {
                let bit = bit.index(pair.message.len() * 8);
                pair.message[bit / 8] ^= 1 << (bit % 8);
            }
            if number % 2 == 0 {
                match pair.server_step() {
                    Ok(ServerStep::Send { body, next }) => (pair.message, pair.server) = (body, next),
                    Ok(ServerStep::Agreed(agreed)) => {
                        let (body, established) = agreed.accept();
                        (pair.message, theirs) = (body, Some(established));
                    }
                    Err(_) => return Ok(()),
                }
            } else {
                match pair.client_step() {
                    Ok(ClientStep::Send { body, next }) => (pair.message, pair.client) = (body, next),
                    Ok(ClientStep::Done(ours)) => {
                        prop_assert_eq!(Some(ours), theirs);
                        return Ok(());
                    }
                    Err(_) => return Ok(()),
                }
            }
        }
        prop_assert!(false, "neither an error nor a key");
    }
}

#[test]
fn the_parties_know_whose_fault_it_is() {
    for (error, fault) in [
        (HandshakeError::UnknownKeys(vec![1]), Fault::Configuration),
        (HandshakeError::Fingerprint(1), Fault::Configuration),
        (HandshakeError::WrongDc { own: 1, wanted: 2 }, Fault::Configuration),
        (HandshakeError::TooManyRetries, Fault::Chance),
        (HandshakeError::Rsa(rsa::Error::Block), Fault::Peer),
        (HandshakeError::Rsa(rsa::Error::Randomness), Fault::Local),
        (HandshakeError::Nonce("resPQ"), Fault::Peer),
    ] {
        assert_eq!(error.fault(), fault, "{error}");
    }
}

/// A nonce in the middle of the message that nobody can check at once is noticed by the other end.
#[test]
fn a_changed_server_nonce_is_noticed_in_the_end() {
    let mut pair = Pair::until(Until::ResPq);
    flip(20)(&mut pair.message);
    let ClientStep::Send { body, next } = pair.client_step().unwrap() else { panic!("done too early") };
    (pair.message, pair.client) = (body, next);
    assert_eq!(pair.server_step().map(drop), Err(HandshakeError::ServerNonce("req_DH_params")));
}

#[test]
fn a_broken_random_source_makes_no_key() {
    let pair = Pair::until(Until::DhParamsOk);
    let result = pair.client.handle(&pair.message, &pair.client_config, NOW, &mut Script::new([]));
    assert_eq!(result.map(drop), Err(HandshakeError::Dh(dh::Error::PublicValue)));
}

#[test]
fn debug_tells_no_secret() {
    let pair = Pair::until(Until::SetClientDh);
    let debug = format!("{:?} {:?}", pair.client, pair.server);
    let new_nonce = format!("{:?}", pair.new_nonce());
    assert!(debug.contains("Secret(..)") && !debug.contains(&new_nonce[1..20]), "{debug}");
}
