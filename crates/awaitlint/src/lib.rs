//! Finds the mistakes in async Rust about which rustc and clippy are silent.
