//! What the code written by the macros calls. Not part of the interface.

use std::convert::Infallible;

use crate::SharedError;

/// A result whose value and error are kept apart.
#[diagnostic::on_unimplemented(
    message = "the error of a memoised function must be able to say that the shared work failed",
    note = "implement `From<awaitkit::SharedError<E>> for E` for the error type `E`, or use `awaitkit::BoxError`"
)]
pub trait Memoized {
    /// What is kept.
    type Value;
    /// What is shared, but not kept.
    type Error;

    /// The result itself.
    fn into_result(self) -> Result<Self::Value, Self::Error>;

    /// The result of the function for what the memo gave.
    fn from_memo(found: Result<Self::Value, SharedError<Self::Error>>) -> Self;
}

impl<V, E: From<SharedError<E>>> Memoized for Result<V, E> {
    type Value = V;
    type Error = E;

    fn into_result(self) -> Self {
        self
    }

    fn from_memo(found: Result<V, SharedError<E>>) -> Self {
        found.map_err(E::from)
    }
}

/// The value of a function that cannot return an error.
#[track_caller]
pub fn value_or_panic<V>(found: Result<V, SharedError<Infallible>>) -> V {
    match found {
        Ok(value) => value,
        Err(e) => panic!("{e}"),
    }
}

/// The work of a memoised method runs in a task of its own with a clone of `self`.
pub fn memoize_on_a_method_needs_self_to_be_clone_send_sync_static<T: Clone + Send + Sync + 'static>() {}
