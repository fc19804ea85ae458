//! The model, called directly: every request and answer goes through the schemas of layers 227, 229 and 230.

mod auth;
mod fixture;
mod messages;
mod updates;
mod upload;
