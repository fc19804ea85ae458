use quadruplex::api::enums;
use quadruplex::{Client, Error};

use crate::feed::{Feed, Happened};
use crate::messages::Shown;

/// The public name of the bot that answers what it is told.
pub(crate) const NAME: &str = "echo_bot";

/// Answers everybody who writes to a bot in private, from now on. Ends only when the client does.
pub(crate) async fn answer(client: &Client, mut feed: Feed) -> Result<(), Error> {
    while let Some(happened) = feed.next().await {
        if let Happened::New(Shown { message, .. }) = happened
            && !message.out
            && matches!(message.peer_id, enums::Peer::User(_))
        {
            client.send(message.peer_id, message.message).await?;
        }
        feed.done();
    }
    Ok(())
}
