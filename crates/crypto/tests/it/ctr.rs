use proptest::prelude::*;
use quadruplex_crypto::ctr::Ctr256;

use crate::vectors::hex;

/// NIST SP 800-38A, F.5.5.
#[test]
fn the_vector_of_nist() {
    let key = hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
    let iv = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    let mut data = hex(
        "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710",
    );
    Ctr256::new(&key.try_into().unwrap(), &iv.try_into().unwrap()).apply(&mut data);
    let expected = hex(
        "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c52b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6",
    );
    assert_eq!(data, expected);
}

proptest! {
    #[test]
    fn cuts_do_not_matter(key: [u8; 32], iv: [u8; 16], data: Vec<u8>, mut cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let mut whole = data.clone();
        Ctr256::new(&key, &iv).apply(&mut whole);

        let mut parts = data;
        cuts.sort_by_key(|cut| cut.index(parts.len() + 1));
        let (mut stream, mut start) = (Ctr256::new(&key, &iv), 0);
        for cut in cuts.iter().map(|cut| cut.index(parts.len() + 1)).collect::<Vec<_>>() {
            stream.apply(&mut parts[start..cut]);
            start = cut;
        }
        stream.apply(&mut parts[start..]);
        prop_assert_eq!(parts, whole);
    }
}
