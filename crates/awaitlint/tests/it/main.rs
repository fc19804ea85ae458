//! The checker from the outside.

mod cli;
mod exceptions;
mod fixes;
mod fixtures;
mod output;
mod project;
mod robust;
mod support;
