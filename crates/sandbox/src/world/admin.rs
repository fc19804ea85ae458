//! What only the owner of a sandbox can do: make accounts and chats, read codes and messages, keep keys.

mod keys;
mod reading;

use serde::{Deserialize, Serialize};

use super::accounts::{check_username, digits};
use super::entities::detect;
use super::fanout::Fanout;
use super::methods::good_title;
use super::state::rows::{Action, Content, Ended, Peer, Status, User};
use super::{Caller, Now, RpcError, World, error};

pub use self::keys::Keys;
pub use self::reading::{Digest, DigestEntry, Transcript};

/// A login code that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoginCode {
    /// The number it was sent to, digits only.
    pub phone: String,
    /// The code.
    pub code: String,
    /// When, in unix seconds.
    pub sent: i32,
}

/// A person to be created.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewUser {
    /// The first name; required.
    pub first_name: String,
    /// The last name, or nothing.
    pub last_name: String,
    /// The public name without `@`, if it has one.
    pub username: Option<String>,
    /// The telephone number, if it has one: without, it cannot sign in by code.
    pub phone: Option<String>,
    /// The password of two-step verification.
    pub password: Option<String>,
    /// The home data centre; `None`: the first.
    pub dc: Option<i32>,
}

/// A bot to be created.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewBot {
    /// The name that is shown.
    pub name: String,
    /// The public name without `@`.
    pub username: String,
    /// Privacy mode, as Telegram has it unless the owner of a bot turns it off: in groups the bot gets only commands, replies to it
    /// and mentions.
    pub privacy: bool,
    /// The home data centre; `None`: the first.
    pub dc: Option<i32>,
}

impl Default for NewBot {
    fn default() -> Self {
        Self { name: String::new(), username: String::new(), privacy: true, dc: None }
    }
}

impl World {
    /// Creates a person and returns the id.
    ///
    /// # Errors
    /// The name is empty; the public name is malformed or taken; the number is malformed or taken; there is no such data centre.
    pub fn create_user(&mut self, new: NewUser, now: Now) -> Result<i64, RpcError> {
        if new.first_name.is_empty() {
            return Err(error::FIRSTNAME_INVALID);
        }
        let phone = new.phone.as_deref().map(digits);
        if phone.as_ref().is_some_and(|phone| !(5..=15).contains(&phone.len())) {
            return Err(error::PHONE_NUMBER_INVALID);
        }
        if phone.as_ref().is_some_and(|phone| self.by_phone(phone).is_some()) {
            return Err(error::PHONE_NUMBER_OCCUPIED);
        }
        self.check_free(new.username.as_deref())?;
        let dc = self.known_dc(new.dc)?;
        let user = User { first_name: new.first_name, last_name: new.last_name, username: new.username, phone, dc, ..User::default() };
        let id = self.make_user(user);
        if let Some(password) = new.password {
            self.set_password(id, &password);
        }
        self.settle(now);
        Ok(id)
    }

    /// Creates a bot and returns its id and token.
    ///
    /// # Errors
    /// The public name is malformed or taken; there is no such data centre.
    pub fn create_bot(&mut self, new: NewBot, now: Now) -> Result<(i64, String), RpcError> {
        self.check_free(Some(&new.username))?;
        let dc = self.known_dc(new.dc)?;
        let made = self.make_bot(&new.name, &new.username, new.privacy, dc);
        self.settle(now);
        Ok(made)
    }

    /// Gives a bot an inline mode, with what stands in the input field after its name, or takes it away.
    ///
    /// # Errors
    /// There is no such bot.
    pub fn set_inline(&mut self, bot: i64, placeholder: Option<&str>, now: Now) -> Result<(), RpcError> {
        let row = self.state.tables.users.get_mut(&bot).and_then(|user| user.bot.as_mut()).ok_or(error::BOT_INVALID)?;
        row.inline = placeholder.map(str::to_owned);
        self.settle(now);
        Ok(())
    }

    /// Creates a basic group and returns its id.
    ///
    /// # Errors
    /// Somebody does not exist; the title is empty.
    pub fn create_group(&mut self, creator: i64, title: &str, members: &[i64], now: Now) -> Result<i64, RpcError> {
        for member in members.iter().chain([&creator]) {
            self.user(*member)?;
        }
        let title = good_title(title)?;
        let members: Vec<i64> = members.iter().copied().filter(|member| *member != creator).collect();
        let chat = self.make_chat(creator, &members, &title, now.seconds());
        let mut fanout = Fanout::default();
        let action = Action::ChatCreate { title, users: members };
        self.post_action(&mut fanout, creator, Peer::Chat(chat), action, now.seconds());
        self.publish_all(fanout, now.seconds());
        self.settle(now);
        Ok(chat)
    }

