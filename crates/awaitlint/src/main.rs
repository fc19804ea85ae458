//! `cargo awaitlint`.

fn main() {}
