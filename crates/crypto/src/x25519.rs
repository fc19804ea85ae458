//! Points of Curve25519 that nobody knows the secret of.
//!
//! A hello that only looks like TLS has to hold a public key, and random bytes are one only every other time, which an observer could
//! tell. Nothing here is secret, so nothing here takes care to be.

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Encoding, Odd, U256};
use rand_core::Rng;

type Element = FixedMontyForm<{ U256::LIMBS }>;

/// 2²⁵⁵ − 19
const P: U256 = U256::from_be_hex("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
/// (p − 1) / 2, the exponent of Euler's criterion
const HALF: U256 = U256::from_be_hex("3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff6");
/// The A of y² = x³ + Ax² + x
const A: u64 = 486_662;

/// A point of the subgroup of prime order, as a public key is written.
#[must_use]
pub fn any_public_key(rng: &mut dyn Rng) -> [u8; 32] {
    let params = FixedMontyParams::new_vartime(Odd::new(P).expect("the constant ends in ed"));
    let element = |number: &U256| Element::new(number, &params);
    let one = element(&U256::ONE);
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes[31] &= 0x7f;
    let mut x = element(&U256::from_le_bytes(bytes.into()));
    // Half of all numbers are on the curve; going on instead of drawing again ends with any source of randomness.
    while y_squared(&x, &params).pow(&HALF) != one {
        x += one;
    }
    // A point doubled three times is in the subgroup.
    for _ in 0..3 {
        let four = element(&U256::from_u64(4));
        let below = four * y_squared(&x, &params);
        let above = x.square() - one;
        x = above.square() * below.invert().into_option().unwrap_or(one);
    }
    // One of the few points that vanish by that: the base point instead.
    if y_squared(&x, &params).pow(&HALF) != one {
        x = element(&U256::from_u64(9));
    }
    let mut key = [0; 32];
    key.copy_from_slice(x.retrieve().to_le_bytes().as_ref());
    key
}

fn y_squared(x: &Element, params: &FixedMontyParams<{ U256::LIMBS }>) -> Element {
    let (a, one) = (Element::new(&U256::from_u64(A), params), Element::new(&U256::ONE, params));
    ((*x + a) * *x + one) * *x
}

#[cfg(test)]
mod tests {
    use rand_core::Rng;

    use super::*;

    /// Draws the same again and again.
    struct Same(u8);

    impl rand_core::TryRng for Same {
        type Error = std::convert::Infallible;
        fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
            Ok(u32::from_ne_bytes([self.0; 4]))
        }
        fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
            Ok(u64::from_ne_bytes([self.0; 8]))
        }
        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Self::Error> {
            out.fill(self.0);
            Ok(())
        }
    }

    #[test]
    fn every_key_is_on_the_curve() {
        let params = FixedMontyParams::new_vartime(Odd::new(P).unwrap());
        let one = Element::new(&U256::ONE, &params);
        for seed in 0..=255 {
            let rng: &mut dyn Rng = &mut Same(seed);
            let key = any_public_key(rng);
            let x = U256::from_le_bytes(key.into());
            assert!(x < P, "{seed}");
            let y_squared = y_squared(&Element::new(&x, &params), &params);
            assert!(y_squared.pow(&HALF) == one, "{seed}: {key:02x?}");
        }
    }
}
