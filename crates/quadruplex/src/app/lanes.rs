//! How many updates are handled at once, which one after another, and how often.

use std::time::Duration;

use super::App;
use crate::{Order, updates::UpdateLimits};

impl App {
    /// Which updates are handled one after another; those of one chat unless told otherwise.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// let app = App::new(Router::new()).order(Order::PerUser).at_once(1000).attempts(5).backoff(SECOND, HOUR);
    /// # let _ = app;
    /// ```
    pub fn order(self, order: Order) -> Self {
        self.limit(|limits| limits.order(order))
    }

    /// How many updates are handled at the same time; 256 unless told otherwise. What waits for an answer does not count.
    pub fn at_once(self, count: usize) -> Self {
        self.limit(|limits| limits.at_once(count))
    }

    /// After so many failures an update becomes a dead letter; 3 unless told otherwise.
    pub fn attempts(self, count: u32) -> Self {
        self.limit(|limits| limits.attempts(count))
    }

    /// How long an update, and what stands in line behind it, waits after its first failure, which doubles with each further one up to
    /// `most`; a second and five minutes unless told otherwise.
    pub fn backoff(self, first: Duration, most: Duration) -> Self {
        self.limit(|limits| limits.backoff(first, most))
    }

    /// How many updates wait or are handled at most, save those of an answer that was on its way; 10,000 unless told otherwise. Then the
    /// rest is left with Telegram until half of these are done.
    pub fn journal_limit(self, count: usize) -> Self {
        self.limit(|limits| limits.journal_limit(count))
    }

    fn limit(self, change: impl FnOnce(UpdateLimits) -> UpdateLimits) -> Self {
        Self { limits: change(self.limits), ..self }
    }
}
