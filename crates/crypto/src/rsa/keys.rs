use crypto_bigint::{Odd, U2048};

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
        TELEGRAM_KEY
    }

    /// [`TELEGRAM_TEST`]
    #[must_use]
    pub fn telegram_test() -> Self {
        TELEGRAM_TEST_KEY
    }

    /// [`SANDBOX`]
    #[must_use]
    pub fn sandbox() -> Self {
        SANDBOX_KEY
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

/// What stands in the files, so that nothing has to be read at the start of a program.
const fn known(n: &str, fingerprint: u64) -> PublicKey {
    PublicKey { n: Odd::<U2048>::from_be_hex(n), e: 65537, fingerprint }
}

const TELEGRAM_KEY: PublicKey = known(
    "e8bb3305c0b52c6cf2afdf7637313489e63e05268e5badb601af417786472e5f93b85438968e20e6729a301c0afc121bf7151f834436f7fda680847a66bf64ac\
     cec78ee21c0b316f0edafe2f41908da7bd1f4a5107638eeb67040ace472a14f90d9f7c2b7def99688ba3073adb5750bb02964902a359fe745d8170e36876d4fd\
     8a5d41b2a76cbff9a13267eb9580b2d06d10357448d20d9da2191cb5d8c93982961cdfdeda629e37f1fb09a0722027696032fe61ed663db7a37f6f263d370f69\
     db53a0dc0a1748bdaaff6209d5645485e6e001d1953255757e4b8e42813347b11da6ab500fd0ace7e6dfa3736199ccaf9397ed0745a427dcfa6cd67bcb1acff3",
    0xd09d1d85de64fd85,
);

const TELEGRAM_TEST_KEY: PublicKey = known(
    "c8c11d635691fac091dd9489aedced2932aa8a0bcefef05fa800892d9b52ed03200865c9e97211cb2ee6c7ae96d3fb0e15aeffd66019b44a08a240cfdd2868a8\
     5e1f54d6fa5deaa041f6941ddf302690d61dc476385c2fa655142353cb4e4b59f6e5b6584db76fe8b1370263246c010c93d011014113ebdf987d093f9d37c2be\
     48352d69a1683f8f6e6c2167983c761e3ab169fde5daaa12123fa1beab621e4da5935e9c198f82f35eae583a99386d8110ea6bd1abb0f568759f62694419ea5f\
     69847c43462abef858b4cb5edc84e7b9226cd7bd7e183aa974a712c079dde85b9dc063b8a5c08e8f859c0ee5dcd824c7807f20153361a7f63cfd2a433a1be7f5",
    0xb25898df208d2603,
);

const SANDBOX_KEY: PublicKey = known(
    "bd7eb6b106c83650e3554c6afb494fd708911a0366975e928bd96c7ddbef3c11a353ad37a9a9e16ecc4fef78089a85da9828a8eb71da740bb029466666981a51\
     b2c639f7e8752ea585c079a454770adc0e2f3dc7f731808cab8c69af0b707498d710b4772dd32cbe66afcfbb446440c71de606daaf302da8bce6bea94fe1f84b\
     f23cc0adad124f10aaf871e2a71fa35258146ba661047c7d03c30c2bcc0919213fdacfffed0117bfb1f524363a6ab74936e2299b5bb46d8da4661661cd90bea3\
     b733f96c286ec913b562193ac0b34cdc1bc8be2d13b829fe0a8e5c22fb05c556c18eae0e56449b827ffcc0efdf97e16be97195e37028aeea1cd28241e9afe4ad",
    0xdb154649c92e79d8,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_keys_are_those_of_the_files() {
        for (known, pem) in [(TELEGRAM_KEY, TELEGRAM), (TELEGRAM_TEST_KEY, TELEGRAM_TEST), (SANDBOX_KEY, SANDBOX)] {
            let read = PublicKey::from_pem(pem).unwrap();
            assert!(known == read, "{known:?} is not {read:?}");
        }
    }
}
