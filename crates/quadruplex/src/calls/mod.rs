//! What happens to calls on their way besides being sent: several at once, one after another, not too often, not for ever.

mod limits;
mod multiple;
mod once;
mod patience;
mod queue;
mod run;
mod slow;
mod target;
mod wait;

pub use limits::Limit;
pub(crate) use limits::Limits;
pub(crate) use multiple::Outbox;
pub use multiple::{Mixed, Multiple, MultipleMixed};
pub(crate) use once::SentIds;
pub(crate) use patience::Patience;
pub use queue::AfterFailure;
pub(crate) use queue::{Line, Place, Queues};
pub(crate) use run::{Run, Tried};
pub(crate) use target::{id_of, marked_channel, target_of};
pub use wait::Wait;
