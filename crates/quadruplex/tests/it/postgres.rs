//! A fleet whose sessions lie in a real PostgreSQL. Told where by `QUADRUPLEX_TEST_POSTGRES`; time is real here.

use std::time::{Duration, Instant};

use quadruplex::prelude::*;
use quadruplex::{FleetMachine, Sessions};

const PATIENCE: Duration = Duration::from_secs(120);

async fn node(database: &str) -> Result<FleetMachine> {
    let router = Router::new().on_message(async |msg: Text| msg.text().to_uppercase());
    Ok(Fleet::new(router).sessions(store::Postgres::connect(database).await?).capacity(10))
}

#[tokio::test]
async fn sessions_of_a_fleet_lie_in_postgres() -> Result {
    let Ok(database) = std::env::var("QUADRUPLEX_TEST_POSTGRES") else {
        println!("skipped: QUADRUPLEX_TEST_POSTGRES does not say where a PostgreSQL is");
        return Ok(());
    };
    let telegram = Sandbox::start().await?;
    let (there, alice) = (telegram.fleet(), telegram.user("alice").await?);
    let (fleet, name) = (there.connect().await?, format!("shop_{}", std::process::id()));
    let (session, mut chat) = there.bot(&alice).await?;
    fleet.add(&name, session).await?;
    for round in ["one", "two"] {
        let machine = there.machine(node(&database).await?)?;
        // A first login that nobody had before begins with what is said from then on.
        let begin = Instant::now();
        loop {
            chat.say(round).await?;
            match chat.reply().await {
                Ok(reply) => {
                    assert_eq!(reply.text(), round.to_uppercase());
                    break;
                }
                Err(error) => assert!(begin.elapsed() < PATIENCE, "{error}"),
            }
        }
        while chat.reply().await.is_ok() {}
        // The next machine has nothing but what is in the database.
        machine.stop().await?;
    }
    fleet.remove(&name).await?;
    let sessions = store::Postgres::connect(&database).await?;
    let kept = sessions.open(&name).await?.ok_or("nobody has it any more")?;
    assert!(kept.load().await?.identity.is_some(), "the session is kept");
    Ok(())
}
