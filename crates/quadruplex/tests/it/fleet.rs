//! Thousands of accounts on many machines, here with a few.

use quadruplex::prelude::*;
use quadruplex::testing::{FleetOfTest, Machine};

fn router() -> Router {
    Router::new().on_message(async |msg: Text| msg.text().to_uppercase())
}

async fn machine(fleet: &FleetOfTest, capacity: usize) -> Result<Machine> {
    fleet.machine(Fleet::new(router()).capacity(capacity))
}

/// How many of these machines have each account.
fn held(machines: &[Machine], names: &[&str]) -> Vec<usize> {
    names.iter().map(|name| machines.iter().filter(|machine| machine.holds(name)).count()).collect()
}

#[quadruplex::test]
async fn accounts_are_shared_taken_over_and_let_go(telegram: Sandbox) -> Result {
    const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    let (there, alice) = (telegram.fleet(), telegram.user("alice").await?);
    let fleet = there.connect().await?;
    let mut chats = Vec::new();
    for name in NAMES {
        let (session, chat) = there.bot(&alice).await?;
        fleet.add(name, session).await?;
        chats.push(chat);
    }
    let mut machines = vec![machine(&there, 3).await?, machine(&there, 3).await?];
    sleep(5 * SECOND).await;
    assert_eq!(held(&machines, &NAMES), [1; 6]);
    for machine in &machines {
        assert_eq!(NAMES.iter().filter(|name| machine.holds(name)).count(), 3, "up to its capacity");
    }
    for chat in &mut chats {
        chat.say("hello").await?;
        assert_eq!(chat.reply().await?.text(), "HELLO");
    }
    // From a machine that holds nothing: once, however often it is asked for.
    for _ in 0..2 {
        fleet.client("c").send("@alice", "Order 7 is on its way").once("order-7").await?;
    }
    assert_eq!(chats[2].reply().await?.text(), "Order 7 is on its way");
    chats[2].silence().await?;
    let status = fleet.status().await?;
    assert_eq!(status.iter().map(|account| &*account.name).collect::<Vec<_>>(), NAMES);
    assert!(status.iter().all(|account| account.node.is_some() && account.last_update.is_some()), "{status:?}");

    // What a dead machine had is taken over after its lease, not before, by whoever has room.
    drop(machines.remove(0));
    sleep(5 * SECOND).await;
    machines.push(machine(&there, 3).await?);
    assert_eq!(held(&machines, &NAMES).iter().sum::<usize>(), 3);
    for chat in &chats {
        chat.say("again").await?;
    }
    sleep(30 * SECOND).await;
    assert_eq!(held(&machines, &NAMES), [1; 6]);
    for chat in &mut chats {
        assert_eq!(chat.reply().await?.text(), "AGAIN");
        chat.silence().await?;
    }

    // What is removed is let go and taken by nobody; its session stays.
    fleet.remove("a").await?;
    sleep(5 * SECOND).await;
    assert_eq!(held(&machines, &NAMES), [0, 1, 1, 1, 1, 1]);
    chats[0].say("nobody").await?;
    chats[0].silence().await?;
    let (session, _) = there.bot(&alice).await?;
    fleet.add("a", session).await?;
    sleep(5 * SECOND).await;
    assert_eq!(chats[0].reply().await?.text(), "NOBODY");
    for machine in machines {
        machine.stop().await?;
    }
    Ok(())
}

#[quadruplex::test]
async fn one_account_that_fails_disturbs_no_other(telegram: Sandbox) -> Result {
    let (there, alice) = (telegram.fleet(), telegram.user("alice").await?);
    let fleet = there.connect().await?;
    let (good, mut chat) = there.bot(&alice).await?;
    let (bad, _) = there.bot(&alice).await?;
    // A login that Telegram does not know.
    let bad = Session { key: store::AuthKey::from_bytes([9; 256]), ..bad };
    fleet.add("bad", bad).await?;
    fleet.add("good", good).await?;
    let machines = [machine(&there, 10).await?, machine(&there, 10).await?];
    sleep(5 * SECOND).await;
    for _ in 0..5 {
        chat.say("hello").await?;
        assert_eq!(chat.reply().await?.text(), "HELLO");
        telegram.advance(MINUTE).await;
    }
    assert_eq!(held(&machines, &["good"]), [1]);
    let wrong = fleet.add("Not a name", there.bot(&alice).await?.0).await;
    assert!(wrong.is_err_and(|error| error.to_string().contains("is no name of an account")));
    let taken = fleet.add("good", there.bot(&alice).await?.0).await;
    assert!(taken.is_err_and(|error| error.to_string().contains("has an account \"good\" already")));
    Ok(())
}
