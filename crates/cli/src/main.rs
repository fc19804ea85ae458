//! The `quadruplex` command.

fn main() {}
