//! Machines that meet in a real Redis. Told where by `QUADRUPLEX_TEST_REDIS`; time is real here.

use std::time::{Duration, Instant};

use quadruplex::prelude::*;
use quadruplex::testing::Chat;

const PATIENCE: Duration = Duration::from_secs(120);

async fn echo(msg: Text) -> String {
    msg.text().to_owned()
}

/// However long the machine takes.
async fn reply(chat: &mut Chat) -> String {
    let begin = Instant::now();
    loop {
        match chat.reply().await {
            Ok(reply) => return reply.text().to_owned(),
            Err(error) => assert!(begin.elapsed() < PATIENCE, "{error}"),
        }
    }
}

#[tokio::test]
async fn machines_meet_in_redis() -> Result {
    let Ok(redis) = std::env::var("QUADRUPLEX_TEST_REDIS") else {
        println!("skipped: QUADRUPLEX_TEST_REDIS does not say where a Redis is");
        return Ok(());
    };
    let telegram = Sandbox::start().await?;
    let address = format!("{redis}?session=cluster_{}&lease=5", std::process::id());
    let cluster = telegram.cluster()?;
    let app = || App::new(Router::new().on_message(echo));
    let mut machines = vec![cluster.machine_at(&*address, app())?, cluster.machine_at(&*address, app())?];
    let mut chats = Vec::new();
    for name in ["alice", "bobby", "carol", "daniel"] {
        chats.push(cluster.chat(&telegram.user(name).await?).await?);
    }
    // What is said before anybody holds it is not for it: its login is one that has just been made.
    let begin = Instant::now();
    loop {
        chats[0].say("is anybody there?").await?;
        if chats[0].reply().await.is_ok() {
            break;
        }
        assert!(begin.elapsed() < PATIENCE, "nobody has begun to answer");
    }
    while chats[0].reply().await.is_ok() {}
    for round in ["one", "two", "three"] {
        for chat in &chats {
            chat.say(round).await?;
        }
        for chat in &mut chats {
            assert_eq!(reply(chat).await, round);
        }
        // First one of two ends, then a third takes the place of the other.
        if round == "one" {
            machines.remove(0).stop().await?;
        } else if round == "two" {
            machines.push(cluster.machine_at(&*address, app())?);
            machines.remove(0).stop().await?;
        }
    }
    machines.remove(0).stop().await?;

    let fleet = Fleet::connect(&*redis).await?;
    let name = format!("fleet_{}", std::process::id());
    let (session, _) = telegram.fleet().bot(&telegram.user("alice").await?).await?;
    fleet.add(&name, session).await?;
    assert!(fleet.status().await?.iter().any(|account| account.name == name && account.node.is_none()));
    fleet.remove(&name).await?;
    assert!(fleet.status().await?.iter().all(|account| account.name != name));
    Ok(())
}
