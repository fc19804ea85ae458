//! The command as it is run: its output, its errors, its exit codes.

mod bad_input;
mod command;
mod dead;
mod demo;
mod imported;
mod kills;
mod proxies;
mod sandbox;
mod schema;
mod store;
