//! Says what it was told: `cargo run --example echo -- --sandbox`.

use quadruplex::prelude::*;

#[tokio::main]
async fn main() -> Result {
    quadruplex::run(Router::new().on_message(echo)).await
}

async fn echo(msg: Text) -> Result {
    msg.respond(msg.text()).await?;
    Ok(())
}
