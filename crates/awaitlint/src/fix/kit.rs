//! What a fix may call: the crates that a package already depends on.

use crate::project::Package;

/// The crates that a fix may call, and the limit it may write.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Kit {
    pub(crate) awaitkit: bool,
    pub(crate) futures: bool,
    pub(crate) tokio: bool,
    pub(crate) limit: Option<usize>,
}

impl Kit {
    pub(crate) fn of(package: &Package, limit: Option<usize>) -> Kit {
        let has = |wanted: &str| package.deps.iter().any(|(name, _)| &**name == wanted);
        Kit { awaitkit: has("awaitkit"), futures: has("futures"), tokio: has("tokio"), limit }
    }

    /// The crate whose `join!` and `try_join!` are at hand.
    pub(crate) fn join_crate(self) -> Option<&'static str> {
        match self {
            Kit { awaitkit: true, .. } => Some("awaitkit"),
            Kit { tokio: true, .. } => Some("tokio"),
            Kit { futures: true, .. } => Some("futures"),
            _ => None,
        }
    }

    pub(crate) fn join_help(self, tries: bool) -> String {
        format!("`{}::{}!`", self.join_crate().unwrap_or("tokio"), if tries { "try_join" } else { "join" })
    }

    pub(crate) fn map_help(self) -> &'static str {
        match self {
            Kit { awaitkit: true, .. } => "run a bounded number at once: `awaitkit::try_map_concurrent(items, limit!(16), …)`",
            _ => "run a bounded number at once: `stream::iter(items).map(…).buffered(16)`, or awaitkit's `try_map_concurrent`",
        }
    }

    pub(crate) fn memo_help(self) -> &'static str {
        match self {
            Kit { awaitkit: true, .. } => "keep the future, not the value: `awaitkit::Memo` runs it once for all who ask",
            _ => {
                "keep the future, not the value: `tokio::sync::OnceCell`, moka's `get_with` or awaitkit's `Memo` run it once for all who ask"
            }
        }
    }

    pub(crate) fn batch_help(self) -> &'static str {
        match self {
            Kit { awaitkit: true, .. } => "`awaitkit::Batcher` turns lookups made together into one request",
            _ => "ask for all keys in one request if the other side can; awaitkit's `Batcher` collects them",
        }
    }

    pub(crate) fn limit_help(self) -> &'static str {
        match self {
            Kit { awaitkit: true, .. } => "set a limit: `awaitkit::map_concurrent(items, limit!(16), …)`",
            _ => "set a limit: `.buffer_unordered(16)`, a `Semaphore`, or awaitkit's `map_concurrent`",
        }
    }
}
