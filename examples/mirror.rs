//! Copies what it gets to a group, albums as albums: `cargo run --example mirror -- --sandbox`. Where it is a member of a channel, that is
//! what is posted there.

use quadruplex::prelude::*;

/// A group or channel in which it may write.
#[derive(Clone)]
struct Mirror(String);

async fn copy(post: Message, State(Mirror(to)): State<Mirror>) -> Result {
    post.copy_to(to).await?;
    Ok(())
}

/// Ten photos are one update.
async fn copy_album(album: Album, State(Mirror(to)): State<Mirror>) -> Result {
    album.copy_to(to).await?;
    Ok(())
}

fn router(mirror: &str) -> Router {
    // What is written in the mirror itself is not copied again.
    let elsewhere = filter::in_chats([mirror]).not();
    Router::new().only(elsewhere).on_message(copy).on_album(copy_album).state(Mirror(mirror.to_owned()))
}

#[tokio::main]
async fn main() -> Result {
    quadruplex::run(router("@mirror")).await
}

#[cfg(test)]
mod tests {
    use quadruplex::UploadSource;

    use super::*;

    #[quadruplex::test]
    async fn albums_arrive_as_albums(telegram: Sandbox) -> Result {
        let mut bot = telegram.bot(Router::new()).await?;
        let mirror = telegram.group("mirror", &bot).await?;
        bot.restart(router(mirror.username())).await?;
        let alice = telegram.user("alice").await?;
        let (mut copies, chat) = (alice.join(&mirror).await?, alice.open(&bot).await?);

        chat.say("hello").await?;
        assert_eq!(copies.reply().await?.text(), "hello");

        chat.send_album(["sea.jpg", "mountains.jpg"].map(|name| UploadSource::bytes(name, &b"\xff\xd8\xff"[..]))).await?;
        let (sea, mountains) = (copies.reply().await?, copies.reply().await?);
        assert!(sea.album().is_some() && sea.album() == mountains.album());
        copies.silence().await
    }
}
