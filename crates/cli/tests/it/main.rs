//! The command as it is run: its output, its errors, its exit codes.

mod bad_input;
mod command;
mod dead;
mod demo;
mod imported;
mod kills;
mod logins;
mod paths;
mod proxies;
mod running;
mod sandbox;
mod schema;
mod session_files;
mod store;
mod together;
