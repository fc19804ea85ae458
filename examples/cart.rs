//! Values of each user, typed, that survive a restart: `cargo run --example cart -- --sandbox`, then `/add bread`, `/cart`, `/clear`.

use quadruplex::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
struct Cart {
    goods: Vec<String>,
}

impl Kept for Cart {
    const NAME: &'static str = "cart";
    const FOR: Option<Duration> = Some(DAY);
}

/// Put something into the cart.
#[derive(Command)]
struct Add {
    /// what
    #[arg(rest)]
    what: String,
}

/// What is in the cart.
#[derive(Command)]
#[command(name = "cart")]
struct Show;

/// Empty the cart.
#[derive(Command)]
struct Clear;

async fn add(Add { what }: Add, mut cart: OfUser<Cart>) -> Result<String> {
    cart.goods.push(what);
    cart.save().await?;
    Ok(format!("{} in your cart", cart.goods.len()))
}

async fn show(_: Show, cart: OfUser<Cart>) -> String {
    if cart.goods.is_empty() { "nothing".to_owned() } else { cart.goods.join(", ") }
}

async fn clear(_: Clear, cart: OfUser<Cart>) -> Result<&'static str> {
    cart.forget().await?;
    Ok("empty")
}

fn router() -> Router {
    Router::new().on_command(add).on_command(show).on_command(clear)
}

#[tokio::main]
async fn main() -> Result {
    quadruplex::run(router()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[quadruplex::test]
    async fn everybody_has_a_cart_of_his_own(telegram: Sandbox) -> Result {
        let mut bot = telegram.bot(router()).await?;
        let mut alice = telegram.user("alice").await?.open(&bot).await?;
        let mut bobby = telegram.user("bobby").await?.open(&bot).await?;
        for (what, count) in [("bread", "1 in your cart"), ("red wine", "2 in your cart")] {
            alice.say(format!("/add {what}")).await?;
            assert_eq!(alice.reply().await?.text(), count);
        }
        bobby.say("/cart").await?;
        assert_eq!(bobby.reply().await?.text(), "nothing");

        bot.restart(router()).await?;
        alice.say("/cart").await?;
        assert_eq!(alice.reply().await?.text(), "bread, red wine");
        alice.say("/clear").await?;
        assert_eq!(alice.reply().await?.text(), "empty");
        alice.say("/cart").await?;
        assert_eq!(alice.reply().await?.text(), "nothing");
        Ok(())
    }
}
