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

#[cfg(test)]
mod tests {
    use super::*;

    #[quadruplex::test]
    async fn it_says_what_it_was_told(telegram: Sandbox) -> Result {
        let bot = telegram.bot(Router::new().on_message(echo)).await?;
        let mut chat = telegram.user("alice").await?.open(&bot).await?;
        for text in ["hello", "<b>"] {
            chat.say(text).await?;
            assert_eq!(chat.reply().await?.text(), text);
        }
        Ok(())
    }
}
