//! A sandbox in this process, for programs that are started with `--sandbox`.

#[cfg(feature = "sandbox")]
mod chat;
#[cfg(feature = "sandbox")]
mod host;

#[cfg(feature = "sandbox")]
pub(super) use host::{bot, person};

#[cfg(not(feature = "sandbox"))]
pub(super) use absent::{bot, person};

/// What is there without the sandbox: an error that says so.
#[cfg(not(feature = "sandbox"))]
mod absent {
    use crate::{Client, Error};

    pub(crate) enum Local {}

    impl Local {
        pub(crate) async fn talk(self) {
            match self {}
        }
    }

    fn refused() -> Error {
        Error::Invalid("--sandbox: this program was built without the feature `sandbox` of quadruplex".to_owned())
    }

    pub(crate) async fn person(_: &str) -> Result<Client, Error> {
        Err(refused())
    }

    pub(crate) async fn bot() -> Result<(Client, Local), Error> {
        Err(refused())
    }
}
