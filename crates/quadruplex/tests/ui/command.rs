use quadruplex::prelude::*;

#[derive(Command)]
struct Undocumented;

/// An argument that has to be there after one that may be left out.
#[derive(Command)]
struct Order {
    #[arg(default = 1)]
    first: u8,
    second: u8,
}

/// Its name is too strange.
#[derive(Command)]
#[command(name = "Größe")]
struct Name;

fn main() {}
