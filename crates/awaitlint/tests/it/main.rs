//! The checker from the outside.

mod fixtures;
