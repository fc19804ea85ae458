use proptest::prelude::*;
use quadruplex_crypto::AuthKey;
use quadruplex_crypto::message::{Error, HEADER, Side, decrypt_in_place, encrypt_in_place};

use crate::vectors::records;

#[test]
fn vectors_of_others() {
    for record in records(include_str!("vectors/message.txt")) {
        let side = match record.text("side") {
            "client" => Side::Client,
            "server" => Side::Server,
            other => panic!("side {other}"),
        };
        let key = AuthKey::from_bytes(&record.array("auth_key"));
        let (plain, envelope) = (record.bytes("plain"), record.bytes("envelope"));

        let mut buffer = vec![0; HEADER];
        buffer.extend_from_slice(&plain);
        encrypt_in_place(&key, side, &mut buffer).unwrap();
        assert_eq!(buffer, envelope);
        assert_eq!(decrypt_in_place(&key, side, &mut buffer).unwrap(), plain);
    }
}

fn sealed() -> (AuthKey, Vec<u8>) {
    let key = AuthKey::from_bytes(&std::array::from_fn(|i| i as u8));
    let mut envelope = vec![0; HEADER + 64];
    encrypt_in_place(&key, Side::Client, &mut envelope).unwrap();
    (key, envelope)
}

#[test]
fn every_flipped_bit_is_noticed() {
    let (key, envelope) = sealed();
    for bit in 0..envelope.len() * 8 {
        let mut changed = envelope.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let expected = if bit < 64 { Error::UnknownKey(key.id() ^ 1 << bit) } else { Error::Tampered };
        assert_eq!(decrypt_in_place(&key, Side::Client, &mut changed), Err(expected), "bit {bit}");
    }
}

#[test]
fn every_other_length_is_refused() {
    let (key, envelope) = sealed();
    for len in 0..envelope.len() {
        let mut cut = envelope[..len].to_vec();
        let whole = len > HEADER && (len - HEADER).is_multiple_of(16);
        let expected = if whole { Error::Tampered } else { Error::Length(len) };
        assert_eq!(decrypt_in_place(&key, Side::Client, &mut cut), Err(expected), "{len} bytes");
        if !whole {
            assert_eq!(encrypt_in_place(&key, Side::Client, &mut cut), Err(Error::Length(len)));
        }
    }
}

#[test]
fn what_one_side_wrote_the_other_side_did_not() {
    let (key, mut envelope) = sealed();
    assert_eq!(decrypt_in_place(&key, Side::Server, &mut envelope), Err(Error::Tampered));
}

proptest! {
    #[test]
    fn decryption_undoes_encryption(bytes in prop::collection::vec(any::<u8>(), 256), blocks in prop::collection::vec(any::<[u8; 16]>(), 1..20)) {
        let key = AuthKey::from_bytes(&bytes.try_into().unwrap());
        let plain = blocks.concat();
        for side in [Side::Client, Side::Server] {
            let mut envelope = vec![0; HEADER];
            envelope.extend_from_slice(&plain);
            encrypt_in_place(&key, side, &mut envelope).unwrap();
            prop_assert_eq!(decrypt_in_place(&key, side, &mut envelope).unwrap(), &plain[..]);
        }
    }

    #[test]
    fn any_bytes_are_refused_without_a_panic(mut bytes: Vec<u8>) {
        let (key, _) = sealed();
        prop_assert!(decrypt_in_place(&key, Side::Server, &mut bytes).is_err());
    }
}
