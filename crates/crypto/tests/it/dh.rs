use quadruplex_crypto::dh::{Error, Group, Secret};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::vectors::hex;

/// The 2048-bit group of RFC 3526: a safe prime that is not Telegram's.
const RFC_3526: &str = "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f1437\
4fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf05\
98da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3b\
e39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff";

fn check(g: u32, prime: &[u8], expected: Result<(), Error>) {
    assert_eq!(Group::new(g, prime).map(drop), expected, "g = {g}");
}

#[test]
fn generators_of_telegrams_prime() {
    let prime = Group::telegram().prime();
    // By Euler's criterion, in Python. Some clients take 5 as well, which the published table does not.
    for g in [3, 4, 7] {
        check(g, &prime, Ok(()));
    }
    for g in [0, 1, 2, 5, 6, 8, u32::MAX] {
        check(g, &prime, Err(Error::Generator(g)));
    }
    assert_eq!(Group::new(3, &prime), Ok(Group::telegram()));
}

#[test]
fn another_safe_prime_is_proved() {
    let prime = hex(RFC_3526);
    for g in 2..=7 {
        check(g, &prime, Ok(()));
    }
    check(8, &prime, Err(Error::Generator(8)));
}

#[test]
fn primes_that_are_none_are_refused() {
    let prime = Group::telegram().prime();
    let changed = |at: usize, byte: u8| {
        let mut changed = prime;
        changed[at] ^= byte;
        changed
    };
    check(4, &[], Err(Error::PrimeLength));
    check(4, &prime[1..], Err(Error::PrimeLength));
    check(4, &[&prime[..], &[1]].concat(), Err(Error::PrimeLength));
    check(4, &changed(0, 0x80), Err(Error::PrimeLength));
    check(4, &changed(255, 1), Err(Error::NotSafePrime));
    for byte in (0..255).step_by(51) {
        check(4, &changed(byte, 0x10), Err(Error::NotSafePrime));
    }
    check(4, &hex(PRIME_NOT_SAFE), Err(Error::NotSafePrime));
    check(4, &hex(HALF_PRIME), Err(Error::NotSafePrime));
}

#[test]
fn public_values_stay_away_from_both_ends() {
    let group = Group::telegram();
    let margin = [&[0; 7][..], &[1], &[0; 248]].concat(); // 2^1984
    let below = |number: &[u8]| minus_one(number);
    // p − 2^1984 changes the eight highest bytes only.
    let mut highest = group.prime();
    let top = u64::from_be_bytes(*highest.first_chunk().unwrap()) - 1;
    highest[..8].copy_from_slice(&top.to_be_bytes());

    for bad in
        [&[][..], &[0], &[1], &[2], &below(&margin), &plus_one(&highest), &below(&group.prime()), &group.prime(), &[0xff; 256], &[1; 257]]
    {
        assert_eq!(group.check_public(bad), Err(Error::PublicValue), "{bad:02x?}");
        assert!(group.shared(bad, &Secret::from_bytes(&[1; 256])).is_err());
    }
    for good in [&margin[..], &margin[7..], &plus_one(&margin), &below(&highest), &highest] {
        assert_eq!(group.check_public(good), Ok(()), "{good:02x?}");
    }
}

#[test]
fn both_ends_compute_the_same() {
    let rng = &mut ChaCha20Rng::seed_from_u64(7);
    let rfc = Group::new(2, &hex(RFC_3526)).unwrap();
    for group in [Group::telegram(), rfc] {
        let (a, b) = (Secret::random(rng), Secret::random(rng));
        let (g_a, g_b) = (group.public(&a), group.public(&b));
        assert_eq!(group.shared(&g_a, &b), group.shared(&g_b, &a));
    }
}

#[test]
fn debug_tells_no_secret() {
    assert_eq!(format!("{:?}", Secret::from_bytes(&[0xab; 256])), "Secret(..)");
}

fn minus_one(number: &[u8]) -> Vec<u8> {
    let mut number = number.to_vec();
    for byte in number.iter_mut().rev() {
        *byte = byte.wrapping_sub(1);
        if *byte != 0xff {
            break;
        }
    }
    number
}

fn plus_one(number: &[u8]) -> Vec<u8> {
    let mut number = number.to_vec();
    for byte in number.iter_mut().rev() {
        *byte = byte.wrapping_add(1);
        if *byte != 0 {
            break;
        }
    }
    number
}

/// p is prime, (p − 1) / 2 is not; both 11 mod 12 as a safe prime. Made with OpenSSL, checked with Python.
const PRIME_NOT_SAFE: &str = "fa63ed1922361f7435b22c39bfcad960348b6b4ec7270bd885e0896dc6a7783dd72772e061b4bf75cad4c0db4226c9c8b93dc7f6de52052c1c363c47b984518a\
2b73425e77f1961bc97a552050e46e233d520298bed52168e276a257019130c898c0384a7f76fbb7a71f1b3e86f2be818f670e19975f9a0978f56c16f693c174\
d3aa9c4136070b46deb095b8b7f7fb965c7a2431c626206d4188360ae3ad2165a1eda79fbb9cdbcea10f672ca15062540041ad76f1e61423651d97d637a6cc73\
d0aca79d300b03d5ebbdfb394b8966fd1231702d3d47ebf83de0d879cea1f32df132d9954c235aad4ccc2d5e78a2db8d56e93d7555d51c115668c74365a880b3";

/// (p − 1) / 2 is prime, p is not.
const HALF_PRIME: &str = "fb946400a18e3d644fa88061690085408034ad8a6374d2fb356e57e13ca88fe72b11c73898dd5f669c043c6ef7214485efd3726ae45058114e9c0075dfe65928\
624115487a5de7932fa7b91e70ba6329601bdbd69f1ef8f80980b2cda7c35045b0f9743ddc53e143450a7761590bc98d60ce8014f2cb7913131297e527d94fae\
f0c50df1a25709987287571fd90ca6dd603b2d71c27b6ef4851432ac52a5062672ac85b7c85daffeae410eb04647839d14b39fcfc20298aed3f7e83e6368e79c\
5a247a6d2b162890e772316292ca86e848f59a2d9d47bbac7600a170191a015febd638dc035af309f46736295edbef45df7b8f8da7e444d56e5ffbff56c0121b";
