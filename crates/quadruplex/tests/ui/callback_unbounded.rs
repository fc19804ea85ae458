use quadruplex::prelude::*;

#[derive(Callback)]
struct Named {
    name: String,
}

fn main() {}
