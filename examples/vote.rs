//! Buttons that carry typed data, and a state that handlers share: `cargo run --example vote -- --sandbox`, then write anything and press 1.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use quadruplex::prelude::*;

/// Packed into the 64 bytes of a button; the derive refuses what cannot fit.
#[derive(Callback)]
struct Vote {
    post: u32,
    up: bool,
}

async fn ask(chat: Chat) -> Result {
    let buttons = Buttons::row([("👍", Vote { post: 7, up: true }), ("👎", Vote { post: 7, up: false })]);
    chat.send("Good?").buttons(buttons).await?;
    Ok(())
}

async fn vote(Vote { post, up }: Vote, query: CallbackQuery, State(ups): State<Arc<AtomicU32>>) -> Result {
    let n = ups.fetch_add(up as u32, Ordering::Relaxed) + up as u32;
    query.message().edit(format!("Post {post}: good? {n} say yes")).await?;
    query.toast("counted").await?; // without it the framework answers when the handler ends
    Ok(())
}

fn router() -> Router {
    Router::new().on_message(ask).on_callback(vote).state(Arc::new(AtomicU32::new(0)))
}

#[tokio::main]
async fn main() -> Result {
    quadruplex::run(router()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[quadruplex::test]
    async fn votes_are_counted(telegram: Sandbox) -> Result {
        let bot = telegram.bot(router()).await?;
        let mut chat = telegram.user("alice").await?.open(&bot).await?;
        chat.say("hello").await?;
        assert_eq!(chat.reply().await?.text(), "Good?");
        let pressed = chat.press("👍").await?;
        assert_eq!(pressed.toast.as_deref(), Some("counted"));
        assert_eq!(chat.edited().await?.text(), "Post 7: good? 1 say yes");
        Ok(())
    }
}
