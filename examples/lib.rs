//! Small programs, one for each thing that a user wants to do. Each runs without an account: `cargo run --example echo -- --sandbox`.
