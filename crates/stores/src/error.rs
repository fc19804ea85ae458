use quadruplex_store::Error as StoreError;

/// Why a store could not be opened or copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The store itself says no.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address cannot be understood.
    #[error("{url} is no address of a store: {why}")]
    Url {
        /// The address, without credentials.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// This program was built without that backend.
    #[error("{scheme} stores are not built into this program\n  help: build it with the feature `{feature}`")]
    NotBuilt {
        /// What the address begins with.
        scheme: String,
        /// What to build with.
        feature: &'static str,
    },
    /// The key for encryption cannot be used.
    #[error("the key for encryption at rest {0}\n  help: `openssl rand -hex 32` makes one; keep it apart from the store")]
    Key(&'static str),
    /// There is no store, and none was to be made.
    #[error("there is no store at {0}")]
    Missing(String),
    /// The target of a copy is not empty.
    #[error("there is something in {0} already; it was left as it is\n  help: copy into a new store")]
    NotEmpty(String),
}

/// A store's error of the backend's own kind.
pub(crate) fn backend(doing: &'static str, place: &str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Backend { doing, place: place.to_owned(), source: source.into() }
}
