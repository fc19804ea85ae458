//! Messages: sending, reading, changing.

mod load;

pub(crate) use load::load;
