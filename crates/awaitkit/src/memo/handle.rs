use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::Arc;

use super::run::{Outcome, Run};
use crate::SharedError;

/// Work that has been started by [`Memo::start`](crate::Memo::start); any number of clones can be awaited.
///
/// # Cancel safety
///
/// Dropping a handle, awaited or not, changes nothing: the work goes on in its own task and its value is kept.
pub struct MemoHandle<V, E>(State<V, E>);

enum State<V, E> {
    Ready(Outcome<V, E>),
    Running(Arc<Run<V, E>>),
}

impl<V, E> MemoHandle<V, E> {
    pub(super) fn ready(outcome: Outcome<V, E>) -> Self {
        Self(State::Ready(outcome))
    }

    pub(super) fn running(run: Arc<Run<V, E>>) -> Self {
        Self(State::Running(run))
    }
}

impl<V: Clone, E> Clone for MemoHandle<V, E> {
    fn clone(&self) -> Self {
        Self(match &self.0 {
            State::Ready(outcome) => State::Ready(outcome.clone()),
            State::Running(run) => State::Running(Arc::clone(run)),
        })
    }
}

impl<V, E> IntoFuture for MemoHandle<V, E>
where
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    type Output = Result<V, SharedError<E>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            match self.0 {
                State::Ready(outcome) => outcome,
                State::Running(run) => run.wait().await.unwrap_or(Err(SharedError::Stopped)),
            }
        })
    }
}

impl<V, E> std::fmt::Debug for MemoHandle<V, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = match self.0 {
            State::Ready(_) => "ready",
            State::Running(_) => "running",
        };
        f.debug_tuple("MemoHandle").field(&state).finish()
    }
}
