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

#[cfg(test)]
mod tests {
    use super::*;

    #[quadruplex::test]
    async fn it_asks_until_it_knows(telegram: Sandbox) -> Result {
        let bot = telegram.bot(Router::new().on_command(register)).await?;
        let mut chat = telegram.user("alice").await?.open(&bot).await?;
        let talk = [
            ("/register", "What is your name?"),
            ("<b>", "How old are you?"),
            ("old", "A number, please."),
            ("30", "<b>, 30. Right?"),
            ("Yes", "Welcome, <b>!"),
        ];
        for (said, answer) in talk {
            chat.say(said).await?;
            assert_eq!(chat.reply().await?.text(), answer);
        }
        Ok(())
    }

    #[quadruplex::test]
    async fn cancel_ends_it(telegram: Sandbox) -> Result {
        let bot = telegram.bot(Router::new().on_command(register)).await?;
        let mut chat = telegram.user("alice").await?.open(&bot).await?;
        chat.say("/register").await?;
        chat.reply().await?;
        chat.say("/cancel").await?;
        chat.say("Alice").await?;
        chat.silence().await
    }
}
