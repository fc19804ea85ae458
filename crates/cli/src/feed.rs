use std::time::Duration;

use quadruplex::api::functions::updates;
use quadruplex::api::{enums, types};
use quadruplex::{Client, Error};
use tokio::time::sleep;

use crate::messages::{Names, Shown};

/// How often Telegram is asked for new messages, and how often a sandbox.
pub(crate) const SELDOM: Duration = Duration::from_secs(1);
pub(crate) const OFTEN: Duration = Duration::from_millis(20);

/// New messages of private chats and groups, from the moment it is opened.
pub(crate) struct Feed {
    client: Client,
    state: types::updates::State,
    period: Duration,
}

impl Feed {
    pub(crate) async fn open(client: &Client, period: Duration) -> Result<Self, Error> {
        Ok(Self { state: client.call(updates::GetState).await?, client: client.clone(), period })
    }

    /// The messages that have come since the last time, at least one.
    pub(crate) async fn next(&mut self) -> Result<Vec<Shown>, Error> {
        loop {
            let found = self.ask().await?;
            if !found.is_empty() {
                return Ok(found);
            }
            sleep(self.period).await;
        }
    }

    async fn ask(&mut self) -> Result<Vec<Shown>, Error> {
        let request = updates::GetDifference::new(self.state.pts, self.state.date, self.state.qts);
        let (new, users, chats, state) = match self.client.call(request).await? {
            enums::updates::Difference::Empty(_) => return Ok(Vec::new()),
            enums::updates::Difference::Difference(page) => (page.new_messages, page.users, page.chats, page.state),
            enums::updates::Difference::Slice(page) => (page.new_messages, page.users, page.chats, page.intermediate_state),
            enums::updates::Difference::TooLong(long) => {
                self.state.pts = long.pts;
                return Ok(Vec::new());
            }
        };
        self.state = state;
        let names = Names::of(&users, &chats);
        let message = |message| if let enums::Message::Message(message) = message { Some(names.show(*message)) } else { None };
        Ok(new.into_iter().filter_map(message).collect())
    }
}
