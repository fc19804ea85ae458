use std::sync::Arc;

use crate::BoxError;
use crate::router::{Argument, Refusal, Update};

/// What a handler has failed with, for those of [`Router::on_error`](crate::Router::on_error).
#[derive(Clone, Debug)]
pub struct Failure {
    pub(crate) handler: &'static str,
    pub(crate) error: Arc<BoxError>,
}

impl Failure {
    /// The name of the handler.
    pub fn handler(&self) -> &'static str {
        self.handler
    }

    /// What it has failed with; a panic is an error that says so.
    pub fn error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        &**self.error
    }
}

impl Argument for Failure {
    fn fits(update: &Update) -> bool {
        update.failure().is_some()
    }

    async fn take(update: &Update) -> Result<Self, Refusal> {
        update.failure().cloned().ok_or(Refusal::Skip)
    }
}
