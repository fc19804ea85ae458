//! The checker from the outside.

mod cli;
mod exceptions;
mod fixes;
mod fixtures;
mod output;
mod project;
mod recall;
mod robust;
mod support;
