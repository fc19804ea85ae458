use super::{PrivateKey, PublicKey};

/// The key of Telegram's production servers, fingerprint `d09d1d85de64fd85` (<https://core.telegram.org/resources>).
pub const TELEGRAM: &str = include_str!("keys/telegram.pem");
/// The key of Telegram's test servers, fingerprint `b25898df208d2603`.
pub const TELEGRAM_TEST: &str = include_str!("keys/telegram_test.pem");
/// The public key of the sandbox.
pub const SANDBOX: &str = include_str!("keys/sandbox.pem");
/// The private key of the sandbox. It is published here on purpose, so that every sandbox is the same and starts at once: whoever
/// trusts it trusts everybody.
pub const SANDBOX_PRIVATE: &str = include_str!("keys/sandbox_private.pem");

impl PublicKey {
    /// [`TELEGRAM`]
    #[must_use]
    pub fn telegram() -> Self {
        constant(TELEGRAM)
    }

    /// [`TELEGRAM_TEST`]
    #[must_use]
    pub fn telegram_test() -> Self {
        constant(TELEGRAM_TEST)
    }

    /// [`SANDBOX`]
    #[must_use]
    pub fn sandbox() -> Self {
        constant(SANDBOX)
    }
}

impl PrivateKey {
    /// [`SANDBOX_PRIVATE`]
    #[must_use]
    pub fn sandbox() -> Self {
        // That its exponents belong together, which takes longer than all else that a sandbox starts with, is seen in tests.
        Self::parse(SANDBOX_PRIVATE).expect("a committed file, read in tests")
    }
}

fn constant(pem: &str) -> PublicKey {
    PublicKey::from_pem(pem).expect("a committed file, read in tests")
}
