use std::ops::Deref;

use crate::Message;
use crate::router::{Argument, Refusal, Update};

/// A message with text, or with a caption.
///
/// It is a [`Message`] in all other respects.
///
/// ```
/// use quadruplex::prelude::*;
///
/// async fn echo(msg: Text) -> Result {
///     msg.respond(msg.text()).await?;
///     Ok(())
/// }
///
/// let router = Router::new().on_message(echo);
/// # let _ = router;
/// ```
#[derive(Clone, Debug)]
pub struct Text(Message);

impl Argument for Text {
    fn fits(update: &Update) -> bool {
        update.message().is_some_and(|message| !message.text().is_empty())
    }

    async fn take(update: &Update) -> Result<Self, Refusal> {
        update.message().filter(|message| !message.text().is_empty()).cloned().map(Self).ok_or(Refusal::Skip)
    }
}

impl Deref for Text {
    type Target = Message;

    fn deref(&self) -> &Message {
        &self.0
    }
}
