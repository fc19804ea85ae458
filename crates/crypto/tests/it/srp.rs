use quadruplex_crypto::dh::{Group, Secret};
use quadruplex_crypto::srp::{Challenge, Error, Parameters};

use crate::vectors::{Record, records};

fn parameters(record: &Record<'_>) -> Parameters {
    let group = Group::new(record.text("g").parse().unwrap(), &Group::telegram().prime()).unwrap();
    Parameters { group, salt1: record.bytes("salt1"), salt2: record.bytes("salt2") }
}

#[test]
fn vectors_of_others() {
    for record in records(include_str!("vectors/srp.txt")) {
        let (parameters, password) = (parameters(&record), record.bytes("password"));
        assert_eq!(parameters.verifier(&password), record.array("verifier"));

        let proof = parameters.prove(&password, &record.bytes("srp_b"), Secret::from_bytes(&record.array("a"))).unwrap();
        assert_eq!(proof.a, record.array("srp_a"));
        assert_eq!(proof.m1, record.array("m1"));

        let challenge = Challenge::new(&parameters, &record.array("verifier"), Secret::from_bytes(&record.array("b")));
        assert_eq!(challenge.b(), &record.array("srp_b"));
        assert_eq!(challenge.check(&proof.a, &proof.m1), Ok(()));
    }
}

#[test]
fn every_changed_bit_of_a_proof_is_a_wrong_password() {
    let record = &records(include_str!("vectors/srp.txt"))[0];
    let challenge = Challenge::new(&parameters(record), &record.array("verifier"), Secret::from_bytes(&record.array("b")));
    let (a, m1): ([u8; 256], [u8; 32]) = (record.array("srp_a"), record.array("m1"));
    for bit in (0..256).step_by(7) {
        let mut changed = m1;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(challenge.check(&a, &changed), Err(Error::Password));
    }
    for byte in (8..256).step_by(31) {
        let mut changed = a;
        changed[byte] ^= 1;
        assert_eq!(challenge.check(&changed, &m1), Err(Error::Password));
    }
    assert_eq!(challenge.check(&a, &m1[..31]), Err(Error::Password));
    assert_eq!(challenge.check(&a, &[]), Err(Error::Password));
}

#[test]
fn public_values_that_give_the_game_away_are_refused() {
    let record = &records(include_str!("vectors/srp.txt"))[0];
    let (parameters, prime) = (parameters(record), Group::telegram().prime());
    let challenge = Challenge::new(&parameters, &record.array("verifier"), Secret::from_bytes(&record.array("b")));
    for bad in [&[][..], &[0], &[1], &prime, &[0xff; 256], &[1; 300]] {
        assert_eq!(challenge.check(bad, &[0; 32]), Err(Error::PublicValue));
        assert_eq!(parameters.prove(b"", bad, Secret::from_bytes(&[1; 256])), Err(Error::PublicValue));
    }
    // A secret of zero would prove the password to everybody who listens.
    assert_eq!(parameters.prove(b"", challenge.b(), Secret::from_bytes(&[0; 256])), Err(Error::PublicValue));
}
