//! What a program is told by its command line and its environment.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quadruplex_store::{Redb, Store};
use tokio::time::timeout;

use super::sign_in;
use super::variables::Variables;
use crate::{Builder, Client, Error, Servers};

/// The options that every program takes. What else stands on the command line is the program's own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Arguments {
    pub(crate) sandbox: bool,
    token: Option<String>,
    phone: Option<String>,
    session: Option<PathBuf>,
    test_servers: bool,
    wait: Option<Duration>,
    /// The token in the environment is not for it.
    is_one_of_several: bool,
}

/// How long it is waited for a session that another process has.
const WAIT: Duration = Duration::from_secs(3);

/// How long it is waited for Telegram to say that a login has ended.
const ANSWER: Duration = Duration::from_secs(2);

/// Options without which a program goes to the real Telegram: a misspelt one is not taken for the program's own.
const ELSEWHERE: [&str; 2] = ["--sandbox", "--test-servers"];

impl Client {
    /// The account that the environment and the command line name; see [`run`](crate::run) for what they can say. With `--sandbox` it is
    /// the account `me` in the [sandbox](crate::sandbox) that runs on this machine, else in one of this process, in which `@alice` has written
    /// to it, and the channel `@rustlang` has some files.
    ///
    /// ```no_run
    /// use quadruplex::prelude::*;
    ///
    /// #[tokio::main]
    /// async fn main() -> Result {
    ///     let client = Client::from_args().await?;
    ///     client.send("me", "hello").await?;
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// The application id is missing, the session cannot be used, nobody is signed in and nobody is there to ask.
    ///
    /// # Cancel safety
    /// If it is dropped, a login may have been made.
    pub async fn from_args() -> Result<Self, Error> {
        let arguments = Arguments::read(std::env::args().skip(1))?;
        if arguments.sandbox {
            return super::local::person().await;
        }
        arguments.connect(&Variables::load()).await
    }
}

impl Arguments {
    /// What is known of an account that is one of several.
    pub(crate) fn of_account(session: PathBuf, token: Option<String>) -> Self {
        let sandbox = std::env::args().skip(1).any(|argument| argument == "--sandbox");
        Self { sandbox, session: Some(session), token, is_one_of_several: true, ..Self::default() }
    }

    pub(crate) fn read(arguments: impl IntoIterator<Item = String>) -> Result<Self, Error> {
        let mut read = Self::default();
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let (name, inline) = argument.split_once('=').map_or((argument.as_str(), None), |(name, value)| (name, Some(value.to_owned())));
            let mut value = || {
                let value = inline.clone().or_else(|| arguments.next());
                value.ok_or_else(|| Error::Invalid(format!("{name} needs a value")))
            };
            match name {
                "--sandbox" => read.sandbox = true,
                "--test-servers" => read.test_servers = true,
                "--token" => read.token = Some(value()?),
                "--phone" => read.phone = Some(value()?),
                "--session" => read.session = Some(value()?.into()),
                "--wait" => read.wait = Some(duration(&value()?)?),
                name => {
                    if let Some(meant) = ELSEWHERE.into_iter().find(|option| is_slip(name, option)) {
                        return Err(Error::Invalid(format!(
                            "{name} is not known\n  help: did you mean {meant}? Without it this goes to the real Telegram"
                        )));
                    }
                }
            }
        }
        Ok(read)
    }

    /// Connects to Telegram and signs in.
    pub(crate) async fn connect(self, variables: &Variables) -> Result<Client, Error> {
        let session = self.session.clone().or_else(|| variables.get("SESSION").map(PathBuf::from));
        let path = session.unwrap_or_else(|| PathBuf::from(format!("{}.redb", program_name())));
        let (wait, builder) = (self.wait.unwrap_or(WAIT), self.builder(variables)?);
        self.sign_in(builder.connect(Redb::open(path, wait).await?).await?, variables).await
    }

    /// The same with what is in a store.
    pub(crate) async fn connect_with(self, store: Arc<dyn Store>, variables: &Variables) -> Result<Client, Error> {
        let client = self.builder(variables)?.connect(store).await?;
        self.sign_in(client, variables).await
    }

    /// A client of the application that the environment names.
    pub(crate) fn builder(&self, variables: &Variables) -> Result<Builder, Error> {
        let missing = |name: &str| {
            Error::Invalid(format!(
                "missing {name}\n  MTProto needs an application id. Get one in two minutes: https://my.telegram.org/apps\n  \
                 then: export API_ID=… API_HASH=…      or try without: add --sandbox"
            ))
        };
        let id = variables.get("API_ID").ok_or_else(|| missing("API_ID"))?;
        let id = id.trim().parse().map_err(|_| Error::Invalid(format!("API_ID is a number, and not {id:?}")))?;
        let hash = variables.get("API_HASH").ok_or_else(|| missing("API_HASH"))?;
        let servers = if self.test_servers { Servers::telegram_test() } else { Servers::telegram() };
        Ok(Client::builder(id, hash).servers(servers))
    }

    async fn sign_in(self, client: Client, variables: &Variables) -> Result<Client, Error> {
        if client.whoami().await?.is_none() || has_ended(&client).await {
            let common = if self.is_one_of_several { None } else { variables.get("BOT_TOKEN") };
            sign_in::sign_in(&client, self.token.or(common), self.phone).await?;
        }
        Ok(client)
    }
}

