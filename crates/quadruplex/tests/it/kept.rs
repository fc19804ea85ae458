//! Typed values that handlers keep of users, chats and members.

use quadruplex::prelude::*;
use quadruplex::testing;
use serde::{Deserialize, Serialize};

use crate::conversation::{Ping, expect};

#[derive(Default, Serialize, Deserialize)]
struct Cart {
    goods: Vec<String>,
}

impl Kept for Cart {
    const NAME: &'static str = "cart";
    const FOR: Option<Duration> = Some(DAY);
}

/// The same when it counted only.
#[derive(Default, Serialize, Deserialize)]
struct OldCart(usize);

impl Kept for OldCart {
    const NAME: &'static str = "cart";
}

/// The same with prices.
#[derive(Default, Serialize, Deserialize)]
struct NewCart {
    prices: Vec<(String, u32)>,
}

impl Kept for NewCart {
    const NAME: &'static str = "cart";
    const VERSION: u32 = 2;

    fn upgrade(version: u32, saved: serde_json::Value) -> Option<Self> {
        let Cart { goods } = serde_json::from_value(saved).ok().filter(|_| version == 1)?;
        Some(Self { prices: goods.into_iter().map(|name| (name, 0)).collect() })
    }
}

#[quadruplex::test]
async fn what_is_kept(telegram: Sandbox) -> Result {
    async fn add(msg: Text, mut cart: OfUser<Cart>) -> Result<String> {
        if msg.text() == "empty" {
            cart.forget().await?;
            return Ok("gone".to_owned());
        }
        cart.goods.push(msg.text().to_owned());
        cart.save().await?;
        Ok(cart.goods.join(", "))
    }
    let router = || Router::new().on_message(add);
    let mut bot = telegram.bot(router()).await?;
    let mut alice = telegram.user("alice").await?.open(&bot).await?;
    let mut bobby = telegram.user("bobby").await?.open(&bot).await?;
    let tell = async |chat: &mut testing::Chat, text: &str, answer: &str| {
        chat.say(text).await?;
        expect(chat, answer).await
    };
    tell(&mut alice, "tea", "tea").await?;
    bot.restart(router()).await?;
    tell(&mut alice, "milk", "tea, milk").await?;
    tell(&mut bobby, "jam", "jam").await?;
    telegram.advance(25 * HOUR).await;
    tell(&mut alice, "salt", "salt").await?;
    tell(&mut alice, "empty", "gone").await?;
    tell(&mut alice, "tea", "tea").await?;

    async fn priced(_: Text, cart: OfUser<NewCart>) -> String {
        format!("{:?}", cart.prices)
    }
    bot.restart(Router::new().on_message(priced)).await?;
    tell(&mut alice, "show", "[(\"tea\", 0)]").await?;
    async fn counted(_: Text, cart: OfUser<OldCart>) -> String {
        format!("{}", cart.0)
    }
    bot.restart(Router::new().on_message(counted)).await?;
    tell(&mut alice, "show", "0").await?;
    Ok(())
}

#[quadruplex::test]
async fn what_is_kept_of_chats_and_members(telegram: Sandbox) -> Result {
    #[derive(Default, Serialize, Deserialize)]
    struct Count(u32);
    impl Kept for Count {
        const NAME: &'static str = "count";
    }
    async fn count(_: Ping, mut of_chat: OfChat<Count>, mut of_member: OfMember<Count>) -> Result<String> {
        of_chat.0 += 1;
        of_member.0 += 10;
        of_chat.save().await?;
        of_member.save().await?;
        Ok(format!("{} {}", of_chat.0, of_member.0))
    }
    let bot = telegram.bot(Router::new().on_command(count)).await?;
    let group = telegram.group("Bakers", &bot).await?;
    let mut alice = telegram.user("alice").await?.join(&group).await?;
    let bobby = telegram.user("bobby").await?.join(&group).await?;
    alice.say("/ping").await?;
    expect(&mut alice, "1 10").await?;
    bobby.say("/ping").await?;
    expect(&mut alice, "2 10").await?;
    alice.say("/ping").await?;
    expect(&mut alice, "3 20").await?;
    Ok(())
}
