//! A sandbox for programs that are started with `--sandbox`: the one that runs on this machine, else one in this process.

#[cfg(feature = "sandbox")]
mod chat;
#[cfg(feature = "sandbox")]
mod furnish;
#[cfg(feature = "sandbox")]
mod host;

#[cfg(feature = "sandbox")]
pub(crate) use host::{bot, bot_named, bot_named_with, bot_with, person, somebody_for, somebody_for_bot, somebody_for_bots};

#[cfg(not(feature = "sandbox"))]
pub(crate) use absent::{bot, bot_named, bot_named_with, bot_with, person, somebody_for, somebody_for_bot, somebody_for_bots};

/// What is there without the sandbox: an error that says so.
#[cfg(not(feature = "sandbox"))]
mod absent {
    use std::sync::Arc;

    use quadruplex_store::Store;

    use crate::{Client, Error};

    pub(crate) enum Local {}

    impl Local {
        pub(crate) async fn talk(self, _: impl AsyncFn() -> bool) {
            match self {}
        }
    }

    fn refused() -> Error {
        Error::Invalid("--sandbox: this program was built without the feature `sandbox` of quadruplex".to_owned())
    }

    pub(crate) async fn person() -> Result<Client, Error> {
        Err(refused())
    }

    pub(crate) async fn bot() -> Result<Client, Error> {
        Err(refused())
    }

    pub(crate) async fn bot_with(_: Arc<dyn Store>) -> Result<Client, Error> {
        Err(refused())
    }

    pub(crate) async fn bot_named_with(_: &str, _: Arc<dyn Store>) -> Result<Client, Error> {
        Err(refused())
    }

    pub(crate) async fn bot_named(_: &str) -> Result<Client, Error> {
        Err(refused())
    }

    pub(crate) async fn somebody_for(_: &Client) -> Result<Option<Local>, Error> {
        Ok(None)
    }

    pub(crate) async fn somebody_for_bot() -> Result<Option<Local>, Error> {
        Ok(None)
    }

    pub(crate) async fn somebody_for_bots() -> Result<Option<Local>, Error> {
        Ok(None)
    }
}
