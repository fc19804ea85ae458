//! Downloads what it is sent, sends it back, shows every update as JSON, and takes its time about words:
//! `cargo run --example keep -- --sandbox`.

use quadruplex::prelude::*;

#[tokio::main]
async fn main() -> Result {
    quadruplex::run(Router::new().on_any(show).on_message(keep).on_message(slowly)).await
}

/// Everything that happens, as JSON.
async fn show(update: Update) {
    println!("{:#}", update.to_json());
}

/// A photo or a file of any kind.
async fn keep(file: Media) -> Result {
    let saved = file.download().to_dir("kept").await?;
    file.client().send_file(&*file, saved.path).caption(file.text()).await?;
    Ok(())
}

/// It sleeps, and nobody else waits for it.
async fn slowly(msg: Text) -> FormattedText {
    tokio::time::sleep(3 * SECOND).await;
    html!("<code>{}</code>", msg.text())
}
