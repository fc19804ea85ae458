use quadruplex_crypto::AuthKey;

use crate::vectors::records;

#[test]
fn the_key_of_telegrams_example() {
    let record = &records(include_str!("vectors/auth_key.txt"))[0];
    let key = AuthKey::from_bytes(&record.array("auth_key"));
    assert_eq!(key.id(), u64::from_be_bytes(record.array("id")));
    assert_eq!(key.aux_hash(), u64::from_be_bytes(record.array("aux_hash")));

    let (new_nonce, hash) = (record.array("new_nonce"), record.array("new_nonce_hash1"));
    assert_eq!(key.new_nonce_hash(&new_nonce, 1), hash);
    assert!(key.is_proved_by(&hash, &new_nonce, 1));
    assert!(!key.is_proved_by(&hash, &new_nonce, 2));
    for bit in 0..128 {
        let mut changed = hash;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!key.is_proved_by(&changed, &new_nonce, 1), "bit {bit}");
    }
}

#[test]
fn keys_are_equal_when_their_bytes_are() {
    let key = AuthKey::from_bytes(&[7; 256]);
    assert_eq!(key, key.clone());
    for at in [0, 100, 255] {
        let mut bytes = [7; 256];
        bytes[at] ^= 1;
        assert_ne!(key, AuthKey::from_bytes(&bytes));
    }
}

#[test]
fn debug_tells_no_secret() {
    let key = AuthKey::from_bytes(&[0xab; 256]);
    assert_eq!(format!("{key:?}"), format!("AuthKey({:#018x})", key.id()));
}
