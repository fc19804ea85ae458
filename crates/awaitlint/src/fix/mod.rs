//! Changes that mend a finding, and writing them to files.

mod apply;
mod kit;

pub(crate) mod join;
pub(crate) mod map;

pub use apply::{Outcome, apply};
pub(crate) use apply::{changes, diff, texts};
pub(crate) use kit::Kit;
