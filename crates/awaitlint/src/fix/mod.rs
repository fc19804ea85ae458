//! Changes that mend a finding, and writing them to files.

mod kit;

pub(crate) mod join;
pub(crate) mod map;

pub(crate) use kit::Kit;
