//! What a call does to the world: nothing, reads it, writes it, or depends on its place in a sequence.
//!
//! The class comes from the words of the name, the verbs of a builder chain, the text of an SQL statement, and, for functions of the
//! workspace, from their bodies through the call graph ([`Summaries`]).

mod alone;
mod blocking;
mod call;
mod heat;
mod reach;
mod summary;
mod words;

pub(crate) use blocking::{Blocking, BlockingCall, Waits, Weight, direct as blocking_call};
use call::chain;
pub(crate) use call::{effect_of_await, effect_of_call, strip_adapters};
pub(crate) use heat::Heat;
pub(crate) use reach::{Reach, computes, reach_of_await};
pub(crate) use summary::{Summaries, facts};
pub(crate) use words::{is_gate, is_question, is_startup, sql_changes, starts_up};

/// The classes, ordered by how much they forbid.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Effect {
    /// Does not wait for anything outside the process.
    Idle,
    Read,
    Unknown,
    Write,
    /// Has its place in a sequence: streams, transactions, locks, retries, sleeping, starting and stopping.
    Ordered,
}
