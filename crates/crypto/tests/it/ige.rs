use proptest::prelude::*;
use quadruplex_crypto::ige::{self, NotWholeBlocks};

use crate::vectors::records;

#[test]
fn vectors_of_others() {
    for record in records(include_str!("vectors/ige.txt")) {
        let (key, iv) = (record.array("key"), record.array("iv"));
        let (plain, cipher) = (record.bytes("plain"), record.bytes("cipher"));
        let mut data = plain.clone();
        ige::encrypt(&key, &iv, &mut data).unwrap();
        assert_eq!(data, cipher);
        ige::decrypt(&key, &iv, &mut data).unwrap();
        assert_eq!(data, plain);
    }
}

#[test]
fn broken_blocks_are_refused_and_left_alone() {
    for len in (0..64).filter(|len| len % 16 != 0) {
        let mut data = vec![1; len];
        assert_eq!(ige::encrypt(&[2; 32], &[3; 32], &mut data), Err(NotWholeBlocks { len }));
        assert_eq!(ige::decrypt(&[2; 32], &[3; 32], &mut data), Err(NotWholeBlocks { len }));
        assert_eq!(data, vec![1; len]);
    }
}

proptest! {
    #[test]
    fn decryption_undoes_encryption(key: [u8; 32], iv: [u8; 32], blocks in prop::collection::vec(any::<[u8; 16]>(), 0..40)) {
        let plain = blocks.concat();
        let mut data = plain.clone();
        ige::encrypt(&key, &iv, &mut data).unwrap();
        prop_assert!(plain.is_empty() || data != plain);
        ige::decrypt(&key, &iv, &mut data).unwrap();
        prop_assert_eq!(data, plain);
    }

    #[test]
    fn a_changed_block_garbles_everything_behind_it(block in 0_usize..8, bit in 0_usize..128) {
        let (key, iv) = ([5; 32], [6; 32]);
        let mut data = [7; 128];
        ige::encrypt(&key, &iv, &mut data).unwrap();
        data[block * 16 + bit / 8] ^= 1 << (bit % 8);
        ige::decrypt(&key, &iv, &mut data).unwrap();
        for (index, chunk) in data.chunks(16).enumerate() {
            prop_assert_eq!(chunk == [7; 16], index < block);
        }
    }
}
