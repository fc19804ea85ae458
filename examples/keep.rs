//! Downloads what it is sent and sends it back, and shows every message as JSON, three seconds later:
//! `cargo run --example keep -- --sandbox`.

use std::path::PathBuf;

use quadruplex::prelude::*;

/// Where files go.
#[derive(Clone)]
struct Dir(PathBuf);

/// A photo or a file of any kind.
async fn keep(file: Media, State(Dir(dir)): State<Dir>) -> Result {
    let saved = file.download().to_dir(dir).await?;
    file.client().send_file(&*file, saved.path).caption(file.formatted()).await?;
    Ok(())
}

/// It sleeps, and nobody else waits for it.
async fn show(update: Update, msg: Message) -> Result {
    let json = format!("{:#}", update.to_json());
    sleep(3 * SECOND).await;
    let text = html!("<code>{json}</code>\nAsynchronously, after 3 seconds");
    let parts = msg.client().send_long(&msg, text);
    for sent in msg.client().multiple(parts).queue("json").await {
        sent?;
    }
    Ok(())
}

/// The update is done then, and not tried again.
async fn log(failure: Failure) {
    eprintln!("{}: {}", failure.handler(), failure.error());
}

fn router(dir: PathBuf) -> Router {
    // What the account itself sends does not come to `on_message`.
    Router::new().on_message(keep).on_message(show).on_error(log).state(Dir(dir))
}

#[tokio::main]
async fn main() -> Result {
    quadruplex::run(router("kept".into())).await
}

#[cfg(test)]
mod tests {
    use quadruplex::UploadSource;

    use super::*;

    #[quadruplex::test]
    async fn a_file_comes_back_and_the_json_three_seconds_later(telegram: Sandbox) -> Result {
        let dir = tempfile::tempdir()?;
        let bot = telegram.bot(router(dir.path().into())).await?;
        let mut chat = telegram.user("alice").await?.open(&bot).await?;
        let sent = chat.send_file(UploadSource::bytes("notes.txt", "four messages on one wire")).await?;

        // The disk does not go by virtual time: the file may be the second.
        telegram.advance(MINUTE).await;
        let answers = [chat.reply().await?, chat.reply().await?];
        let (files, texts): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.file().is_some());
        assert_eq!(files[0].file().map(|file| file.name().to_owned()).as_deref(), Some("notes.txt"));
        assert!(texts[0].html().starts_with("<code>{") && texts[0].text().contains("\"file_name\": \"notes.txt\""), "{texts:?}");
        assert!(texts[0].date().duration_since(sent.date())? >= 2 * SECOND, "Telegram counts whole seconds");

        assert_eq!(std::fs::read(dir.path().join("notes.txt"))?, b"four messages on one wire");
        Ok(())
    }
}
