//! Where sessions are, encrypted or not.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quadruplex::store::{Error as StoreError, Redb, Store};
use quadruplex_stores::{Error, KEY_VARIABLE, Options, open};

use crate::failure::{Failure, Kind};

/// Opens a session file, or makes it: encrypted if there is a key and it is worth it.
pub(crate) async fn open_file(path: &Path, wait: Duration, seals_new: bool) -> Result<Arc<dyn Store>, Error> {
    let mut options = Options::from_env()?;
    match path.to_str() {
        Some(name) if options.key.is_some() && (seals_new || path.exists()) => {
            options.wait = wait;
            open_either(&format!("redb:{name}"), options).await
        }
        _ => Ok(Arc::new(Redb::open(path, wait).await?)),
    }
}

/// Opens a store, encrypted or not: the key is for one that is.
pub(crate) async fn open_either(url: &str, options: Options) -> Result<Arc<dyn Store>, Error> {
    let mut plain = options.clone();
    let has_key = plain.key.take().is_some();
    match open(url, options).await {
        Err(error) if has_key && !matches!(error, Error::Store(StoreError::InUse { .. })) => match (open(url, plain).await, error) {
            // It is encrypted, and not with this key.
            (Err(_), error @ Error::Key(_)) => Err(error),
            (opened, _) => opened,
        },
        opened => opened,
    }
}

/// What to do about one that does not open because it is encrypted.
pub(crate) fn about_key(error: &Error) -> Option<String> {
    let what = match error {
        Error::Store(StoreError::Corrupt { reason, .. }) if reason.starts_with("it is encrypted") => "has its key",
        Error::Key(what) if what.starts_with("is missing") => "has its key",
        Error::Key(what) if what.starts_with("is not the one") => "has to be the key with which it was written",
        _ => return None,
    };
    Some(format!("{KEY_VARIABLE} in the environment {what}"))
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let help = about_key(&error);
        let failure = match error {
            Error::Url { .. } | Error::NotBuilt { .. } => Self::new(Kind::Usage, error.to_string()),
            Error::Store(error) => quadruplex::Error::from(error).into(),
            _ => Self::new(Kind::Session, error.to_string()),
        };
        match help {
            Some(help) => failure.with_help(&help),
            None => failure,
        }
    }
}
