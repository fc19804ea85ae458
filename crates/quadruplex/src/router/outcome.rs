use std::fmt;
use std::future::IntoFuture;

use quadruplex_api::enums;
use quadruplex_net::BoxFuture;

use super::callback_query::TOAST;
use super::{CallbackQuery, Update};
use crate::client::Erased;
use crate::{Attachment, BoxError, Call, Error, FormattedText, Message};

/// What a handler answers with; see [`IntoOutcome`].
#[derive(Debug, Default)]
pub struct Outcome(Answer);

#[derive(Default)]
enum Answer {
    #[default]
    Nothing,
    Text(FormattedText),
    File(Box<Attachment>),
    Media(Box<enums::InputMedia>),
    Call(BoxFuture<'static, Result<(), Error>>),
}

/// What a handler may return: nothing, or what it wants to answer with.
///
/// A text, a file or media is sent into the chat of the update; to a callback query that nobody has answered a text is the toast, if it is
/// no longer than a toast may be (200 UTF-16 code units). A text that is too long for a message is sent as several. A [`Call`] is made. Any of
/// those may be optional, and any may be a `Result` whose error makes the update fail, so that it is tried again.
///
/// ```
/// use quadruplex::prelude::*;
///
/// async fn nothing(_: Text) {}
/// async fn text(msg: Text) -> String {
///     msg.text().to_uppercase()
/// }
/// async fn perhaps(msg: Text) -> Option<&'static str> {
///     (msg.text() == "ping").then_some("pong")
/// }
/// async fn fallible(msg: Text) -> Result<String> {
///     Ok(format!("twice {}", msg.text().parse::<f64>()?))
/// }
/// async fn call(msg: Text) -> impl IntoOutcome {
///     msg.reply("indeed").silent()
/// }
///
/// let router = Router::new().on_message(nothing).on_message(text).on_message(perhaps).on_message(fallible).on_message(call);
/// # let _ = router;
/// ```
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    label = "this is no answer",
    note = "return nothing, a text, a file, media, a call, an `Option` of those, or a `Result` of those whose error boxes"
)]
pub trait IntoOutcome {
    /// The answer, or why there is none.
    ///
    /// # Errors
    /// The handler has failed: the update is tried again.
    fn into_outcome(self) -> Result<Outcome, BoxError>;
}

impl Outcome {
    /// A text in the chat of the update.
    pub(crate) fn text(text: impl Into<FormattedText>) -> Self {
        Self(Answer::Text(text.into()))
    }

    /// Gives the answer.
    pub(crate) async fn give(self, update: &Update) -> Result<(), Error> {
        let nowhere = || Error::Invalid(format!("a handler has answered to {}, which is in no chat", update.name()));
        let client = update.client();
        match self.0 {
            Answer::Nothing => Ok(()),
            Answer::Call(call) => call.await,
            Answer::Text(text) => match CallbackQuery::of(update).filter(|_| !update.is_answered() && is_toast(&text)) {
                Some(query) => query.toast(text.text).await,
                None => {
                    for part in client.send_long(update.chat().ok_or_else(nowhere)?, text) {
                        part.await?;
                    }
                    Ok(())
                }
            },
            Answer::File(file) => client.send_file(update.chat().ok_or_else(nowhere)?, *file).await.map(drop),
            Answer::Media(media) => client.send_media(update.chat().ok_or_else(nowhere)?, *media, "").await.map(drop),
        }
    }
}

fn is_toast(text: &FormattedText) -> bool {
    text.text.encode_utf16().count() <= TOAST
}

impl IntoOutcome for Outcome {
    fn into_outcome(self) -> Result<Outcome, BoxError> {
        Ok(self)
    }
}

impl IntoOutcome for () {
    fn into_outcome(self) -> Result<Outcome, BoxError> {
        Ok(Outcome::default())
    }
}

/// What was sent needs no further answer.
impl IntoOutcome for Message {
    fn into_outcome(self) -> Result<Outcome, BoxError> {
        Ok(Outcome::default())
    }
}

impl IntoOutcome for Attachment {
    fn into_outcome(self) -> Result<Outcome, BoxError> {
        Ok(Outcome(Answer::File(Box::new(self))))
    }
}

impl IntoOutcome for enums::InputMedia {
    fn into_outcome(self) -> Result<Outcome, BoxError> {
        Ok(Outcome(Answer::Media(Box::new(self))))
    }
}

impl<T: IntoOutcome> IntoOutcome for Option<T> {
    fn into_outcome(self) -> Result<Outcome, BoxError> {
        self.map_or_else(|| Ok(Outcome::default()), T::into_outcome)
    }
}

impl<T: IntoOutcome, E: Into<BoxError>> IntoOutcome for Result<T, E> {
    fn into_outcome(self) -> Result<Outcome, BoxError> {
        self.map_err(Into::into).and_then(T::into_outcome)
    }
}

impl<T: Send + 'static, R: Erased + ?Sized + 'static> IntoOutcome for Call<T, R> {
    fn into_outcome(self) -> Result<Outcome, BoxError> {
        let call = self.into_future();
        Ok(Outcome(Answer::Call(Box::pin(async move { call.await.map(drop) }))))
    }
}

macro_rules! texts {
    ($($text:ty),+) => {$(
        impl IntoOutcome for $text {
            fn into_outcome(self) -> Result<Outcome, BoxError> {
                Ok(Outcome::text(self))
            }
        }
    )+};
}
texts!(&str, String, FormattedText);

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("Nothing"),
            Self::Text(text) => text.fmt(f),
            Self::File(file) => file.fmt(f),
            Self::Media(media) => media.fmt(f),
            Self::Call(_) => f.write_str("Call"),
        }
    }
}
