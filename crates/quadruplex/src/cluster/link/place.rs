use std::fmt;
use std::sync::Arc;

use super::Link;
use crate::client::lock;
use crate::cluster::frame::Asked;

/// A place in a queue that the holder keeps.
pub(crate) struct Reserved {
    pub(super) link: Arc<Link>,
    pub(super) place: u64,
    /// A call has it.
    pub(super) is_used: bool,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if !self.is_used {
            let mut state = lock(&self.link.state);
            self.link.say_in_turn(&mut state, Asked::Leave { place: self.place });
        }
    }
}

impl fmt::Debug for Reserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reserved").field(&self.place).finish()
    }
}
