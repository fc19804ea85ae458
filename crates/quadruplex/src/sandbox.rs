//! The sandbox that runs on this machine: what programs with `--sandbox` and the `quadruplex` command have in common. Feature `sandbox`.
//!
//! `quadruplex sandbox` writes down where it is; programs find it by that, and sign in without asking anybody: people by numbers that
//! Telegram's test servers have too, bots by tokens that name them.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! use quadruplex::{Client, sandbox};
//!
//! let Some(telegram) = sandbox::running()? else { return Err("start one: quadruplex sandbox".into()) };
//! let alice = Client::builder(1, "any").servers(telegram.servers()).connect_in_memory().await?;
//! sandbox::sign_in(&alice, "alice").await?;
//! alice.send("@echo_bot", "hello").await?;
//! # Ok(())
//! # }
//! ```

use std::env;
use std::fs::{self, File, TryLockError};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use quadruplex_api::enums;
use quadruplex_api::functions::account;
use quadruplex_crypto::rsa::PublicKey;
use serde_json::Value;
use tokio::time::sleep;

use crate::{Client, Error, Servers, SignIn};

/// What is locked as long as the sandbox runs.
pub const LOCK: &str = "sandbox.lock";
/// What says where it is.
pub const NOTE: &str = "sandbox.json";
/// What says with whom it is talked there, unless somebody else is named: the bot of the program that was started last.
pub const PARTNER: &str = "sandbox.partner";

/// So often others may be faster at signing in as the same person.
const TRIES: u64 = 20;
/// By so many milliseconds pauses grow at most, from one try to the next.
const STEP: u64 = 20;

/// A sandbox of another process on this machine.
#[derive(Clone, Debug)]
pub struct Running {
    dcs: Vec<(i32, SocketAddr)>,
}

impl Running {
    /// What a client has to be told.
    pub fn servers(&self) -> Servers {
        Servers::custom(self.dcs.first().map_or(1, |(dc, _)| *dc), self.dcs.iter().copied(), PublicKey::sandbox())
    }

    fn parse(note: &Value) -> Option<Self> {
        let dc = |dc: &Value| Some((i32::try_from(dc["id"].as_i64()?).ok()?, dc["address"].as_str()?.parse().ok()?));
        Some(Self { dcs: note["dcs"].as_array()?.iter().map(dc).collect::<Option<_>>()? })
    }
}

/// Where sessions and the sandbox are kept: the directory that `QUADRUPLEX_STATE_DIR` names, or the system's place for such things. `None`
/// if the system has none, because nobody is at home.
pub fn state_dir() -> Option<PathBuf> {
    let from = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let usual = || {
        let base = if cfg!(windows) {
            from("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            from("HOME").map(|home| home.join("Library/Application Support"))
        } else {
            from("XDG_STATE_HOME").or_else(|| from("HOME").map(|home| home.join(".local/state")))
        };
        Some(base?.join("quadruplex"))
    };
    from("QUADRUPLEX_STATE_DIR").or_else(usual)
}

/// The sandbox that `quadruplex sandbox` runs; `None` if it does not. One that another command runs for itself, and that ends with it, does
/// not count.
///
/// # Errors
/// It runs, and does not say where, or what it says cannot be read.
pub fn running() -> Result<Option<Running>, Error> {
    let Some(dir) = state_dir() else { return Ok(None) };
    let Ok(lock) = File::open(dir.join(LOCK)) else { return Ok(None) };
    match lock.try_lock_shared() {
        Ok(()) => return Ok(None),
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(error)) => return Err(Error::io("cannot see whether a sandbox runs", error)),
    }
    let note = match fs::read_to_string(dir.join(NOTE)) {
        Ok(note) => note,
        // It is just being started, or ends with the command that has started it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(format!("a sandbox is running, but {} cannot be read", dir.join(NOTE).display()), error)),
    };
    let note: Value = serde_json::from_str(&note).unwrap_or_default();
    if note["transient"] == true {
        return Ok(None);
    }
    let strange = || Error::Invalid(format!("a sandbox is running, but {} does not say where", dir.join(NOTE).display()));
    Running::parse(&note).map(Some).ok_or_else(strange)
}

