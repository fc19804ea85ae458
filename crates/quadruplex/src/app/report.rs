use std::fmt;
use std::sync::Arc;

/// Hears of what handlers have failed with.
#[derive(Clone, Default)]
pub(crate) struct Report(Option<Arc<dyn Fn(String) + Send + Sync>>);

impl Report {
    #[cfg(feature = "sandbox")]
    pub(crate) fn new(hear: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(hear)))
    }

    pub(crate) fn failed(&self, failure: &impl fmt::Display) {
        if let Some(hear) = &self.0 {
            hear(failure.to_string());
        }
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Report").field(&self.0.is_some()).finish()
    }
}
