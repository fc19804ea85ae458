use proptest::prelude::*;
use quadruplex_crypto::rsa::{Error, MAX_DATA, PrivateKey, PublicKey, SANDBOX, SANDBOX_PRIVATE, TELEGRAM, TELEGRAM_TEST};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::vectors::Constant;

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

#[test]
fn fingerprints_are_those_that_servers_name() {
    for (pem, fingerprint) in [
        (TELEGRAM, 0xd09d_1d85_de64_fd85),
        (TELEGRAM_TEST, 0xb258_98df_208d_2603),
        (SANDBOX, 0xdb15_4649_c92e_79d8), // computed with OpenSSL and Python
    ] {
        let key = PublicKey::from_pem(pem).unwrap();
        assert_eq!(key.fingerprint(), fingerprint);
        assert_eq!(key.to_pem(), pem);
        assert_eq!(PublicKey::new(&key.n(), &key.e().to_be_bytes()).unwrap(), key);
    }
    assert_eq!(PrivateKey::from_pem(SANDBOX_PRIVATE).unwrap().public(), &PublicKey::sandbox());
    assert_ne!(PublicKey::sandbox().fingerprint() >> 60, 0, "some clients lose leading zeros");
}

#[test]
fn unusable_keys_are_refused() {
    let n = PublicKey::sandbox().n();
    let check = |n: &[u8], e: &[u8]| assert!(matches!(PublicKey::new(n, e), Err(Error::Key(_))), "{e:?}");
    check(&n[1..], &[1, 0, 1]);
    check(&[&n[..], &[1]].concat(), &[1, 0, 1]);
    check(&[&n[..255], &[2]].concat(), &[1, 0, 1]);
    for e in [&[][..], &[0], &[1], &[4], &[1; 9]] {
        check(&n, e);
    }
}

#[test]
fn text_that_is_no_key_is_refused() {
    let public = |text: &str| assert!(matches!(PublicKey::from_pem(text), Err(Error::Pem(_))), "{text}");
    public("");
    public("ssh-rsa AAAAB3NzaC1yc2E");
    public(SANDBOX_PRIVATE);
    public(&SANDBOX.replace("RSA PUBLIC", "PUBLIC"));
    public(&SANDBOX.replace("MIIB", "MIIC"));
    for end in (0..SANDBOX.len() - 1).filter(|end| SANDBOX.is_char_boundary(*end)) {
        assert!(PublicKey::from_pem(&SANDBOX[..end]).is_err(), "cut at {end}");
    }
    assert!(matches!(PrivateKey::from_pem(SANDBOX), Err(Error::Pem(_))));
    assert!(PublicKey::from_pem(&SANDBOX.replace('\n', "\r\n")).is_ok(), "files of other systems are fine");
}

#[test]
fn a_private_key_that_does_not_fit_is_refused() {
    // The last bytes of the private exponent lie in the middle of the file; any change there breaks the pair.
    let lines: Vec<_> = SANDBOX_PRIVATE.lines().collect();
    let mut changed = lines.clone();
    changed.swap(7, 8);
    assert!(PrivateKey::from_pem(&(changed.join("\n") + "\n")).is_err());
}

#[test]
fn data_of_every_length_arrives() {
    let key = PrivateKey::sandbox();
    for len in (0..=MAX_DATA).step_by(12) {
        let data: Vec<u8> = (0..len as u8).collect();
        let encrypted = key.public().encrypt(&data, &mut rng(len as u64)).unwrap();
        let opened = key.decrypt(&encrypted).unwrap();
        assert_eq!(opened.len(), 192, "the padding is returned");
        assert_eq!(opened[..len], data);
    }
    for len in (0..=232).step_by(4) {
        let data = vec![7; len];
        let encrypted = key.public().encrypt_legacy(&data, &mut rng(len as u64)).unwrap();
        assert_eq!(*key.decrypt(&encrypted).unwrap(), data);
    }
    let too_long = key.public().encrypt(&[0; MAX_DATA + 1], &mut rng(0));
    assert_eq!(too_long, Err(Error::TooLong { len: 145, max: 144 }));
    assert_eq!(key.public().encrypt_legacy(&[0; 236], &mut rng(0)), Err(Error::TooLong { len: 236, max: 235 }));
}

#[test]
fn a_broken_generator_ends_in_an_error() {
    // With a constant generator every attempt is the same: it either fits below the modulus at once or never.
    let key = PublicKey::sandbox();
    let results: Vec<_> = (0..64).map(|byte| key.encrypt(&[byte], &mut Constant(0))).collect();
    assert!(results.iter().any(Result::is_ok));
    assert!(results.contains(&Err(Error::Randomness)));
}

#[test]
fn blocks_for_nobody_are_refused() {
    let key = PrivateKey::sandbox();
    let encrypted = key.public().encrypt(b"data", &mut rng(1)).unwrap();
    let check = |block: &[u8]| assert_eq!(key.decrypt(block), Err(Error::Block));
    check(&[]);
    check(&encrypted[..255]);
    check(&[&[0][..], &encrypted].concat());
    check(&[0xff; 256]); // above the modulus
    check(&[0; 256]);
    for bit in (0..2048).step_by(97) {
        let mut changed = encrypted;
        changed[bit / 8] ^= 1 << (bit % 8);
        check(&changed);
    }
    check(&PublicKey::telegram().encrypt(b"data", &mut rng(1)).unwrap());
}

/// Every block has one form: 256 bytes, below the modulus.
#[test]
fn other_forms_of_a_good_block_are_refused() {
    let key = PrivateKey::sandbox();
    let encrypt = |seed| key.public().encrypt(b"data", &mut rng(seed)).unwrap();

    let leading_zero = (0..).map(encrypt).find(|block| block[0] == 0).unwrap();
    assert!(key.decrypt(&leading_zero).is_ok());
    assert_eq!(key.decrypt(&leading_zero[1..]), Err(Error::Block));

    let (small, above) = (0..).map(encrypt).find_map(|block| Some((block, sum(&block, &key.public().n())?))).unwrap();
    assert!(key.decrypt(&small).is_ok());
    assert_eq!(key.decrypt(&above), Err(Error::Block));
}

/// The sum of two big-endian numbers if it fits.
fn sum(a: &[u8; 256], b: &[u8; 256]) -> Option<[u8; 256]> {
    let (mut result, mut carry) = ([0; 256], 0);
    for at in (0..256).rev() {
        carry += u16::from(a[at]) + u16::from(b[at]);
        result[at] = carry as u8;
        carry >>= 8;
    }
    (carry == 0).then_some(result)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_block_is_refused_without_a_panic(block in prop::collection::vec(any::<u8>(), 250..260)) {
        prop_assert_eq!(PrivateKey::sandbox().decrypt(&block), Err(Error::Block));
    }
}