    /// Creates a supergroup or channel and returns its id.
    ///
    /// # Errors
    /// Somebody does not exist; the title is empty; the public name is malformed or taken.
    pub fn create_channel(
        &mut self,
        creator: i64,
        title: &str,
        megagroup: bool,
        username: Option<&str>,
        members: &[i64],
        now: Now,
    ) -> Result<i64, RpcError> {
        for member in members.iter().chain([&creator]) {
            self.user(*member)?;
        }
        let title = good_title(title)?;
        self.check_free(username)?;
        let date = now.seconds();
        let id = self.make_channel(creator, &title, "", megagroup, date);
        self.set_username(Peer::Channel(id), None, username)?;
        self.state.tables.channels.entry(&id).username = username.map(str::to_owned);
        let mut fanout = Fanout::default();
        self.post_action(&mut fanout, creator, Peer::Channel(id), Action::ChannelCreate { title }, date);
        for member in members.iter().filter(|member| **member != creator) {
            self.set_member(&mut fanout, id, *member, creator, date, |member| member.status = Status::Member);
        }
        self.publish_all(fanout, date);
        self.settle(now);
        Ok(id)
    }

    /// Sends a text as somebody, without a client. Returns the message's id in the sender's box, or in the channel.
    ///
    /// # Errors
    /// Somebody does not exist, or the sender may not write there; the text is empty or too long.
    pub fn say(&mut self, author: i64, peer: Peer, text: &str, now: Now) -> Result<i32, RpcError> {
        self.user(author)?;
        self.may_write(author, peer, now.seconds())?;
        let text = text.trim_end();
        match text.encode_utf16().count() {
            0 => return Err(error::MESSAGE_EMPTY),
            length if length > self.config.message_length => return Err(error::MESSAGE_TOO_LONG),
            _ => {}
        }
        let mut fanout = Fanout::default();
        let mut entities = Vec::new();
        detect(text, &mut entities);
        let content = Content { text: text.to_owned(), entities, ..Content::default() };
        let id = self.post(&mut fanout, author, peer, content, 0, now.seconds());
        self.publish_all(fanout, now.seconds());
        self.settle(now);
        Ok(id)
    }

    /// The login codes that can still be used, by number.
    pub fn codes(&self) -> Vec<LoginCode> {
        let codes = self.state.tables.codes.iter();
        codes.map(|(phone, code)| LoginCode { phone: phone.clone(), code: code.code.clone(), sent: code.sent }).collect()
    }

    /// The login codes that were sent since the last time, at most the last 1,024.
    pub fn take_codes(&mut self) -> Vec<LoginCode> {
        self.fresh_codes.drain(..).collect()
    }

    /// Whether login codes were sent since the last time they were taken.
    pub(crate) fn has_codes(&self) -> bool {
        !self.fresh_codes.is_empty()
    }

    /// The account behind a public name or a telephone number.
    pub fn find_user(&self, name: &str) -> Option<i64> {
        match self.by_username(name.trim_start_matches('@')) {
            Some(Peer::User(id)) => Some(id),
            _ => self.by_phone(name),
        }
    }

    /// Signs a key in as an account, as if it had done so with a code: a ready-made session. The key itself is stored with
    /// [`Keys::save`].
    ///
    /// # Errors
    /// There is no such account.
    pub fn login_session(&mut self, caller: &Caller, user: i64, now: Now) -> Result<(), RpcError> {
        self.user(user)?;
        self.sign_in(caller, user, None, now.seconds());
        self.settle(now);
        Ok(())
    }

    /// Who is signed in with a key.
    pub fn account_of(&self, auth_key_id: u64) -> Option<i64> {
        self.state.tables.logins.get(&auth_key_id).and_then(|login| login.user)
    }

    /// The home data centre of an account.
    pub fn home_dc(&self, user: i64) -> Option<i32> {
        self.state.tables.users.get(&user).map(|user| user.dc)
    }

    /// Destroys the login of a key because two connections sent with it: every further call is answered with
    /// `AUTH_KEY_DUPLICATED`.
    pub fn destroy_login(&mut self, auth_key_id: u64, now: Now) {
        self.end_login(auth_key_id, Some(Ended::Duplicated));
        self.settle(now);
    }

    /// Makes every file reference that was given out so far expire.
    pub fn expire_file_references(&mut self, now: Now) {
        self.state.meta().references += 1;
        self.settle(now);
    }

    /// The keys and small values that the server keeps here.
    pub fn keys(&mut self) -> Keys<'_> {
        Keys::new(self)
    }

    fn known_dc(&self, dc: Option<i32>) -> Result<i32, RpcError> {
        match dc {
            None => self.config.dcs.first().map(|dc| dc.id).ok_or(error::DC_ID_INVALID),
            Some(dc) if self.config.dcs.iter().any(|known| known.id == dc) => Ok(dc),
            Some(_) => Err(error::DC_ID_INVALID),
        }
    }

    fn check_free(&self, username: Option<&str>) -> Result<(), RpcError> {
        let Some(name) = username else { return Ok(()) };
        check_username(name)?;
        if self.by_username(name).is_some() { Err(error::USERNAME_OCCUPIED) } else { Ok(()) }
    }

    /// Writes what an administrator changed.
    fn settle(&mut self, _: Now) {
        if let Err(error) = self.state.commit() {
            tracing::error!(%error, "the state file cannot be written");
        }
    }
}
