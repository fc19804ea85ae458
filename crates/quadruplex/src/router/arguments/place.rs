use quadruplex_api::PeerRef;
use quadruplex_api::functions::messages;

use crate::router::{Argument, Refusal, Update};
use crate::{Attachment, Call, Client, FormattedText, Message, SendFiles};

/// The chat in which something happened.
///
/// ```
/// use quadruplex::prelude::*;
///
/// async fn greet(chat: Chat) -> Result {
///     chat.send("hello").await?;
///     Ok(())
/// }
///
/// let router = Router::new().on_message(greet);
/// # let _ = router;
/// ```
#[derive(Clone, Debug)]
pub struct Chat {
    client: Client,
    peer: PeerRef,
}

/// Who did it.
#[derive(Clone, Debug)]
pub struct Sender {
    client: Client,
    peer: PeerRef,
}

macro_rules! places {
    ($($place:ident: $found:ident, $of:literal;)+) => {$(
        impl $place {
            #[doc = concat!("Names ", $of, " wherever a peer belongs.")]
            pub fn peer(&self) -> PeerRef {
                self.peer.clone()
            }

            /// The id as the Bot API marks it: a user's as it is, a group's negative, a channel's below −10¹². The account's own chat has
            /// the account's id.
            pub fn id(&self) -> i64 {
                match &self.peer {
                    PeerRef::Id(id) => *id,
                    _ => self.client.own_user().map_or(0, |own| own.id),
                }
            }

            /// Sends a message there.
            pub fn send(&self, text: impl Into<FormattedText>) -> Call<Message, messages::SendMessage> {
                self.client.send(self.peer(), text)
            }

            /// Uploads a file and sends it there, as it is.
            pub fn send_file<'a>(&self, file: impl Into<Attachment>) -> SendFiles<'a, Message> {
                self.client.send_file(self.peer(), file)
            }

            /// Uploads a picture and sends it there.
            pub fn send_photo<'a>(&self, picture: impl Into<Attachment>) -> SendFiles<'a, Message> {
                self.client.send_photo(self.peer(), picture)
            }

            /// The client through which it is talked to.
            pub fn client(&self) -> &Client {
                &self.client
            }
        }

        impl Argument for $place {
            async fn take(update: &Update) -> Result<Self, Refusal> {
                let peer = update.$found().ok_or(Refusal::Skip)?;
                Ok(Self { client: update.client().clone(), peer })
            }
        }

        impl From<&$place> for PeerRef {
            fn from(place: &$place) -> Self {
                place.peer()
            }
        }
    )+};
}
places! {
    Chat: chat, "the chat";
    Sender: sender, "the sender";
}
