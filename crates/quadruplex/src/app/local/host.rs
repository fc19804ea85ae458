use quadruplex_sandbox::{NewBot, NewUser, Sandbox};
use tokio::sync::OnceCell;

use super::chat;
use crate::app::arguments::program_name;
use crate::{Client, Error, Servers};

/// Lives as long as the process: clients do not keep it.
static SANDBOX: OnceCell<Sandbox> = OnceCell::const_new();

/// Somebody to talk to the bot of a program.
pub(crate) struct Local {
    person: Client,
    bot: String,
}

impl Local {
    /// A chat with the bot over the standard input and output; see [`chat`].
    pub(crate) async fn talk(self) {
        chat::talk(self.person, &self.bot).await;
    }
}

async fn sandbox() -> Result<&'static Sandbox, Error> {
    SANDBOX.get_or_try_init(Sandbox::start).await.map_err(|error| Error::io("the sandbox cannot start", error))
}

async fn connect(telegram: &Sandbox) -> Result<Client, Error> {
    let servers = Servers::custom(1, telegram.addresses(), telegram.public_key());
    Client::builder(1, "sandbox").servers(servers).dialer(telegram.dialer()).connect_in_memory().await
}

/// A client of a person who is made now.
pub(crate) async fn person(name: &str) -> Result<Client, Error> {
    const NUMBER: &str = "15550100";
    let telegram = sandbox().await?;
    let new = NewUser { first_name: name.to_owned(), phone: Some(NUMBER.to_owned()), ..NewUser::default() };
    telegram.create_user(new).map_err(|error| Error::io("a person of the sandbox cannot be made", error))?;
    let client = connect(telegram).await?;
    let code = client.request_code(NUMBER).await?;
    let typed = telegram.world().codes().pop().map(|sent| sent.code).unwrap_or_default();
    client.sign_in(&code, &typed).await?;
    Ok(client)
}

/// A client of a bot that is named after the program, and somebody to talk to it.
pub(crate) async fn bot() -> Result<(Client, Local), Error> {
    let telegram = sandbox().await?;
    let name = program_name();
    let plain: String = name.chars().map(|char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '_' }).collect();
    let username = format!("{}_bot", &plain[..plain.len().min(24)]);
    let username = if username.starts_with(|char: char| char.is_ascii_alphabetic()) { username } else { "program_bot".to_owned() };
    let new = NewBot { name, username: username.clone(), ..NewBot::default() };
    let (_, token) = telegram.create_bot(new).map_err(|error| Error::io("a bot of the sandbox cannot be made", error))?;
    let client = connect(telegram).await?;
    client.sign_in_bot(&token).await?;
    Ok((client, Local { person: person("You").await?, bot: username }))
}