/// Whether Telegram has ended the login that is stored, or lacks the password of one that was begun in its place. It counts as good where
/// nobody answers: programs start without a network, too.
async fn has_ended(client: &Client) -> bool {
    match timeout(ANSWER, client.me()).await {
        Ok(Err(error)) => client.login_lost().is_some() || error.is("SESSION_PASSWORD_NEEDED"),
        _ => false,
    }
}

/// The name of the file that runs, without its ending.
pub(crate) fn program_name() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    path.file_stem().map_or_else(|| "quadruplex".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Whether a word is another with a letter or two wrong, missing or exchanged.
fn is_slip(word: &str, meant: &str) -> bool {
    let (word, meant): (Vec<_>, Vec<_>) = (word.chars().collect(), meant.chars().collect());
    if word.len().abs_diff(meant.len()) > 1 {
        return false;
    }
    // Levenshtein's distance, row by row.
    let mut row: Vec<usize> = (0..=meant.len()).collect();
    for (at, char) in word.iter().enumerate() {
        let mut above = std::mem::replace(&mut row[0], at + 1);
        for (to, other) in meant.iter().enumerate() {
            let replaced = above + usize::from(char != other);
            above = row[to + 1];
            row[to + 1] = replaced.min(above + 1).min(row[to] + 1);
        }
    }
    row[meant.len()] <= 2
}

/// Reads `10m`, `15s`, `2h`; a bare number counts seconds.
fn duration(text: &str) -> Result<Duration, Error> {
    let digits = text.find(|char: char| !char.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "" | "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3600),
        _ => None,
    };
    let seconds = unit.and_then(|unit| number.parse::<u64>().ok()?.checked_mul(unit));
    seconds.map(Duration::from_secs).ok_or_else(|| Error::Invalid(format!("{text:?} is not a time such as 10m or 15s")))
}

#[cfg(test)]
mod tests {
    use quadruplex_api::functions::auth;
    use quadruplex_net::Environment;
    use quadruplex_sandbox::Sandbox;
    use quadruplex_store::Memory;

    use super::*;

    /// Under virtual time, in which an answer is never too late.
    #[tokio::test(start_paused = true)]
    async fn a_login_that_was_ended_is_made_again() {
        let environment = |seed| Environment::simulated(Duration::from_secs(1_800_000_000), seed);
        let telegram = Sandbox::builder().environment(environment(1)).start().await.unwrap();
        let store: Arc<dyn Store> = Arc::new(Memory::new());
        let arguments = Arguments { token: Some("0:helper_bot".into()), ..Arguments::default() };
        let start = async |seed| {
            let servers = Servers::custom(1, telegram.addresses(), telegram.public_key());
            let builder = Client::builder(1, "hash").servers(servers).dialer(telegram.dialer()).environment(environment(seed));
            let client = builder.connect(store.clone()).await.unwrap();
            arguments.clone().sign_in(client, &Variables::default()).await.unwrap()
        };
        let first = start(2).await;
        let bot = first.own_user();
        first.call(auth::LogOut).await.unwrap();
        first.close().await;
        let second = start(3).await;
        assert_eq!((second.own_user(), second.login_lost()), (bot, None));
        second.me().await.unwrap();
        let _updates = second.updates().await.unwrap();
        second.close().await;
    }

    #[test]
    fn options_of_the_program_itself_are_left_alone() {
        let read = |line: &str| Arguments::read(line.split_whitespace().map(str::to_owned)).map_err(|error| error.to_string());
        assert_eq!(read("--verbose input.txt --sandbox"), Ok(Arguments { sandbox: true, ..Arguments::default() }));
        let told = Arguments {
            token: Some("1:a=b".into()),
            session: Some("bot.redb".into()),
            wait: Some(Duration::from_secs(600)),
            ..Arguments::default()
        };
        assert_eq!(read("--token=1:a=b --session bot.redb --wait 10m"), Ok(told));
        for (slip, meant) in
            [("--sandobx", "--sandbox"), ("--snadbox", "--sandbox"), ("--sandbo", "--sandbox"), ("--test-server", "--test-servers")]
        {
            let error = read(slip).unwrap_err();
            assert_eq!(error, format!("{slip} is not known\n  help: did you mean {meant}? Without it this goes to the real Telegram"));
        }
        assert_eq!(read("--sand --box --sandboxed --tests -s"), Ok(Arguments::default()), "the program's own");
        assert_eq!(read("--token"), Err("--token needs a value".into()));
        assert_eq!(read("--wait soon"), Err("\"soon\" is not a time such as 10m or 15s".into()));
    }
}
