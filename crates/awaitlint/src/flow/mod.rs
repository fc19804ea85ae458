//! What a piece of code reads, writes and keeps, and where in a function it stands.

mod comments;
mod context;
mod group;
mod guards;
mod uses;

pub(crate) use comments::{accepts_twice, says_held, says_on_purpose, says_why_first};
pub(crate) use context::{Context, awaits, context, enclosing_loops, in_condition, run_elsewhere};
pub(crate) use group::{Group, Site, group_of_operands, groups_of_block, site_of};
pub(crate) use guards::{Guard, GuardKind, guard_kind, held_guards};
pub(crate) use uses::{Aliases, Place, Uses, place_of, root_of};
