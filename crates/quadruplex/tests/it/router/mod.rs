//! Handlers, from the sandbox's update to the answer that arrives.

mod around;
mod basics;
mod commands;
mod filters;
mod support;
