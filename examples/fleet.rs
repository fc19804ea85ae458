//! Thousands of accounts, many machines: `cargo run --example fleet -- --sandbox` is one machine with one bot.

use quadruplex::prelude::*;

// On every machine: take what is free, up to the capacity; what a dead machine held is taken over after its lease.
async fn node(router: Router) -> Result {
    Fleet::new(router)
        .cluster("redis://10.0.0.1")
        .sessions(store::Postgres::connect("postgres://fleet@db/fleet").await?) // or in the cluster itself, sealed
        .capacity(1_500)
        .run()
        .await
}

// From anywhere, for instance a web handler on a machine that holds nothing:
async fn order_shipped(order: u64) -> Result {
    let fleet = Fleet::connect("redis://10.0.0.1").await?;
    fleet.client("alice").send("@bob", format!("Order {order} is on its way")).once(format!("order-{order}")).await?;

    fleet.add("carol", Session::from_string(&std::env::var("CAROL")?)?).await?;
    for account in fleet.status().await? {
        println!("{} on {:?}: {} waiting, last update {:?} ago", account.name, account.node, account.waiting, account.last_update);
    }
    fleet.remove("carol").await?; // drains, releases, keeps the session
    Ok(())
}

#[tokio::main]
async fn main() -> Result {
    match std::env::args().nth(1).and_then(|argument| argument.parse().ok()) {
        Some(order) => order_shipped(order).await,
        None => node(Router::new().on_message(async |msg: Text| msg.text().to_owned())).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[quadruplex::test]
    async fn an_order_is_told_of_from_outside(telegram: Sandbox) -> Result {
        let (there, alice) = (telegram.fleet(), telegram.user("alice").await?);
        let (session, mut chat) = there.bot(&alice).await?;
        let fleet = there.connect().await?;
        fleet.add("shop", session).await?;
        let machine = there.machine(Fleet::new(Router::new().on_message(async |_: Text| "hello")))?;
        telegram.advance(5 * SECOND).await;
        chat.say("/start").await?;
        assert_eq!(chat.reply().await?.text(), "hello");
        for _ in 0..2 {
            fleet.client("shop").send("@alice", "Order 7 is on its way").once("order-7").await?;
        }
        assert_eq!(chat.reply().await?.text(), "Order 7 is on its way");
        chat.silence().await?;
        assert_eq!(fleet.status().await?.len(), 1);
        fleet.remove("shop").await?;
        assert!(!machine.holds("shop") && fleet.status().await?.is_empty());
        Ok(())
    }
}
