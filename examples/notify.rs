//! A function of the API called as Telegram describes it, and what can be wrong told apart: `cargo run --example notify -- --sandbox`.

use quadruplex::prelude::*;

#[tokio::main]
async fn main() -> Result {
    let client = Client::from_args().await?;
    notify(&client, "me").await?;
    notify(&client, "@jonh_doe").await
}

async fn notify(client: &Client, name: &str) -> Result {
    let sent = client.call(messages::SendMessage { silent: true, ..messages::SendMessage::new(name, "hi") }).timeout(2 * SECOND).await;

    match sent {
        Ok(_) => println!("sent"),
        Err(e) if e.is("USER_IS_BLOCKED") => println!("{name} does not want us"),
        Err(e) if let Some(wait) = e.flood_wait() => println!("again in {wait:?}"),
        Err(e) => return Err(e.into()),
    }
    Ok(())
}
