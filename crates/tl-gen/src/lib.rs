//! Generates Rust from a TL schema.
