//! A chat with the account of a program on the terminal, or over a pipe.

use std::io::IsTerminal;
use std::time::Duration;

use awaitkit::{ReadLineError, echo, read_line};
use quadruplex_api::functions::messages;
use quadruplex_api::{PeerRef, enums, types};
use tokio::time::sleep;

use crate::{Client, Message, UpdateStream};

/// A pipe that has ended is followed by the end of the program when all is handled and nobody has answered for so long.
const SILENCE: Duration = Duration::from_secs(1);
/// A handler that says nothing for longer is not waited for.
const PATIENCE: u32 = 60;

/// What is typed is sent, what is answered is printed; a number presses the button with that number. Ends when the input has ended and
/// all is handled, if anything was typed; without any input it never does: the program is not talked to.
pub(super) async fn talk(person: Client, account: PeerRef, greeting: &str, is_at_rest: impl AsyncFn() -> bool) {
    let Ok(mut updates) = person.updates().await else { return };
    if std::io::stdin().is_terminal() {
        tell(greeting.to_owned()).await;
    }
    let mut line = Box::pin(read_line(""));
    let mut chat = Chat { person, account, shown: Vec::new() };
    let mut typed = 0;
    loop {
        tokio::select! {
            read = &mut line => match read {
                Ok(text) => {
                    typed += 1;
                    chat.say(&text).await;
                    line.set(read_line(""));
                }
                Err(ReadLineError::Interrupted) => return,
                Err(_) => break,
            },
            Some(message) = next(&chat.person, &mut updates) => chat.show(message).await,
        }
    }
    if typed == 0 {
        return std::future::pending().await;
    }
    let mut silent = 0;
    while silent < PATIENCE {
        tokio::select! {
            Some(message) = next(&chat.person, &mut updates) => {
                chat.show(message).await;
                silent = 0;
            }
            // What the program has said by then is on its way to the person, or shown.
            () = sleep(SILENCE) => match is_at_rest().await && chat.person.inner.is_at_rest(0).await {
                true => return,
                false => silent += 1,
            }
        }
    }
}

struct Chat {
    person: Client,
    account: PeerRef,
    /// The buttons that can be pressed, by their numbers: the message, what they carry.
    shown: Vec<(i32, Vec<u8>)>,
}

impl Chat {
    async fn say(&mut self, line: &str) {
        let line = line.trim();
        let pressed = line.parse::<usize>().ok().and_then(|number| self.shown.get(number.checked_sub(1)?)).cloned();
        let done = match pressed {
            Some((message, data)) => self.press(message, data).await,
            None if line.is_empty() => Ok(()),
            None => self.person.send(self.account.clone(), line).await.map(drop),
        };
        if let Err(error) = done {
            tell(format!("! {error}")).await;
        }
    }

    async fn press(&self, message: i32, data: Vec<u8>) -> Result<(), crate::Error> {
        let request = messages::GetBotCallbackAnswer::new(self.account.clone(), message);
        let answer = self.person.call(messages::GetBotCallbackAnswer { data: Some(data), ..request }).await?;
        if let Some(text) = answer.message {
            tell(format!("({text})")).await;
        }
        Ok(())
    }

    async fn show(&mut self, message: Message) {
        let text = message.text();
        match message.media_kind() {
            Some(kind) => tell(format!("< [{kind:?}] {text}")).await,
            None => tell(format!("< {text}")).await,
        }
        let buttons = buttons(&message);
        if !buttons.is_empty() {
            self.shown.clear();
        }
        for (label, data) in buttons {
            self.shown.push((message.id(), data));
            tell(format!("  [{}] {label}", self.shown.len())).await;
        }
    }
}

/// A line on the standard output. If nobody reads it any more, there is nobody to be told.
async fn tell(line: String) {
    let _ = echo(line + "\n").await;
}

/// The buttons below a message that tell the bot that they were pressed.
fn buttons(message: &Message) -> Vec<(String, Vec<u8>)> {
    let enums::Message::Message(raw) = message.raw() else { return Vec::new() };
    let Some(enums::ReplyMarkup::ReplyInlineMarkup(markup)) = &raw.reply_markup else { return Vec::new() };
    let all = markup.rows.iter().flat_map(|row| &row.buttons);
    let pressed = all.filter_map(|types::KeyboardInlineButton { text, r#type, .. }| match r#type {
        enums::InlineButtonType::Callback(callback) => Some((text.clone(), callback.data.clone())),
        _ => None,
    });
    pressed.collect()
}

/// The next message or edit of others.
async fn next(person: &Client, updates: &mut UpdateStream) -> Option<Message> {
    loop {
        let delivery = updates.next().await?;
        let raw = match delivery.update() {
            Some(enums::Update::NewMessage(new)) => Some(new.message.clone()),
            Some(enums::Update::NewChannelMessage(new)) => Some(new.message.clone()),
            Some(enums::Update::EditMessage(edit)) => Some(edit.message.clone()),
            Some(enums::Update::EditChannelMessage(edit)) => Some(edit.message.clone()),
            _ => None,
        };
        delivery.done();
        if let Some(message) = raw.and_then(|raw| Message::new(person, raw)).filter(|message| !message.is_outgoing()) {
            return Some(message);
        }
    }
}
