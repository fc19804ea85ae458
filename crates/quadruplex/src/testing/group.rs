use quadruplex_api::PeerRef;
use quadruplex_api::enums;
use quadruplex_api::types::PeerChannel;

use super::{Bot, Sandbox, User};
use crate::Result;

/// A public supergroup in a [`Sandbox`].
#[derive(Clone, Debug)]
pub struct Group {
    pub(super) title: String,
    pub(super) username: String,
    id: i64,
}

impl Group {
    pub(super) fn create(telegram: &Sandbox, owner: &User, title: &str, bot: &Bot) -> Result<Self> {
        let letters: String = title.chars().filter(char::is_ascii_alphanumeric).collect();
        let username = format!("group_{}", letters.to_lowercase());
        let now = telegram.server().now();
        let made = telegram.server().world().create_channel(owner.id(), title, true, Some(&username), &[bot.id], now);
        let id = made.map_err(|error| format!("the group {title:?} cannot be made: {}", error.name))?;
        telegram.server().deliver();
        Ok(Self { title: title.to_owned(), username, id })
    }

    /// Its public name, without `@`.
    pub fn username(&self) -> &str {
        &self.username
    }

    pub(super) fn peer(&self) -> PeerRef {
        enums::Peer::from(PeerChannel::new(self.id)).into()
    }
}
