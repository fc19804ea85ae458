use quadruplex::prelude::*;

#[quadruplex::handler]
async fn count(msg: Text) -> usize {
    msg.text().len()
}

fn main() {}
