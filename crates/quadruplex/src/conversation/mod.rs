//! Asking somebody, and waiting for the answer inside a handler.
//!
//! A handler has the lane of its chat. While it waits it lends the lane: what comes from others is handled as ever, and the next message
//! of the one who was asked goes to the waiting handler, which has the lane again until it asks once more or ends. The message that began
//! it stays in the journal until then, and each answer is stored under it in the same transaction in which it is done. So the handler
//! begins anew after a restart or a failure, gets the answers that were given, sends nothing a second time, and waits where it had waited.

mod ask;
mod context;
mod kept;
mod waiting;

pub use ask::Ask;
pub(crate) use context::Context;
pub use kept::{Keeper, Kept, OfChat, OfMember, OfUser, Remembered};
pub(crate) use waiting::Waiting;

use crate::{BoxError, Error};

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConversationEnded {
    /// `/cancel` was the answer.
    #[error("the conversation was ended by /cancel")]
    Cancelled,
    /// Another command was the answer; it is handled.
    #[error("the conversation was ended by another command")]
    Command,
    /// There was no answer in time.
    #[error("the conversation was ended by silence")]
    Silence,
}

/// Whether a handler was ended by the one with whom it spoke.
pub(crate) fn is_end(error: &BoxError) -> bool {
    matches!(error.downcast_ref::<Error>(), Some(Error::ConversationEnded(_))) || error.is::<ConversationEnded>()
}
