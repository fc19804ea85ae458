//! The factorisation that opens the key exchange: the client shows its good will by a little work.

use rand_core::Rng;

/// Splits `pq` into two different primes, the smaller one first.
///
/// `None` for everything else: zero, one, primes, squares, numbers of more than two prime factors. Takes a bounded time for
/// every input; the numbers of the key exchange, below 2⁶³, take about a millisecond.
///
/// ```
/// use quadruplex_crypto::pq::factorize;
///
/// assert_eq!(factorize(0x17ed48941a08f981), Some((0x494c553b, 0x53911073)));
/// assert_eq!(factorize(0x494c553b), None); // prime
/// ```
#[must_use]
pub fn factorize(pq: u64) -> Option<(u64, u64)> {
    if pq < 6 || is_prime(pq) {
        return None;
    }
    let factor = if pq.is_multiple_of(2) { 2 } else { (1..=POLYNOMIALS).find_map(|c| rho(pq, c))? };
    let (p, q) = (factor.min(pq / factor), factor.max(pq / factor));
    (p < q && is_prime(p) && is_prime(q)).then_some((p, q))
}

/// Two different primes of 31 bits for a server's `pq`, the smaller one first. Their product is below 2⁶², which clients that
/// read it as a signed number need.
#[must_use]
pub fn generate(rng: &mut (impl Rng + ?Sized)) -> (u64, u64) {
    let mut draw = || next_prime(u64::from(rng.next_u32() >> 2 | 1 << 30));
    let (p, mut q) = (draw(), draw());
    if p == q {
        q = next_prime(p + 1);
    }
    (p.min(q), p.max(q))
}

/// The first prime from `n` on. Below 2³² it is less than 400 away.
fn next_prime(n: u64) -> u64 {
    (n..).find(|n| is_prime(*n)).expect("there is always another prime")
}

/// How many polynomials are tried. One nearly always suffices; all failing for a composite number is unheard of.
const POLYNOMIALS: u64 = 16;
/// Steps per polynomial: a factor of 2³² falls after some 2¹⁶.
const MAX_STEPS: u32 = 1 << 20;
/// Steps between two greatest common divisors.
const BATCH: u32 = 128;

/// Pollard's rho in Brent's form with `x² + c`: a proper factor of the odd composite `n`, if this polynomial finds one.
fn rho(n: u64, c: u64) -> Option<u64> {
    let step = |x: u64| add(mul(x, x, n), c, n);
    let (mut y, mut length, mut steps) = (2, 1, 0);
    while steps < MAX_STEPS {
        let x = y;
        for _ in 0..length {
            y = step(y);
        }
        let mut done = 0;
        while done < length {
            let (start, batch) = (y, BATCH.min(length - done));
            let mut product = 1;
            for _ in 0..batch {
                y = step(y);
                product = mul(product, x.abs_diff(y), n);
            }
            match gcd(product, n) {
                1 => done += batch,
                // Somewhere in this batch; walk it again one by one.
                _ => return walk(start, batch, x, n, step),
            }
        }
        steps += 2 * length;
        length *= 2;
    }
    None
}

fn walk(mut y: u64, batch: u32, x: u64, n: u64, step: impl Fn(u64) -> u64) -> Option<u64> {
    for _ in 0..batch {
        y = step(y);
        match gcd(x.abs_diff(y), n) {
            1 => {}
            factor => return (factor != n).then_some(factor),
        }
    }
    None
}

/// Miller–Rabin with the twelve bases that decide every 64-bit number.
fn is_prime(n: u64) -> bool {
    const BASES: [u64; 12] = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];
    if n < 2 {
        return false;
    }
    if let Some(&base) = BASES.iter().find(|&&base| n.is_multiple_of(base)) {
        return n == base;
    }
    let twos = (n - 1).trailing_zeros();
    BASES.iter().all(|&base| {
        let mut x = pow(base, (n - 1) >> twos, n);
        x == 1
            || (0..twos).any(|_| {
                let found = x == n - 1;
                x = mul(x, x, n);
                found
            })
    })
}

fn pow(mut base: u64, mut exponent: u64, n: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = mul(result, base, n);
        }
        base = mul(base, base, n);
        exponent >>= 1;
    }
    result
}

fn mul(a: u64, b: u64, n: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(n)) as u64
}

fn add(a: u64, b: u64, n: u64) -> u64 {
    ((u128::from(a) + u128::from(b)) % u128::from(n)) as u64
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primality_agrees_with_trial_division() {
        let slow = |n: u64| n > 1 && (2..).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d));
        for n in (0..5000).chain((1 << 32) - 100..1 << 32) {
            assert_eq!(is_prime(n), slow(n), "{n}");
        }
        // Strong pseudoprimes to the first bases, and the largest prime.
        for composite in [2_047, 3_215_031_751, 341_550_071_728_321, 3_825_123_056_546_413_051] {
            assert!(!is_prime(composite), "{composite}");
        }
        assert!(is_prime(18_446_744_073_709_551_557));
    }

    #[test]
    fn exactly_the_products_of_two_different_primes() {
        let slow = |n: u64| {
            let p = (2..n).take_while(|d| d * d <= n).find(|d| n.is_multiple_of(*d))?;
            (p * p != n && is_prime(n / p)).then_some((p, n / p))
        };
        for n in 0..20_000 {
            assert_eq!(factorize(n), slow(n), "{n}");
        }
    }
}
