use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};

use quadruplex_api::PeerRef;
use quadruplex_net::CloseReason;
use quadruplex_sandbox::Sandbox;
use quadruplex_store::{Memory, Store};
use tokio::sync::OnceCell;

use super::{chat, furnish};
use crate::app::arguments::program_name;
use crate::client::lock;
use crate::sandbox::{self, Running};
use crate::{Client, Error, Servers};

/// Where `--sandbox` leads to.
enum Telegram {
    /// In this process.
    Own(Sandbox),
    Running(Running),
}

/// Lives as long as the process: clients do not keep it.
static TELEGRAM: OnceCell<Telegram> = OnceCell::const_new();

/// The bots of this program.
static BOTS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Who the account of a program is that is no bot, and who sits in front of one that is.
const ME: &str = "me";
/// Who sits in front of a program that is no bot.
const OTHER: &str = "alice";

/// Somebody to talk to the account of a program, or to several.
pub(crate) struct Local {
    person: Client,
    accounts: Vec<PeerRef>,
    greeting: String,
}

impl Local {
    /// A chat over the standard input and output; see [`chat`].
    pub(crate) async fn talk(self, is_at_rest: impl AsyncFn() -> bool) {
        chat::talk(self.person, self.accounts, &self.greeting, is_at_rest).await;
    }
}

impl Telegram {
    async fn find() -> Result<Self, Error> {
        Ok(match sandbox::running()? {
            Some(running) => Self::Running(running),
            None => Self::Own(furnish::start().await?),
        })
    }

    async fn connect(&self) -> Result<Client, Error> {
        self.connect_with(Arc::new(Memory::new())).await
    }

    async fn connect_with(&self, store: Arc<dyn Store>) -> Result<Client, Error> {
        let builder = Client::builder(1, "sandbox");
        let builder = match self {
            Self::Own(telegram) => {
                let servers = Servers::custom(1, telegram.addresses(), telegram.public_key());
                builder.servers(servers).dialer(telegram.dialer())
            }
            Self::Running(running) => builder.servers(running.servers()),
        };
        builder.connect(store).await
    }

    /// A client of a bot. A login that is stored is taken if this sandbox knows it.
    async fn sign_in_bot(&self, username: &str, store: Arc<dyn Store>) -> Result<Client, Error> {
        let client = self.connect_with(store).await?;
        if client.own_user().is_some() {
            match client.me().await {
                Err(Error::Closed(CloseReason::UnknownKey)) => return Err(unknown(&client)),
                Err(error) if client.login_lost().is_none() => return Err(error),
                Err(_) => {}
                Ok(_) => return Ok(client),
            }
        }
        client.sign_in_bot(&sandbox::token(username)).await?;
        Ok(client)
    }

    /// Tells other processes whom they may want to talk with.
    fn introduce(&self, account: &PeerRef) -> Result<(), Error> {
        match self {
            Self::Own(_) => Ok(()),
            Self::Running(_) => sandbox::introduce(&account.to_string()),
        }
    }

    /// Brings a bot into the group that everybody is in.
    async fn furnish_group(&self, bot: &str) -> Result<(), Error> {
        let other = self.sign_in(OTHER).await?;
        let furnished = furnish::shared_group(&other, bot).await;
        other.close().await;
        furnished
    }

    async fn sign_in(&self, name: &str) -> Result<Client, Error> {
        let client = self.connect().await?;
        sandbox::sign_in(&client, name).await?;
        Ok(client)
    }
}

async fn telegram() -> Result<&'static Telegram, Error> {
    TELEGRAM.get_or_try_init(Telegram::find).await
}

/// A client of a person.
pub(crate) async fn person() -> Result<Client, Error> {
    let telegram = telegram().await?;
    let (client, other) = (telegram.sign_in(ME).await?, telegram.sign_in(OTHER).await?);
    let me = PeerRef::Phone(sandbox::phone(ME));
    let furnished = match telegram {
        Telegram::Own(_) => furnish::files(&other).await,
        Telegram::Running(_) => furnish::shared(&other, me.clone()).await,
    };
    other.close().await;
    if let Err(error) = furnished {
        // Another program may be at it, too; and who has a sandbox of his own has his own things there.
        tracing::info!(%error, "the sandbox could not be furnished with what examples look for");
    }
    // awaitlint: allow(blocking-in-async) a small file, once, before anything else runs
    telegram.introduce(&me)?;
    Ok(client)
}

/// A client of a bot that is named after the program.
pub(crate) async fn bot() -> Result<Client, Error> {
    bot_named(&program_name()).await
}

/// The same with what is in a store.
pub(crate) async fn bot_with(store: Arc<dyn Store>) -> Result<Client, Error> {
    bot_named_with(&program_name(), store).await
}

/// A client of a bot with a name.
pub(crate) async fn bot_named(name: &str) -> Result<Client, Error> {
    bot_named_with(name, Arc::new(Memory::new())).await
}

