//! Accounts: how they come into being, what they are called, who is signed in.

use super::fanout::Fanout;
use super::state::rows::{Bot, Content, Ended, Login, Peer, Phone, User, Username};
use super::{Caller, RpcError, World, error};

/// Ids need more than 32 bits, as those that Telegram gives out today.
const FIRST_USER: i64 = 7_000_000_000;
/// The account from which Telegram itself writes.
pub(crate) const TELEGRAM: i64 = 777_000;
/// Test numbers: 99966XYYYY lives in DC X and its code is X five times.
const TEST_PREFIX: &str = "99966";

/// The number of a person of this name: always the same, in the first data centre, with the code 11111. As on Telegram's test servers such
/// numbers begin with 99966.
///
/// ```
/// assert_eq!(quadruplex_sandbox::test_number("alice"), "9996616183");
/// ```
pub fn test_number(name: &str) -> String {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{TEST_PREFIX}1{:04}", hash % 10_000)
}

impl World {
    /// Makes an account; the name and the number must be free.
    pub(crate) fn make_user(&mut self, user: User) -> i64 {
        let meta = self.state.meta();
        meta.users += 1;
        let id = FIRST_USER + meta.users;
        if let Some(phone) = &user.phone {
            self.state.tables.phones.insert(phone.clone(), Phone(id));
        }
        if let Some(name) = &user.username {
            self.state.tables.usernames.insert(name.to_lowercase(), Username(Peer::User(id)));
        }
        self.state.tables.users.insert(id, user);
        id
    }

    /// Makes a bot with a new token.
    pub(crate) fn make_bot(&mut self, first_name: &str, username: &str, privacy: bool, dc: i32) -> (i64, String) {
        let bot = Bot { privacy, ..Bot::default() };
        let user = User { first_name: first_name.to_owned(), username: Some(username.to_owned()), dc, bot: Some(bot), ..User::default() };
        let id = self.make_user(user);
        let secret = super::state::tl::hex::encode(&self.state.random_bytes::<16>());
        let token = format!("{id}:AA{secret}");
        if let Some(bot) = self.state.tables.users.get_mut(&id).and_then(|user| user.bot.as_mut()) {
            bot.token.clone_from(&token);
        }
        (id, token)
    }

    /// A text from Telegram itself, to all sessions of an account.
    pub(crate) fn announce(&mut self, user: i64, text: String, date: i32) {
        if !self.state.tables.users.contains(&TELEGRAM) {
            let dc = self.config.dcs.first().map_or(0, |dc| dc.id);
            self.state.tables.users.insert(TELEGRAM, User { first_name: "Telegram".to_owned(), dc, ..User::default() });
        }
        let mut fanout = Fanout::default();
        self.post(&mut fanout, TELEGRAM, Peer::User(user), Content { text, ..Content::default() }, 0, date);
        self.publish_all(fanout, date);
    }

    /// Whom a public name belongs to.
    pub(crate) fn by_username(&self, name: &str) -> Option<Peer> {
        self.state.tables.usernames.get(&name.to_lowercase()).map(|name| name.0)
    }

    /// Whose telephone number this is.
    pub(crate) fn by_phone(&self, phone: &str) -> Option<i64> {
        self.state.tables.phones.get(&digits(phone)).map(|phone| phone.0)
    }

    /// Gives a public name to a peer, or takes it away.
    pub(crate) fn set_username(&mut self, peer: Peer, old: Option<String>, new: Option<&str>) -> Result<(), RpcError> {
        if let Some(new) = new {
            check_username(new)?;
            if self.by_username(new).is_some_and(|owner| owner != peer) {
                return Err(error::USERNAME_OCCUPIED);
            }
        }
        if let Some(old) = old {
            self.state.tables.usernames.remove(&old.to_lowercase());
        }
        if let Some(new) = new {
            self.state.tables.usernames.insert(new.to_lowercase(), Username(peer));
        }
        Ok(())
    }

    /// The data centre where somebody with this number signs up or in.
    pub(crate) fn home_of(&self, phone: &str, asked: i32) -> i32 {
        if let Some(user) = self.by_phone(phone).and_then(|id| self.state.tables.users.get(&id)) {
            return user.dc;
        }
        match test_dc(phone) {
            Some(dc) if self.config.dcs.iter().any(|known| known.id == dc) => dc,
            _ => asked,
        }
    }

    /// The code that is sent to a number.
    pub(crate) fn new_code(&mut self, phone: &str) -> String {
        match (test_dc(phone), &self.config.code) {
            (Some(dc), _) => dc.to_string().repeat(5),
            (None, Some(code)) => code.clone(),
            (None, None) => format!("{:05}", self.state.random().rem_euclid(100_000)),
        }
    }

    /// Signs a key in.
    pub(crate) fn sign_in(&mut self, caller: &Caller, user: i64, parent: Option<u64>, date: i32) {
        let login = Login {
            user: Some(user),
            owes_password: None,
            srp_id: 0,
            dc: caller.dc,
            parent,
            ended: None,
            created: date,
            hash: self.derive("login", &[user, caller.auth_key_id.cast_signed()]),
            api_id: caller.api_id,
            device: caller.device_model.clone(),
            system: caller.system_version.clone(),
            app: caller.app_version.clone(),
        };
        self.state.set_login(caller.auth_key_id, login);
        // The counters exist from the first sign-in on.
        self.state.tables.boxes.entry(&Peer::User(user));
    }

    /// Ends a login and those that were imported from it.
    pub(crate) fn end_login(&mut self, key: u64, ended: Option<Ended>) {
        let children: Vec<u64> =
            self.state.tables.logins.iter().filter(|(_, login)| login.parent == Some(key)).map(|(key, _)| *key).collect();
        for key in children.into_iter().chain([key]) {
            if let Some(login) = self.state.tables.logins.get(&key) {
                let login = Login { user: None, owes_password: None, ended, ..login.clone() };
                self.state.set_login(key, login);
            }
        }
    }
}

/// A number as it is kept: digits only.
pub(crate) fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

fn test_dc(phone: &str) -> Option<i32> {
    let rest = digits(phone);
    let rest = rest.strip_prefix(TEST_PREFIX).filter(|rest| rest.len() == 5)?;
    rest.chars().next()?.to_digit(10).and_then(|dc| i32::try_from(dc).ok()).filter(|dc| *dc > 0)
}

/// Letters, digits and underscores, a letter first, 5 to 32 of them.
pub(crate) fn check_username(name: &str) -> Result<(), RpcError> {
    let good = (5..=32).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
        && !name.ends_with('_')
        && !name.contains("__");
    if good { Ok(()) } else { Err(error::USERNAME_INVALID) }
}
