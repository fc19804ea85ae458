//! Asking and waiting: `cargo run --example register -- --sandbox`, then `/register`.

use quadruplex::prelude::*;

/// Introduce yourself.
#[derive(Command)]
struct Register;

async fn register(_: Register, chat: Chat) -> Result {
    let name = chat.ask("What is your name?").text().await?;
    let age: u8 = chat.ask("How old are you?").parse().or_say("A number, please.").await?;
    let right = chat.ask(html!("<b>{name}</b>, {age}. Right?")).choice(["Yes", "No"]).within(5 * MINUTE).await?;
    if right == "Yes" {
        chat.send(html!("Welcome, <b>{name}</b>!")).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result {
    quadruplex::run(Router::new().on_command(register)).await
}
