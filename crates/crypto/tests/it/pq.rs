use proptest::prelude::*;
use quadruplex_crypto::pq::{factorize, generate};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::vectors::Constant;

#[test]
fn numbers_of_the_key_exchange() {
    // Telegram's published example, and one recorded by grammers.
    for (pq, p, q) in [(0x17ed_4894_1a08_f981, 0x494c_553b, 0x5391_1073), (0x1954_6f94_2a11_278d, 0x44b2_e50d, 0x5e63_ac81)] {
        assert_eq!(factorize(pq), Some((p, q)));
    }
}

#[test]
fn hard_and_impossible_ones_end() {
    let check = |pq, expected| assert_eq!(factorize(pq), expected, "{pq}");
    check(0, None);
    check(1, None);
    check(u64::MAX, None); // seven factors
    check(18_446_744_073_709_551_557, None); // the largest prime
    check(4_294_967_291 * 4_294_967_291, None); // the square of a prime
    check(4_294_967_279 * 4_294_967_291, Some((4_294_967_279, 4_294_967_291))); // the largest of all
    check(2 * 9_223_372_036_854_775_783, Some((2, 9_223_372_036_854_775_783)));
    check(3 * 4_294_967_279 * 4_294_967, None); // three and more
}

#[test]
fn a_constant_generator_still_gives_two_primes() {
    for byte in 0..=255 {
        let (p, q) = generate(&mut Constant(byte));
        assert_eq!(factorize(p * q), Some((p, q)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_client_finds_what_a_server_chose(seed: u64) {
        let (p, q) = generate(&mut ChaCha20Rng::seed_from_u64(seed));
        prop_assert!(p < q && p * q < 1 << 62);
        prop_assert_eq!(factorize(p * q), Some((p, q)));
    }

    #[test]
    fn any_number_ends(pq: u64) {
        if let Some((p, q)) = factorize(pq) {
            prop_assert!(1 < p && p < q && p * q == pq);
        }
    }
}
