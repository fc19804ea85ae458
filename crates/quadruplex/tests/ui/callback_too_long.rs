use quadruplex::prelude::*;

#[derive(Callback)]
struct Long {
    ids: [i64; 8],
}

fn main() {}
