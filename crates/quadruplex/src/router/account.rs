//! Whose updates they are.

use quadruplex_api::enums;

use crate::{Client, Error};

/// What handlers have to know of the account itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) id: i64,
}

impl Account {
    pub(crate) async fn of(client: &Client) -> Result<Self, Error> {
        let enums::User::User(user) = client.me().await? else { return Err(Error::NotSignedIn) };
        Ok(Self { id: user.id })
    }
}
