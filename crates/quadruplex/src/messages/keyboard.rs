//! Keyboards that the user gets instead of his own.

use quadruplex_api::{enums, types};

/// Keys that write for the user, in rows, until the bot takes them away.
///
/// ```
/// use quadruplex::{Key, Keyboard};
///
/// let keyboard = Keyboard::row(["Yes", "No"]).and_row([Key::phone("Here is my number")]).once().placeholder("Sure?");
/// let gone = Keyboard::remove();
/// # let _ = (quadruplex::api::enums::ReplyMarkup::from(keyboard), gone);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Keyboard(types::ReplyKeyboardMarkup);

/// One key. A text becomes one by itself: it is what the key writes.
#[derive(Clone, Debug, PartialEq)]
pub struct Key(types::KeyboardButton);

impl Keyboard {
    /// Keys side by side.
    pub fn row(keys: impl IntoIterator<Item = impl Into<Key>>) -> Self {
        // Without it the keyboard is as high as the one for letters.
        let empty = types::ReplyKeyboardMarkup { resize: true, ..types::ReplyKeyboardMarkup::new([] as [types::KeyboardButtonRow; 0]) };
        Self(empty).and_row(keys)
    }

    /// One more row below.
    #[must_use]
    pub fn and_row(mut self, keys: impl IntoIterator<Item = impl Into<Key>>) -> Self {
        let row: Vec<types::KeyboardButton> = keys.into_iter().map(|key| key.into().0).collect();
        if !row.is_empty() {
            self.0.rows.push(types::KeyboardButtonRow::new(row));
        }
        self
    }

    /// Takes the keyboard away again.
    pub fn remove() -> enums::ReplyMarkup {
        types::ReplyKeyboardHide::new().into()
    }

    /// No keys: the user finds himself answering the message, with this in the empty field.
    pub fn force_reply(placeholder: impl Into<String>) -> enums::ReplyMarkup {
        let placeholder = Some(placeholder.into()).filter(|placeholder| !placeholder.is_empty());
        types::ReplyKeyboardForceReply { placeholder, ..types::ReplyKeyboardForceReply::new() }.into()
    }

    /// Hidden when a key was pressed.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.0.single_use = true;
        self
    }

    /// Shown again whenever the keyboard for letters is hidden.
    #[must_use]
    pub fn persistent(mut self) -> Self {
        self.0.persistent = true;
        self
    }

    /// In a group, only for those who are mentioned in the message or whom it answers.
    #[must_use]
    pub fn selective(mut self) -> Self {
        self.0.selective = true;
        self
    }

    /// What stands in the empty field.
    #[must_use]
    pub fn placeholder(mut self, text: impl Into<String>) -> Self {
        self.0.placeholder = Some(text.into());
        self
    }
}

impl Key {
    /// Sends the user's phone number, after he has agreed.
    pub fn phone(text: impl Into<String>) -> Self {
        Self::new(text, enums::ButtonType::RequestPhone)
    }

    /// Sends where the user is, after he has agreed.
    pub fn location(text: impl Into<String>) -> Self {
        Self::new(text, enums::ButtonType::RequestGeoLocation)
    }

    /// Lets the user make a poll.
    pub fn poll(text: impl Into<String>) -> Self {
        Self::new(text, types::ButtonTypeRequestPoll::new())
    }

    /// Opens a web app.
    pub fn web_app(text: impl Into<String>, url: impl Into<String>) -> Self {
        Self::new(text, types::ButtonTypeSimpleWebView::new(url))
    }

    fn new(text: impl Into<String>, does: impl Into<enums::ButtonType>) -> Self {
        Self(types::KeyboardButton::new(text, does))
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::new(text, enums::ButtonType::Default)
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::new(text, enums::ButtonType::Default)
    }
}

impl From<types::KeyboardButton> for Key {
    fn from(button: types::KeyboardButton) -> Self {
        Self(button)
    }
}

impl From<Keyboard> for enums::ReplyMarkup {
    fn from(keyboard: Keyboard) -> Self {
        keyboard.0.into()
    }
}
