//! Users as objects.

use quadruplex_tl_schema::Object;

use super::super::accounts::TELEGRAM;
use super::super::state::rows::Peer;
use super::{View, WithFlag};

impl View<'_> {
    /// A `User`: what this account may know of it.
    pub(crate) fn user(&self, id: i64) -> Object {
        let tables = &self.world.state.tables;
        let Some(user) = tables.users.get(&id) else { return Object::new("userEmpty").with("id", id) };
        let mine = id == self.viewer;
        let note = tables.contacts.get(&(self.viewer, id)).filter(|note| note.contact);
        let mutual = note.is_some() && tables.contacts.get(&(id, self.viewer)).is_some_and(|note| note.contact);
        let object = Object::new("user")
            .with("id", id)
            .with("access_hash", self.world.access_hash(self.viewer, Peer::User(id)))
            .with_flag("self", mine)
            .with_flag("contact", note.is_some())
            .with_flag("mutual_contact", mutual)
            .with_flag("verified", id == TELEGRAM)
            .with_flag("support", id == TELEGRAM)
            .with_flag("deleted", user.deleted);
        if user.deleted {
            return object;
        }
        let (first, last) = note.map_or((&user.first_name, &user.last_name), |note| (&note.first_name, &note.last_name));
        let object = object
            .with_some("first_name", non_empty(first))
            .with_some("last_name", non_empty(last))
            .with_some("username", user.username.as_deref())
            .with_some("phone", user.phone.as_deref().filter(|_| mine || note.is_some()))
            .with_some("photo", user.photo.map(|photo| self.profile_photo(photo)));
        match &user.bot {
            Some(bot) => object
                .with("bot", true)
                .with_flag("bot_chat_history", !bot.privacy)
                .with("bot_info_version", 1)
                .with_some("bot_inline_placeholder", bot.inline.as_deref()),
            None => object.with("status", Object::new("userStatusRecently")),
        }
    }

    /// A `UserProfilePhoto`.
    fn profile_photo(&self, photo: i64) -> Object {
        let dc = self.world.state.tables.files.get(&photo).map_or(0, |file| file.dc);
        Object::new("userProfilePhoto").with("photo_id", photo).with("dc_id", dc)
    }
}

fn non_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
