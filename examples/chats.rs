//! The chats of an account with their newest words, read page by page: `cargo run --example chats -- --sandbox`.

use quadruplex::prelude::*;

#[tokio::main]
async fn main() -> Result {
    let client = Client::from_args().await?;

    // A stream: the next page is on its way while this one is read.
    let mut dialogs = client.dialogs();
    while let Some(dialog) = dialogs.next().await {
        let dialog = dialog?;
        println!("{} ({} unread)", dialog.name(), dialog.unread());

        let mut newest = client.history(dialog.chat()).limit(3);
        while let Some(message) = newest.next().await {
            println!("  {}", message?.text());
        }
    }
    Ok(())
}
