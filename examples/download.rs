//! All files of a channel, four at a time, with their progress: `cargo run --example download -- --sandbox`. Started again, it fetches
//! only what is not there.

use quadruplex::prelude::*;

#[tokio::main]
async fn main() -> Result {
    let client = Client::from_args().await?;
    let bars = Bars::new(); // one line per file on a terminal, JSON lines in a pipe

    client
        .history("@rustlang")
        .with_media() // the server filters
        .try_for_each(4, async |msg| {
            let file = msg.download().to_dir("rustlang").progress(bars.line(&msg)).await?;
            bars.println(format_args!("{} {}", msg.id(), file.path.display()));
            Ok(())
        })
        .await
}
