//! The primitives: what is written is read again, what is broken is an error with its place.

use proptest::prelude::*;
use quadruplex_tl::{
    BOOL_TRUE, Deserialize, Error, ErrorKind, MAX_DEPTH, Reader, Serialize, VECTOR, serialize_bytes, serialized_bytes_len,
};

/// Goes out and comes back, fills four-byte words, and no prefix of it is enough.
fn round_trip<T: Serialize + Deserialize + PartialEq + std::fmt::Debug>(value: &T) {
    let bytes = value.to_bytes();
    assert_eq!(bytes.len() % 4, 0);
    assert_eq!(T::from_bytes(&bytes).as_ref(), Ok(value));
    let step = (bytes.len() / 64).max(1);
    for end in (0..bytes.len()).step_by(step) {
        assert!(T::from_bytes(&bytes[..end]).is_err(), "{value:?} cut at {end}");
    }
    let longer = [bytes.as_slice(), &[0; 4]].concat();
    assert_eq!(T::from_bytes(&longer).map_err(|error| error.kind), Err(ErrorKind::TrailingBytes(4)));
}

proptest! {
    #[test]
    fn numbers(int: i32, long: i64, word: u32, bool: bool, wide: [u8; 16]) {
        round_trip(&int);
        round_trip(&long);
        round_trip(&word);
        round_trip(&bool);
        round_trip(&wide);
    }

    #[test]
    fn texts_and_bytes(text in ".{0,300}", bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        round_trip(&text);
        round_trip(&bytes);
        prop_assert_eq!(bytes.to_bytes().len(), serialized_bytes_len(bytes.len()));
    }

    #[test]
    fn vectors(numbers: Vec<i64>, texts: Vec<String>) {
        round_trip(&numbers);
        round_trip(&texts);
        round_trip(&vec![numbers]);
    }

    #[test]
    fn random_bytes_are_read_or_refused(bytes: Vec<u8>) {
        fn read<T: Deserialize>(bytes: &[u8]) -> usize {
            let mut reader = Reader::new(bytes);
            let _ = T::deserialize(&mut reader);
            reader.offset()
        }
        for offset in [read::<Vec<String>>(&bytes), read::<String>(&bytes), read::<Vec<u8>>(&bytes), read::<bool>(&bytes)] {
            prop_assert!(offset <= bytes.len());
        }
    }
}

#[test]
fn lengths_around_the_long_form() {
    let check = |len: usize, header: &[u8], total: usize| {
        let bytes = vec![7_u8; len].to_bytes();
        assert_eq!(&bytes[..header.len()], header, "{len}");
        assert_eq!(bytes.len(), total, "{len}");
        round_trip(&vec![7_u8; len]);
    };
    check(0, &[0], 4);
    check(3, &[3], 4);
    check(4, &[4], 8);
    check(253, &[253], 256);
    check(254, &[254, 254, 0, 0], 260);
    check(65_536, &[254, 0, 0, 1], 65_540);
}

#[test]
fn what_does_not_fit_is_cut() {
    let mut out = Vec::new();
    serialize_bytes(&vec![1; 0x100_0000], &mut out);
    assert_eq!(Vec::<u8>::from_bytes(&out).map(|bytes| bytes.len()), Ok(0xff_ffff));
}

#[test]
fn errors_name_what_and_where() {
    let check = |result: Result<(), Error>, expect: &str| assert_eq!(result.map_err(|error| error.to_string()), Err(expect.to_owned()));
    check(i64::from_bytes(&[0; 5]).map(drop), "long at byte 0: needs 8 bytes, 5 left");
    check(bool::from_bytes(&[1, 0, 0, 0]).map(drop), "Bool at byte 0: unknown constructor 0x00000001");
    check(String::from_bytes(&[3, b'a', 0xff, 0]).map(drop), "string at byte 0: a string that is not UTF-8");
    check(String::from_bytes(&[255, 0, 0, 0]).map(drop), "string at byte 0: needs 4 bytes, 4 left");
    check(String::from_bytes(&[254, 0]).map(drop), "string at byte 0: needs 4 bytes, 2 left");
    let long = [VECTOR.to_le_bytes(), u32::MAX.to_le_bytes()].concat();
    check(Vec::<i64>::from_bytes(&long).map(drop), "vector at byte 4: a vector of 4294967295 items cannot fit in what is left");
    check(Vec::<i64>::from_bytes(&BOOL_TRUE.to_le_bytes()).map(drop), "vector at byte 0: unknown constructor 0x997275b5");
}

#[test]
fn depth_is_bounded() {
    fn dive(reader: &mut Reader<'_>, levels: u16) -> Result<u16, Error> {
        if levels == 0 { Ok(0) } else { reader.nested("well", |reader| dive(reader, levels - 1)).map(|below| below + 1) }
    }
    assert_eq!(dive(&mut Reader::new(&[]), MAX_DEPTH), Ok(MAX_DEPTH));
    assert_eq!(dive(&mut Reader::new(&[]), MAX_DEPTH + 1).map_err(|error| error.kind), Err(ErrorKind::TooDeep));
}
