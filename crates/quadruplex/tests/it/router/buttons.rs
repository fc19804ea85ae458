//! Presses of buttons.

use quadruplex::prelude::*;

use super::support::{Person, world};

#[derive(Callback)]
enum Press {
    Toast { number: u8 },
    Return,
    Nothing,
    Edit,
}

async fn ask(chat: Chat) -> Result {
    let rows = [("toast", Press::Toast { number: 7 }), ("return", Press::Return), ("nothing", Press::Nothing), ("edit", Press::Edit)];
    chat.send("Which?").buttons(Buttons::row(rows).and_row([("strange", b"strange".to_vec())])).await?;
    Ok(())
}

async fn pressed(press: Press, query: CallbackQuery) -> Result<Option<&'static str>> {
    match press {
        Press::Toast { number } => query.toast(format!("number {number}")).await?,
        Press::Return => return Ok(Some("returned")),
        Press::Nothing => {}
        Press::Edit => query.message().edit("edited").await?,
    }
    Ok(None)
}

/// Presses the button at this place of the last message, and gives the words that Telegram shows.
async fn press(alice: &Person, message: &Message, data: Vec<u8>) -> Option<String> {
    let request = messages::GetBotCallbackAnswer { data: Some(data), ..messages::GetBotCallbackAnswer::new("@our_bot", message.id()) };
    alice.client.call(request).await.unwrap().message
}

#[tokio::test(start_paused = true)]
async fn presses_come_as_what_the_button_carries_and_are_all_answered() {
    let world = world().await;
    let mut alice = world.person("alice").await;
    let _bot = world.run(Router::new().on_message(ask).on_callback(pressed)).await;
    alice.say("hi").await;
    let message = alice.reply().await;
    let data = |press: Press| Vec::from(press);
    assert_eq!(press(&alice, &message, data(Press::Toast { number: 7 })).await.as_deref(), Some("number 7"));
    assert_eq!(press(&alice, &message, data(Press::Return)).await.as_deref(), Some("returned"));
    assert_eq!(press(&alice, &message, data(Press::Nothing)).await, None, "the framework answers");
    assert_eq!(press(&alice, &message, b"strange".to_vec()).await, None, "nobody is for it, and it is answered too");
    assert_eq!(press(&alice, &message, data(Press::Edit)).await, None);
    assert_eq!(message.reload().await.unwrap().unwrap().text(), "edited");
}
