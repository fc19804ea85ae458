//! Handlers, from the sandbox's update to the answer that arrives.

mod around;
mod basics;
mod buttons;
mod commands;
mod filters;
mod lanes;
pub(crate) mod support;
