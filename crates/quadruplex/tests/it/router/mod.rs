//! Handlers, from the sandbox's update to the answer that arrives.

mod again;
mod around;
mod basics;
mod buttons;
mod commands;
mod cost;
mod filters;
mod lanes;
mod once;
mod order;
pub(crate) mod support;
mod trouble;
