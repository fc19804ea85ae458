//! What an update costs on its way to its handler, in allocations.

use std::sync::{Arc, Mutex};

use quadruplex::api::{enums, types};
use quadruplex::prelude::*;
use quadruplex::router::Handlers;
use stats_alloc::Region;

use crate::ALLOCATOR;

/// What has nothing to be known by is another update each time it is given, and a message is not.
#[quadruplex::test]
async fn updates_by_hand_that_look_alike_are_answered_each(telegram: Sandbox) -> Result {
    async fn answer(update: Update, client: Client) -> Result {
        client.send("@alice", update.name()).await?;
        Ok(())
    }
    let kept = Arc::<Mutex<Vec<enums::Update>>>::default();
    let bot = telegram.bot(Router::new().on_message(keep).state(Arc::clone(&kept))).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("hello").await?;
    telegram.advance(SECOND).await;
    let message = kept.lock().unwrap().pop().ok_or("it has come")?;
    let typing: enums::Update =
        types::UpdateUserTyping { user_id: 7, top_msg_id: None, action: enums::SendMessageAction::SendMessageTypingAction }.into();
    let handlers = Handlers::new(Router::new().on_any(answer), bot.client()).await?;
    for (update, replies) in [(typing, 2), (message, 1)] {
        for _ in 0..2 {
            handlers.handle(&handlers.update(update.clone())).await?;
        }
        for _ in 0..replies {
            chat.reply().await?;
        }
        chat.silence().await?;
    }
    Ok(())
}

async fn nothing(_: Text) {}

fn twenty() -> Router {
    (0..20).fold(Router::new(), |router, number| router.on_message(nothing.when(filter::text(format!("word {number}")))))
}

async fn keep(update: Update, State(kept): State<Arc<Mutex<Vec<enums::Update>>>>) {
    kept.lock().unwrap().extend(update.raw());
}

#[quadruplex::test]
async fn an_update_finds_its_handler_among_twenty_with_two_allocations(telegram: Sandbox) -> Result {
    let kept = Arc::<Mutex<Vec<enums::Update>>>::default();
    let bot = telegram.bot(Router::new().on_message(keep).state(Arc::clone(&kept))).await?;
    let chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("word 19").await?;
    telegram.advance(SECOND).await;
    let raw = kept.lock().unwrap().pop().ok_or("it has come")?;
    let handlers = Handlers::new(twenty(), bot.client()).await?;
    let update = handlers.update(raw);
    let mut fewest = usize::MAX;
    for _ in 0..500 {
        // Other tests allocate, too, but not all the time.
        let region = Region::new(ALLOCATOR);
        handlers.handle(&update).await?;
        fewest = fewest.min(region.change().allocations);
    }
    assert!((1..=2).contains(&fewest), "{fewest} allocations");
    Ok(())
}
