//! What is at a URL goes to "Saved messages" as it comes, by the proxies of the client: `cargo run --example fetch -- --sandbox URL`.

use quadruplex::UploadSource;
use quadruplex::prelude::*;

#[tokio::main]
async fn main() -> Result {
    let url = std::env::args().skip(1).find(|argument| !argument.starts_with("--")).ok_or("which URL?")?;
    let client = Client::from_args().await?;

    let page = client.file_get_contents(&*url).await?; // the whole of it, in memory…
    let file = client.upload(UploadSource::url(url)).await?; // …or never here as a whole
    let sent = client.send_file("me", file).await?;
    println!("{} bytes, message {}", page.len(), sent.id());
    Ok(())
}
