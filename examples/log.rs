//! A hundred messages, in order, in one packet: `cargo run --example log -- --sandbox`.

use quadruplex::prelude::*;

#[tokio::main]
async fn main() -> Result {
    let client = Client::from_args().await?;
    let lines = (1..=100).map(|n| client.send("me", format!("line {n}")));

    for sent in client.multiple(lines).queue("log").await {
        println!("{}", sent?.id());
    }
    Ok(())
}
