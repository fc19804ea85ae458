use std::time::Duration;

use crate::BoxError;

/// What a loop does after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Goes on as it is made: at once, after the period, or on demand.
    Continue,
    /// Runs again after so long, or when it is resumed.
    Sleep(Duration),
    /// Runs again when it is resumed.
    Pause,
    /// Ends.
    Stop,
}

/// What the function of a loop may return: [`Next`], nothing, or a `Result` of those.
///
/// Nothing means [`Next::Continue`], and [`Next::Pause`] for a loop made by [`Loop::new`](crate::Loop::new) or
/// [`Loop::with_signals`](crate::Loop::with_signals).
#[diagnostic::on_unimplemented(
    message = "a loop cannot tell from `{Self}` when to run next",
    note = "return `Next`, `()`, or a `Result` of those whose error converts into `BoxError`"
)]
pub trait IntoNext {
    /// What comes next; `None` if that was left open.
    #[doc(hidden)]
    fn into_next(self) -> Result<Option<Next>, BoxError>;
}

impl IntoNext for Next {
    fn into_next(self) -> Result<Option<Next>, BoxError> {
        Ok(Some(self))
    }
}

impl IntoNext for () {
    fn into_next(self) -> Result<Option<Next>, BoxError> {
        Ok(None)
    }
}

impl<N: IntoNext, E: Into<BoxError>> IntoNext for Result<N, E> {
    fn into_next(self) -> Result<Option<Next>, BoxError> {
        self.map_err(Into::into)?.into_next()
    }
}
