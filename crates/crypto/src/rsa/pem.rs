use crypto_bigint::U2048;
use pkcs1::der::pem::{LineEnding, PemLabel};
use pkcs1::der::{Decode, EncodePem, SecretDocument};
use pkcs1::{RsaPrivateKeyRef, RsaPublicKey, RsaPublicKeyRef, UintRef};
use zeroize::Zeroizing;

use super::{Error, PrivateKey, PublicKey};
use crate::dh::number;

impl PublicKey {
    /// Reads `-----BEGIN RSA PUBLIC KEY-----` (PKCS#1).
    ///
    /// ```
    /// use quadruplex_crypto::rsa::{PublicKey, SANDBOX};
    ///
    /// assert_eq!(PublicKey::from_pem(SANDBOX)?.to_pem(), SANDBOX);
    /// assert!(PublicKey::from_pem("ssh-rsa AAAA").is_err());
    /// # Ok::<(), quadruplex_crypto::rsa::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Pem`], or [`Error::Key`] as for [`new`](Self::new).
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let document = document(pem, RsaPublicKeyRef::PEM_LABEL)?;
        let key = RsaPublicKeyRef::from_der(document.as_bytes()).map_err(|error| Error::Pem(error.to_string()))?;
        Self::new(key.modulus.as_bytes(), key.public_exponent.as_bytes())
    }

    /// Writes `-----BEGIN RSA PUBLIC KEY-----` (PKCS#1) with a line feed after every line.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let (n, e) = (self.n(), self.e.to_be_bytes());
        let pem = || {
            let key = RsaPublicKey { modulus: UintRef::new(&n)?, public_exponent: UintRef::new(&e)? };
            key.to_pem(LineEnding::LF)
        };
        pem().expect("two numbers of bounded length always have a DER form")
    }
}

impl PrivateKey {
    /// Reads `-----BEGIN RSA PRIVATE KEY-----` (PKCS#1).
    ///
    /// # Errors
    /// [`Error::Pem`], or [`Error::Key`] as for [`PublicKey::new`], or when the private exponent does not undo the public one.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let key = Self::parse(pem)?;
        let probe = U2048::from_u32(2);
        if *key.power(&key.public.raw(&probe)) == probe { Ok(key) } else { Err(Error::Key("the two exponents do not belong together")) }
    }

    /// The key, whose exponents may not belong together.
    pub(super) fn parse(pem: &str) -> Result<Self, Error> {
        let document = document(pem, RsaPrivateKeyRef::PEM_LABEL)?;
        let key = RsaPrivateKeyRef::from_der(document.as_bytes()).map_err(|error| Error::Pem(error.to_string()))?;
        let public = PublicKey::new(key.modulus.as_bytes(), key.public_exponent.as_bytes())?;
        let d = number(key.private_exponent.as_bytes()).ok_or(Error::Key("the private exponent is too long"))?;
        Ok(Self { public, d: Zeroizing::new(d) })
    }
}

fn document(pem: &str, label: &'static str) -> Result<SecretDocument, Error> {
    let (found, document) = SecretDocument::from_pem(pem.trim_start()).map_err(|error| Error::Pem(error.to_string()))?;
    if found == label { Ok(document) } else { Err(Error::Pem(format!("it says BEGIN {found}, not BEGIN {label}"))) }
}
