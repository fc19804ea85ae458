//! Integration tests; one module for each part of the crate.

mod batcher;
mod memo;
mod shapes;
