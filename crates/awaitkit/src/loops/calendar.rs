use std::time::Duration;

use futures_util::future::BoxFuture;

use super::Missed;
use crate::BoxError;

/// The ticks of a loop that goes by the clock on the wall.
pub(super) trait Calendar: Send + Sync {
    /// Learns when it last ran. Called before each start.
    fn open(&self) -> BoxFuture<'_, Result<(), BoxError>>;

    /// How long until the next tick; `None` if there is none.
    fn remaining(&self, missed: Missed) -> Option<Duration>;

    /// Whether a tick is due now; if so it begins.
    fn tick(&self, missed: Missed) -> bool;

    /// The tick that began, if any, has been served.
    fn ran(&self) -> BoxFuture<'_, Result<(), BoxError>>;
}
