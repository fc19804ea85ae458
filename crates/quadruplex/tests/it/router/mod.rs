//! Handlers, from the sandbox's update to the answer that arrives.

mod basics;
mod support;
