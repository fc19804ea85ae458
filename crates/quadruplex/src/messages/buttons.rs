//! Keyboards under messages, and instead of the user's own.

use quadruplex_api::functions::messages;
use quadruplex_api::{enums, types};

use crate::Call;

/// Buttons under a message, in rows.
///
/// ```
/// use quadruplex::{Button, Buttons};
///
/// let buttons = Buttons::row([("👍", "up"), ("👎", "down")])
///     .and_row([Button::url("What is this?", "https://telegram.org"), Button::copy("Copy the code", "1234")]);
/// assert_eq!(buttons.rows().len(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buttons {
    rows: Vec<Vec<Button>>,
}

/// One button under a message. A text with the data of the button becomes one by itself, as in [`Buttons::row`].
#[derive(Clone, Debug, PartialEq)]
pub struct Button(types::KeyboardInlineButton);

impl Buttons {
    /// None. In an edit they take the buttons away.
    pub fn none() -> Self {
        Self::default()
    }

    /// Buttons side by side.
    pub fn row(buttons: impl IntoIterator<Item = impl Into<Button>>) -> Self {
        Self::none().and_row(buttons)
    }

    /// Buttons one below the other.
    pub fn column(buttons: impl IntoIterator<Item = impl Into<Button>>) -> Self {
        Self { rows: buttons.into_iter().map(|button| vec![button.into()]).collect() }
    }

    /// One more row below.
    #[must_use]
    pub fn and_row(mut self, buttons: impl IntoIterator<Item = impl Into<Button>>) -> Self {
        let row: Vec<Button> = buttons.into_iter().map(Into::into).collect();
        if !row.is_empty() {
            self.rows.push(row);
        }
        self
    }

    /// The rows as they are.
    pub fn rows(&self) -> &[Vec<Button>] {
        &self.rows
    }
}

impl Button {
    /// Sends `data`, at most 64 bytes, to the bot when it is pressed: an update, which it answers.
    pub fn data(text: impl Into<String>, data: impl Into<Vec<u8>>) -> Self {
        Self::new(text, types::InlineButtonTypeCallback::new(data))
    }

    /// Opens an address.
    pub fn url(text: impl Into<String>, url: impl Into<String>) -> Self {
        Self::new(text, types::InlineButtonTypeUrl::new(url))
    }

    /// Opens a web app of the bot.
    pub fn web_app(text: impl Into<String>, url: impl Into<String>) -> Self {
        Self::new(text, types::InlineButtonTypeWebView::new(url))
    }

    /// Signs the user in to a web site.
    pub fn login(text: impl Into<String>, url: impl Into<String>) -> Self {
        Self::new(text, types::InputInlineButtonTypeUrlAuth::new(url))
    }

    /// Puts a text into the clipboard: at most 256 characters.
    pub fn copy(text: impl Into<String>, copied: impl Into<String>) -> Self {
        Self::new(text, types::InlineButtonTypeCopy::new(copied))
    }

    /// Lets the user pick a chat, and begins an inline query there.
    pub fn switch_inline(text: impl Into<String>, query: impl Into<String>) -> Self {
        Self::new(text, types::InlineButtonTypeSwitchInline::new(query))
    }

    /// Begins an inline query in the chat where the button is.
    pub fn switch_inline_here(text: impl Into<String>, query: impl Into<String>) -> Self {
        Self::new(text, types::InlineButtonTypeSwitchInline { same_peer: true, ..types::InlineButtonTypeSwitchInline::new(query) })
    }

    /// Pays an invoice. The first button of the message.
    pub fn pay(text: impl Into<String>) -> Self {
        Self::new(text, enums::InlineButtonType::Buy)
    }

    /// Starts a game. The first button of the message.
    pub fn game(text: impl Into<String>) -> Self {
        Self::new(text, enums::InlineButtonType::Game)
    }

    /// Shown as what is probably wanted.
    #[must_use]
    pub fn primary(self) -> Self {
        self.styled(|style| style.bg_primary = true)
    }

    /// Shown as what cannot be undone.
    #[must_use]
    pub fn danger(self) -> Self {
        self.styled(|style| style.bg_danger = true)
    }

    /// Shown as what is good.
    #[must_use]
    pub fn success(self) -> Self {
        self.styled(|style| style.bg_success = true)
    }

    /// With a custom emoji before the text: the id of its document.
    #[must_use]
    pub fn icon(self, document: i64) -> Self {
        self.styled(|style| style.icon = Some(document))
    }

    /// What is written on it.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    fn new(text: impl Into<String>, does: impl Into<enums::InlineButtonType>) -> Self {
        Self(types::KeyboardInlineButton::new(text, does))
    }

    fn styled(mut self, set: impl FnOnce(&mut types::KeyboardButtonStyle)) -> Self {
        set(self.0.style.get_or_insert_with(types::KeyboardButtonStyle::new));
        self
    }
}

impl<T: Into<String>, D: Into<Vec<u8>>> From<(T, D)> for Button {
    fn from((text, data): (T, D)) -> Self {
        Self::data(text, data)
    }
}

impl From<types::KeyboardInlineButton> for Button {
    fn from(button: types::KeyboardInlineButton) -> Self {
        Self(button)
    }
}

impl From<Buttons> for enums::ReplyMarkup {
    fn from(buttons: Buttons) -> Self {
        let row = |row: Vec<Button>| types::KeyboardInlineButtonRow::new(row.into_iter().map(|button| button.0));
        types::ReplyInlineMarkup::new(buttons.rows.into_iter().map(row)).into()
    }
}

macro_rules! with_buttons {
    ($($request:ty),+) => {$(
        impl<T: Send + 'static> Call<T, $request> {
            /// With [`Buttons`](crate::Buttons) under it, or with a [`Keyboard`](crate::Keyboard).
            ///
            /// ```no_run
            /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
            /// use quadruplex::{Buttons, Keyboard};
            ///
            /// client.send("@lena", "Good?").buttons(Buttons::row([("👍", "up"), ("👎", "down")])).await?;
            /// client.send("@lena", "Sure?").buttons(Keyboard::row(["Yes", "No"]).once()).await?;
            /// # Ok(())
            /// # }
            /// ```
            pub fn buttons(mut self, buttons: impl Into<enums::ReplyMarkup>) -> Self {
                self.request.reply_markup = Some(buttons.into());
                self
            }
        }
    )+};
}
with_buttons!(messages::SendMessage, messages::SendMedia, messages::EditMessage);
