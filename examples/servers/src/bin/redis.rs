//! Lookups in Redis as one MGET, and its messages as a stream.

use std::collections::HashMap;

use awaitkit::{Batcher, limit, map_concurrent};
use futures_util::StreamExt;
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use server_examples::{Result, patient, server};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let Some(url) = server("QUADRUPLEX_TEST_REDIS") else { return Ok(()) };
    let client = redis::Client::open(url)?;
    let mut connection = patient(&client).await?;
    for id in 1..=50 {
        let () = connection.set(format!("example:user:{id}"), format!("user {id}")).await?;
    }
    lookups(&mut connection).await?;
    messages(&client, &mut connection).await
}

async fn lookups(connection: &mut MultiplexedConnection) -> Result {
    let before = (calls(connection, "mget").await?, calls(connection, "get").await?, connections(connection).await?);
    let loader = connection.clone();
    let users = Batcher::builder(move |ids: Vec<u32>| names(loader.clone(), ids)).build();
    let names = map_concurrent(1..=60, limit!(64), async |id| users.load(id).await).await;
    assert_eq!(names.into_iter().filter(|name| matches!(name, Ok(Some(_)))).count(), 50);

    // The server's own counts.
    let after = (calls(connection, "mget").await?, calls(connection, "get").await?, connections(connection).await?);
    let counts = (after.0 - before.0, after.1 - before.1, after.2 - before.2);
    println!("Redis: 60 lookups in {} MGET and {} GET over the one connection and {} others", counts.0, counts.1, counts.2);
    assert_eq!(counts, (1, 0, 0));
    Ok(())
}

async fn names(mut connection: MultiplexedConnection, ids: Vec<u32>) -> redis::RedisResult<HashMap<u32, String>> {
    let keys: Vec<String> = ids.iter().map(|id| format!("example:user:{id}")).collect();
    let found: Vec<Option<String>> = connection.mget(keys).await?;
    Ok(ids.into_iter().zip(found).filter_map(|(id, name)| Some((id, name?))).collect())
}

async fn messages(client: &redis::Client, connection: &mut MultiplexedConnection) -> Result {
    let before = connections(connection).await?;
    let mut subscription = client.get_async_pubsub().await?;
    subscription.subscribe("example:news").await?;
    for number in 1..=10 {
        let readers: usize = connection.publish("example:news", number).await?;
        assert_eq!(readers, 1);
    }
    let even = subscription.into_on_message().map(|message| message.get_payload::<u32>()).filter(|number| {
        let keep = number.as_ref().is_ok_and(|number| number % 2 == 0);
        async move { keep }
    });
    let first: Vec<u32> = even.take(3).map(|number| number.unwrap_or_default()).collect().await;
    println!("Redis: the first even messages of a channel: {first:?}");
    assert_eq!(first, [2, 4, 6]);
    assert_eq!(connections(connection).await? - before, 1, "who listens has a connection of its own");
    Ok(())
}

async fn calls(connection: &mut MultiplexedConnection, command: &str) -> Result<u64> {
    let statistics: String = redis::cmd("INFO").arg("commandstats").query_async(connection).await?;
    let line = format!("cmdstat_{command}:calls=");
    let count = statistics.lines().find_map(|text| text.strip_prefix(&line)?.split(',').next()?.parse().ok());
    Ok(count.unwrap_or(0))
}

/// How many connections the server has taken so far.
async fn connections(connection: &mut MultiplexedConnection) -> Result<u64> {
    let statistics: String = redis::cmd("INFO").arg("stats").query_async(connection).await?;
    let count = statistics.lines().find_map(|text| text.strip_prefix("total_connections_received:")?.parse().ok());
    Ok(count.ok_or("Redis does not say how many connections it has taken")?)
}
