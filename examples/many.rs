//! Several accounts in one program, none of which disturbs another: `cargo run --example many -- --sandbox`, then `hello`, and
//! `@shop_bot hello` to talk with the other one.

use quadruplex::prelude::*;

/// Which account a handler belongs to.
#[derive(Clone)]
struct Name(String);

async fn who(_: Text, State(Name(name)): State<Name>) -> String {
    format!("this is {name}")
}

fn app(name: &str) -> App {
    App::new(Router::new().on_message(who).state(Name(name.to_owned()))).at_once(64)
}

#[tokio::main]
async fn main() -> Result {
    // API_ID and API_HASH are in the environment, each session is in a file of its own.
    quadruplex::start_and_loop(app, [Account::stored("shop.redb"), Account::stored("news.redb")]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[quadruplex::test]
    async fn each_says_its_name(telegram: Sandbox) -> Result {
        let bots = [telegram.app(app("shop")).await?, telegram.app(app("news")).await?];
        let alice = telegram.user("alice").await?;
        for (bot, name) in bots.iter().zip(["this is shop", "this is news"]) {
            let mut chat = alice.open(bot).await?;
            chat.say("who are you?").await?;
            assert_eq!(chat.reply().await?.text(), name);
        }
        Ok(())
    }
}
