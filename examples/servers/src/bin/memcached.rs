//! Lookups in memcached: those made together are one request to each server that has some of them.

use awaitkit::{limit, map_concurrent};
use awaitkit_memcached::{Expires, Memcached};
use server_examples::{Result, server};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result {
    let Some(servers) = server("QUADRUPLEX_TEST_MEMCACHED") else { return Ok(()) };
    let cache = Memcached::new(servers.split(','))?;
    for id in 1..=50 {
        cache.set(format!("example:user:{id}"), format!("user {id}"), Expires::Never).await?;
    }

    let trips = || cache.stats().iter().map(|server| server.round_trips).sum::<u64>();
    let before = trips();
    let users = cache.batcher().build();
    let names = map_concurrent(1..=60, limit!(64), async |id| users.load(format!("example:user:{id}")).await).await;
    assert_eq!(names.into_iter().filter(|name| matches!(name, Ok(Some(_)))).count(), 50);
    let (trips, count) = (trips() - before, cache.stats().len() as u64);
    let connections: u64 = cache.stats().iter().map(|server| server.connections).sum();
    println!("memcached: 60 lookups in {trips} round trips to {count} servers over {connections} connections");
    assert_eq!((trips, connections), (count, count));
    Ok(())
}