/// Notes with whom others talk who do not say with whom: what `quadruplex chat --as alice` means. It is not there any more when another
/// sandbox is started.
///
/// # Errors
/// The directory cannot be written.
pub fn introduce(partner: &str) -> Result<(), Error> {
    let Some(dir) = state_dir() else { return Ok(()) };
    fs::write(dir.join(PARTNER), partner).map_err(|error| Error::io(format!("cannot write into {}", dir.display()), error))
}

/// The token with which a bot of this public name signs in to a sandbox; it is made if there is none.
///
/// ```
/// assert_eq!(quadruplex::sandbox::token("echo_bot"), "0:echo_bot");
/// ```
pub fn token(username: &str) -> String {
    format!("0:{username}")
}

/// Signs a person in to a sandbox, who is made if there is none of that name. A name of five or more letters and digits is the public one
/// too.
///
/// People have numbers of the kind that Telegram's test servers know: the code is the number of the data centre, five times, so that it
/// need not be read from the sandbox, which may run elsewhere.
///
/// # Errors
/// Those of the calls.
///
/// # Cancel safety
/// If it is dropped, the person may be signed in.
pub async fn sign_in(client: &Client, name: &str) -> Result<(), Error> {
    // Of programs that sign in as the same person at once, the one that has asked for a code last has the one that counts.
    let is_late = |error: &Error| error.is("PHONE_CODE_EXPIRED") || error.is("PHONE_NUMBER_OCCUPIED");
    for tries in 1..TRIES {
        match try_to_sign_in(client, name).await {
            Err(error) if is_late(&error) => {
                let pause = client.inner.random_id().unsigned_abs() % (STEP * tries);
                sleep(Duration::from_millis(pause)).await;
            }
            tried => return tried,
        }
    }
    try_to_sign_in(client, name).await
}

async fn try_to_sign_in(client: &Client, name: &str) -> Result<(), Error> {
    let code = client.request_code(&phone(name)).await?;
    let elsewhere = |what: &str| {
        Error::Invalid(format!("{name} {what}\n  help: quadruplex login --sandbox --as {name} --phone NUMBER asks for the code"))
    };
    let user = match client.sign_in(&code, "11111").await? {
        SignIn::Done(user) => user,
        SignIn::PasswordNeeded { .. } => return Err(elsewhere("has a password")),
        SignIn::SignUpNeeded => client.sign_up(&code, &first_name(name), "").await?,
    };
    let has_name = matches!(&user, enums::User::User(user) if user.username.is_some());
    let Some(username) = username(name).filter(|_| !has_name) else { return Ok(()) };
    match client.call(account::UpdateUsername::new(username)).await {
        // Somebody else was given the name and a number of his own. Nobody is to be taken for him.
        Err(error) if error.is("USERNAME_OCCUPIED") => {
            client.sign_out().await?;
            Err(elsewhere("has another number"))
        }
        // As said above: the other one has named him.
        Err(error) if error.is("USERNAME_NOT_MODIFIED") => Ok(()),
        named => named.map(drop),
    }
}

/// The number of a person: always the same for the same name.
pub fn phone(name: &str) -> String {
    quadruplex_sandbox::test_number(name)
}

/// The public name of a person, if the name can be one: Telegram's have five characters at least.
pub fn username(name: &str) -> Option<&str> {
    let good = name.len() >= 5 && name.starts_with(|first: char| first.is_ascii_alphabetic()) && !name.contains('-');
    good.then_some(name)
}

/// The name that others see.
pub fn first_name(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn people_have_numbers_of_their_own() {
        let numbers = ["me", "alice", "bobby", "carol"].map(phone);
        for (at, number) in numbers.iter().enumerate() {
            assert!(number.len() == 10 && number.starts_with("999661"), "{number}");
            assert!(!numbers[..at].contains(number), "{numbers:?}");
        }
        assert_eq!(phone("alice"), numbers[1]);
        assert_eq!((username("bobby"), username("bob"), username("my-name"), username("1alice")), (Some("bobby"), None, None, None));
        assert_eq!(first_name("alice"), "Alice");
    }

    #[test]
    fn a_note_is_read() {
        let note = json!({ "dcs": [{ "address": "127.0.0.1:4431", "id": 2 }], "event": "ready" });
        let servers = Running::parse(&note).expect("it is whole").servers();
        assert_eq!((servers.first_dc, servers.addresses.len()), (2, 1));
        for broken in [json!(null), json!({}), json!({ "dcs": [{ "id": 1 }] })] {
            assert!(Running::parse(&broken).is_none(), "{broken}");
        }
    }
}
