//! A chat with the account of a program, or with several, on the terminal or over a pipe.

use std::collections::HashMap;
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

/// What is typed is sent, what is answered is printed; a number presses the button with that number. Of several accounts it goes to the one
/// whose name a line began with last, and what each answers is printed with its name. Ends when the input has ended and
/// all is handled, if anything was typed; without any input it never does: the program is not talked to.
pub(super) async fn talk(person: Client, accounts: Vec<PeerRef>, greeting: &str, is_at_rest: impl AsyncFn() -> bool) {
    let Ok(mut updates) = person.updates().await else { return };
    if std::io::stdin().is_terminal() {
        tell(greeting.to_owned()).await;
    }
    let mut line = Box::pin(read_line(""));
    let Some(mut chat) = Chat::with(person, accounts).await else { return };
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
    /// Names of accounts by the chats with them; nothing if there is but one.
    names: HashMap<PeerRef, String>,
    /// The buttons that can be pressed, by their numbers: in which chat, the message, what they carry.
    shown: Vec<(PeerRef, i32, Vec<u8>)>,
}

impl Chat {
    /// With the first of these accounts, unless another one is named.
    async fn with(person: Client, accounts: Vec<PeerRef>) -> Option<Self> {
        let account = accounts.first()?.clone();
        let mut names = HashMap::new();
        for account in accounts.iter().filter(|_| accounts.len() > 1) {
            if let Ok(enums::InputPeer::User(user)) = person.input_peer(account.clone()).await {
                names.insert(PeerRef::Id(user.user_id), account.to_string());
            }
        }
        Some(Self { person, account, names, shown: Vec::new() })
    }

    async fn say(&mut self, line: &str) {
        let mut line = line.trim();
        let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if let Some(name) = self.names.values().find(|name| *name == first) {
            self.account = PeerRef::from(name);
            line = rest.trim();
        }
        let pressed = line.parse::<usize>().ok().and_then(|number| self.shown.get(number.checked_sub(1)?)).cloned();
        let done = match pressed {
            Some((chat, message, data)) => self.press(chat, message, data).await,
            None if line.is_empty() => Ok(()),
            None => self.person.send(self.account.clone(), line).await.map(drop),
        };
        if let Err(error) = done {
            tell(format!("! {error}")).await;
        }
    }

    async fn press(&self, chat: PeerRef, message: i32, data: Vec<u8>) -> Result<(), crate::Error> {
        let request = messages::GetBotCallbackAnswer::new(chat, message);
        let answer = self.person.call(messages::GetBotCallbackAnswer { data: Some(data), ..request }).await?;
        if let Some(text) = answer.message {
            tell(format!("({text})")).await;
        }
        Ok(())
    }

    async fn show(&mut self, message: Message) {
        let (chat, text) = (message.chat(), message.text());
        let from = self.names.get(&chat).map(|name| format!("{name}: ")).unwrap_or_default();
        match message.media_kind() {
            Some(kind) => tell(format!("< {from}[{kind:?}] {text}")).await,
            None => tell(format!("< {from}{text}")).await,
        }
        let buttons = buttons(&message);
        if !buttons.is_empty() {
            self.shown.clear();
        }
        for (label, data) in buttons {
            self.shown.push((chat.clone(), message.id(), data));
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
