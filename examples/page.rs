//! What the page "Async" of MadelineProto shows, in its order: `cargo run --example page -- --sandbox`. The handler of that page is `keep`.

use quadruplex::api::PeerRef;
use quadruplex::prelude::*;

#[tokio::main]
async fn main() -> Result {
    let client = Client::from_args().await?;
    let mut files = client.history("@rustlang").with_media().limit(1);
    let Some(big) = files.next().await else { return Err("@rustlang has no files".into()) };
    let chats = client.dialogs().limit(16).collect().await?;
    let ids = chats.iter().filter_map(|dialog| if let PeerRef::Id(id @ 1..) = dialog.chat() { Some(id) } else { None });
    let ids = ids.collect();
    page(client, big?, ids).await
}

async fn page(client: Client, big: Message, ids: Vec<i64>) -> Result {
    // "That's it": many transfers at once, as if it were ordinary code
    let file = big.download().to_dir("downloads").await?;
    println!("{}: {} bytes", file.path.display(), file.size);

    // Ignored async: not waited for, error to the sink; with a queue, in order
    client.send("@alice", "a").queue("hello").detach();
    client.send("@alice", "b").queue("hello").detach();

    // Multiple async: one container, results in order
    for result in client.multiple([client.send("@alice", "hi"), client.send("@bobby", "hi")]).await {
        result?;
    }

    // Combining: all, the first that succeeds, the first that is done
    let (alice, bobby) = join!(client.send("@alice", "all"), client.send("@bobby", "all"));
    println!("{} and {}", alice?.text(), bobby?.text());
    let first = race([slow(3 * SECOND, "slow"), slow(SECOND / 100, "fast")]).await;
    println!("{first} was first");

    // Timeouts: an error, or a default; the server is told
    client.send("me", "x").timeout(2 * SECOND).await?;
    let late = timeout_or(SECOND / 100, slow(3 * SECOND, "late"), "nothing").await;
    println!("{late} within 10 ms");

    // Blocking: contained, on a thread of its own
    let sum = spawn_blocking(|| (1..=1_000_000_u64).sum::<u64>()).await?;
    println!("{sum}");

    // Helpers
    sleep(SECOND / 100).await;
    let line = read_line("Optional prompt ").await?;
    echo(format!("you said {line}\n")).await?;
    let task = spawn(client.send("@alice", "test")); // "forking": aborts when dropped, unless detached
    {
        let _guard = flock("page.lock", Lock::Shared).await?;
    } // unlocked
    println!("{}", task.await??.text());

    // Loops: changeable period, resume that is never lost, stop that waits
    let ticks = Loop::every(30 * SECOND, async || Next::Continue).start("ticks");
    ticks.set_period(5 * SECOND);
    ticks.resume();
    ticks.stop().await;

    // Hack: not in a loop
    let users = try_map_concurrent(ids, limit!(16), async |id| client.user(id).await).await?; // one users.getUsers, not one for each
    println!("{} users", users.len());
    Ok(())
}

async fn slow(time: Duration, text: &str) -> &str {
    sleep(time).await;
    text
}
