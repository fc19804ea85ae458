use quadruplex::api::functions::messages;
use quadruplex::api::{PeerRef, enums};
use quadruplex::{Client, Error};

use crate::feed::Feed;

/// The public name of the bot that answers what it is told.
pub(crate) const NAME: &str = "echo_bot";

/// Answers everybody who writes to a bot in private, from now on. Ends only when the client does.
pub(crate) async fn answer(client: &Client, mut feed: Feed) -> Result<(), Error> {
    while let Some(shown) = feed.next().await {
        let message = shown.message;
        if !message.out && matches!(message.peer_id, enums::Peer::User(_)) {
            client.call(messages::SendMessage::new(PeerRef::from(&message.peer_id), message.message)).await?;
        }
        feed.done();
    }
    Ok(())
}
