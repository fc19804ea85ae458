use crypto_bigint::modular::FixedMontyParams;
use crypto_bigint::{Odd, U2048};
use sha2::{Digest, Sha512};

use super::Element;

/// Rounds of Miller–Rabin: a composite passes one with a chance of at most 1/4.
const ROUNDS: u32 = 64;

/// The safe prime that Telegram's servers have used since 2013.
pub(super) const TELEGRAM: U2048 = U2048::from_be_hex(concat!(
    "c71caeb9c6b1c9048e6c522f70f13f73980d40238e3e21c14934d037563d930f48198a0aa7c14058229493d22530f4db",
    "fa336f6e0ac925139543aed44cce7c3720fd51f69458705ac68cd4fe6b6b13abdc9746512969328454f18faf8c595f64",
    "2477fe96bb2a941d5bcd1d4ac8cc49880708fa9b378e3c4f3a9060bee67cf9a4a4a695811051907e162753b56b0f6b41",
    "0dba74d8a84b2a14b3144e0ef1284754fd17ed950d5965b4b9dd46582db1178d169c6bc465b0d6ff9ca3928fef5b9ae4",
    "e418fc15e83ebea0f87fa9ff5eed70050ded2849f47bf959d956850ce929851f0d8115f635b105ee2e4e15d04b2454bf",
    "6f4fadf034b10403119cd8e3b92fcc5b",
));

/// Whether p and q = (p − 1) / 2 are both prime.
///
/// The bases are hashes of the number itself: whoever wants to slip in a composite cannot choose it to fit them, and the test
/// needs no random source. Once q is prime, one Fermat test proves p (Pocklington: q > √p, and 2² − 1 = 3
/// does not divide p).
pub(super) fn is_safe(p: &U2048) -> bool {
    if remainder(p, 12) != 11 {
        return false;
    }
    let q = p.shr_vartime(1);
    let (Some(p_odd), Some(q_odd)) = (Odd::new(*p).into_option(), Odd::new(q).into_option()) else { return false };
    let p_params = FixedMontyParams::new_vartime(p_odd);
    let fermat = Element::new(&U2048::from_u32(2), &p_params).pow_vartime(&p.wrapping_sub(&U2048::ONE));
    fermat.retrieve() == U2048::ONE && is_probable_prime(q_odd)
}

/// The remainder of a division by a small number.
pub(super) fn remainder(n: &U2048, divisor: u32) -> u32 {
    n.to_be_bytes().iter().fold(0, |rest, byte| (rest << 8 | u32::from(*byte)) % divisor)
}

/// Miller–Rabin.
fn is_probable_prime(n: Odd<U2048>) -> bool {
    let params = FixedMontyParams::new_vartime(n);
    let (one, minus_one) = (Element::one(&params), -Element::one(&params));
    let below = n.wrapping_sub(&U2048::ONE);
    let twos = below.trailing_zeros_vartime();
    let odd_part = below.shr_vartime(twos);
    (0..ROUNDS).all(|round| {
        let mut x = Element::new(&base(&n, round), &params).pow_vartime(&odd_part);
        x == one
            || (0..twos).any(|_| {
                let found = x == minus_one;
                x = x.square();
                found
            })
    })
}

/// The base of one round: 1024 bits of hash, of which no one can choose a single one. Never 0; 1 is out of reach.
fn base(n: &U2048, round: u32) -> U2048 {
    let mut wide = [0; 256];
    for (part, half) in wide[128..].chunks_exact_mut(64).enumerate() {
        let hash = Sha512::new().chain_update(n.to_be_bytes()).chain_update(round.to_be_bytes()).chain_update([part as u8]);
        half.copy_from_slice(&hash.finalize());
    }
    U2048::from_be_slice(&wide)
}