/// The same with what is in a store.
pub(crate) async fn bot_named_with(name: &str, store: Arc<dyn Store>) -> Result<Client, Error> {
    let telegram = telegram().await?;
    let username = bot_name(name);
    let client = telegram.sign_in_bot(&username, store).await?;
    match telegram {
        Telegram::Own(telegram) => furnish::group(telegram, &username)?,
        Telegram::Running(_) => {
            if let Err(error) = telegram.furnish_group(&username).await {
                // Another program may be at it, too.
                tracing::info!(%error, "the sandbox could not be furnished with a group for the bot");
            }
        }
    }
    // awaitlint: allow(blocking-in-async) a small file, once, before anything else runs
    telegram.introduce(&PeerRef::Username(username.clone()))?;
    lock(&BOTS).insert(username);
    Ok(client)
}

/// Somebody to talk to the account of a program, if it is one of the sandbox.
pub(crate) async fn somebody_for(client: &Client) -> Result<Option<Local>, Error> {
    match client.own_user() {
        Some(user) if user.bot => somebody_for_bot().await,
        _ => somebody(OTHER, vec![PeerRef::Phone(sandbox::phone(ME))]).await,
    }
}

/// Somebody to talk to the bot of this program.
pub(crate) async fn somebody_for_bot() -> Result<Option<Local>, Error> {
    somebody(ME, vec![PeerRef::Username(bot_name(&program_name()))]).await
}

/// Somebody to talk to all bots of this program.
pub(crate) async fn somebody_for_bots() -> Result<Option<Local>, Error> {
    let bots = lock(&BOTS).iter().cloned().map(PeerRef::Username).collect();
    somebody(ME, bots).await
}

async fn somebody(name: &str, accounts: Vec<PeerRef>) -> Result<Option<Local>, Error> {
    let (Some(telegram), Some((account, others))) = (TELEGRAM.get(), accounts.split_first()) else { return Ok(None) };
    let mut greeting = match telegram {
        Telegram::Own(_) => format!("You are {name} in a chat with {account} in a sandbox. Type and press Enter; Ctrl-C ends."),
        Telegram::Running(_) => format!(
            "You are {name} in a chat with {account} in the sandbox that runs here. Type and press Enter; Ctrl-C ends.\n\
             From another terminal: quadruplex chat --as bobby"
        ),
    };
    for other in others {
        greeting += &format!("\nTo {other}: {other} hello");
    }
    Ok(Some(Local { person: telegram.sign_in(name).await?, accounts, greeting }))
}

/// A public name for the bot of a program.
fn bot_name(program: &str) -> String {
    let plain = |char: char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '_' };
    let words: String = program.chars().take(24).map(plain).collect();
    let words: Vec<&str> = words.split('_').filter(|word| !word.is_empty()).collect();
    match words.join("_") {
        name if name.starts_with(|first: char| first.is_ascii_alphabetic()) => format!("{name}_bot"),
        _ => "program_bot".to_owned(),
    }
}

/// What is stored belongs to another world: its people, chats and updates are none of this one.
fn unknown(client: &Client) -> Error {
    Error::Invalid(format!(
        "this sandbox does not know the login in {}: it is of another sandbox, or of this one before its state was removed\n  \
         nothing was deleted\n  \
         help: empty that store, or let one sandbox run for as long as the store is used: quadruplex sandbox --state FILE",
        client.inner.writer.store().place()
    ))
}

pub(super) fn cannot(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::io("the sandbox cannot start", io::Error::other(error))
}

#[cfg(test)]
mod tests {
    use quadruplex_api::functions::auth;

    use super::*;

    /// Time is virtual: the pauses between attempts to connect take none.
    #[tokio::test(start_paused = true)]
    async fn a_login_of_another_sandbox_is_told_and_kept() {
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        let first = Telegram::Own(Sandbox::start().await.unwrap());
        let bot = first.sign_in_bot("some_bot", Arc::clone(&store)).await.unwrap();
        let user = bot.own_user();
        bot.close().await;
        let again = first.sign_in_bot("some_bot", Arc::clone(&store)).await.unwrap();
        assert_eq!(again.own_user(), user);
        again.call(auth::LogOut).await.unwrap();
        again.close().await;
        let anew = first.sign_in_bot("some_bot", Arc::clone(&store)).await.unwrap();
        assert_eq!((anew.own_user(), anew.login_lost()), (user, None), "whose login was ended signs in again");
        anew.close().await;

        let before = store.load().await.unwrap();
        let second = Telegram::Own(Sandbox::start().await.unwrap());
        let error = second.sign_in_bot("some_bot", Arc::clone(&store)).await.unwrap_err().to_string();
        assert!(error.starts_with("this sandbox does not know the login in memory: "), "{error}");
        assert_eq!(store.load().await.unwrap().keys, before.keys, "nothing was deleted");
        let third = second.sign_in_bot("some_bot", Arc::new(Memory::new())).await.unwrap();
        assert!(third.own_user().is_some());
    }

    #[test]
    fn bots_have_names_that_telegram_takes() {
        let check = |program: &str, name: &str| assert_eq!(bot_name(program), name);
        check("echo", "echo_bot");
        check("my-shop__v2", "my_shop_v2_bot");
        check("2048", "program_bot");
        check("здравствуйте", "program_bot");
        check("a-program-with-a-very-long-name", "a_program_with_a_very_lo_bot");
    }
}
