use quadruplex::api::functions::account;
use quadruplex::store::OwnUser;
use quadruplex::{Client, LoginCode, SignIn};
use serde_json::json;

use crate::Context;
use crate::failure::{Failure, Kind};
use crate::output::say;
use crate::people;
use crate::target::{Connected, Target, Variables};
use crate::terminal::{ask, ask_hidden};

/// Sign in, as a person or as a bot. The login is kept for the commands that follow.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The telephone number of the account, with its country: +49….
    #[arg(long, value_name = "NUMBER", conflicts_with = "bot_token")]
    phone: Option<String>,
    /// The token of a bot, from @BotFather; else BOT_TOKEN in the environment or in `.env`.
    #[arg(long, value_name = "TOKEN")]
    bot_token: Option<String>,
    /// Sign out instead: the login is destroyed.
    #[arg(long, conflicts_with_all = ["phone", "bot_token"])]
    out: bool,
    #[command(flatten)]
    target: Target,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    let Arguments { phone, bot_token, out, target } = arguments;
    let connected = target.connect(context).await?;
    let client = &connected.client;
    if out {
        return sign_out(&target, connected, context).await;
    }
    let login = connected.while_connected(login(client)).await?;
    if let (Login::Of(user), true) = (&login, phone.is_some() || bot_token.is_some()) {
        let text = format!(
            "somebody is signed in already, with the id {}\n  help: --as NAME for another account, or sign out first: --out",
            user.id
        );
        return Err(Failure::new(Kind::Session, text));
    }
    let is_told = phone.is_some() || !matches!(login, Login::None);
    let bot_token = bot_token.or_else(|| if is_told { None } else { Variables::load().get("BOT_TOKEN") });
    let signing_in = async {
        match (&login, bot_token, phone) {
            (Login::Of(_), ..) => {}
            (_, Some(token), _) => drop(client.sign_in_bot(&token).await?),
            (Login::OwesPassword, None, None) => with_the_password(client).await?,
            (Login::None, None, None) if connected.is_sandbox => target.sign_in_person(client).await?,
            (_, None, phone) => by_phone(client, phone).await?,
        }
        Ok(people::name_of(&client.me().await?))
    };
    let me = connected.while_connected(signing_in).await?;
    if context.json {
        say(json!({ "id": me.id, "name": me.name, "username": me.username, "dc": client.home_dc() }))?;
    } else {
        say(format_args!("signed in as {me} on data centre {}", client.home_dc()))?;
    }
    connected.close().await;
    Ok(())
}

/// What is there of a login.
enum Login {
    /// Nothing, or one that has ended.
    None,
    /// It was begun, and ended at the question for the password.
    OwesPassword,
    Of(OwnUser),
}

async fn login(client: &Client) -> Result<Login, Failure> {
    let user = client.own_user();
    match (client.me().await, user) {
        (Err(error), _) if error.is("SESSION_PASSWORD_NEEDED") => Ok(Login::OwesPassword),
        (_, None) => Ok(Login::None),
        (Err(_), _) if client.login_lost().is_some() => Ok(Login::None),
        (answer, Some(user)) => Ok(answer.map(|_| Login::Of(user))?),
    }
}

async fn sign_out(target: &Target, connected: Connected, context: &Context) -> Result<(), Failure> {
    // One that was only begun is thrown away, too.
    if !matches!(connected.while_connected(login(&connected.client)).await, Ok(Login::OwesPassword)) {
        target.check_signed_in(&connected.client)?;
    }
    connected.client.sign_out().await?;
    if context.json {
        say(json!({ "event": "signed_out", "account": target.account() }))?;
    } else {
        say("signed out")?;
    }
    connected.close().await;
    Ok(())
}

async fn by_phone(client: &Client, phone: Option<String>) -> Result<(), Failure> {
    let phone = match phone {
        Some(phone) => phone,
        None => ask("Telephone number, with its country: ").await?,
    };
    let code = client.request_code(&phone).await?;
    loop {
        let typed = ask(&format!("The code that came {}: ", code.kind)).await?;
        match client.sign_in(&code, &typed).await {
            Ok(SignIn::Done(_)) => return Ok(()),
            Ok(SignIn::PasswordNeeded { hint }) => return by_password(client, hint).await,
            Ok(SignIn::SignUpNeeded) => return sign_up(client, &code).await,
            Err(error) if error.is("PHONE_CODE_INVALID") => eprintln!("That is not the code."),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Goes on where a login was left.
async fn with_the_password(client: &Client) -> Result<(), Failure> {
    eprintln!("A login was begun and lacks its password; --phone NUMBER begins another one, --out throws this one away.");
    let password = client.call(account::GetPassword).await?;
    by_password(client, password.hint).await
}

async fn by_password(client: &Client, hint: Option<String>) -> Result<(), Failure> {
    let hint = hint.filter(|hint| !hint.is_empty()).map(|hint| format!(" (hint: {hint})")).unwrap_or_default();
    loop {
        let typed = ask_hidden(&format!("Password{hint}: ")).await?;
        match client.check_password(&typed).await {
            Ok(_) => return Ok(()),
            Err(error) if error.is("PASSWORD_HASH_INVALID") => eprintln!("That is not the password."),
            Err(error) => return Err(error.into()),
        }
    }
}

async fn sign_up(client: &Client, code: &LoginCode) -> Result<(), Failure> {
    let name = ask("Nobody has this number. First name of the new account: ").await?;
    match client.sign_up(code, &name, "").await {
        Ok(_) => Ok(()),
        Err(error) => {
            let text = format!("{error}\n  help: Telegram lets few applications make accounts; use one of its own once, then sign in here");
            Err(Failure::new(Kind::Refused, text))
        }
    }
}
