//! Signing in with what a program was told, or with what somebody on the terminal tells.

use std::io::{self, IsTerminal};

use awaitkit::read_line;
use tokio::task::spawn_blocking;

use crate::{Client, Error, LoginCode, SignIn};

/// Signs in: as a bot if there is a token, else by phone number, code and password, which are asked for.
pub(super) async fn sign_in(client: &Client, token: Option<String>, phone: Option<String>) -> Result<(), Error> {
    if let Some(token) = token {
        return client.sign_in_bot(&token).await.map(drop);
    }
    if !io::stdin().is_terminal() {
        return Err(Error::Invalid(
            "not signed in, and nobody is on a terminal to be asked\n  help: set BOT_TOKEN, or start the program on a terminal once"
                .to_owned(),
        ));
    }
    let phone = match phone {
        Some(phone) => phone,
        None => {
            let typed = ask("Telephone number with its country, or the token of a bot: ", false).await?;
            if typed.contains(':') {
                return client.sign_in_bot(&typed).await.map(drop);
            }
            typed
        }
    };
    by_code(client, client.request_code(&phone).await?).await
}

async fn by_code(client: &Client, code: LoginCode) -> Result<(), Error> {
    loop {
        let typed = ask(&format!("The code that came {}: ", code.kind), false).await?;
        match client.sign_in(&code, &typed).await {
            Ok(SignIn::Done(_)) => return Ok(()),
            Ok(SignIn::PasswordNeeded { hint }) => return by_password(client, hint).await,
            Ok(SignIn::SignUpNeeded) => {
                return Err(Error::Invalid("nobody has this number\n  help: make an account with an official application".to_owned()));
            }
            Err(error) if error.is("PHONE_CODE_INVALID") => eprintln!("That is not the code."),
            Err(error) => return Err(error),
        }
    }
}

async fn by_password(client: &Client, hint: Option<String>) -> Result<(), Error> {
    let hint = hint.filter(|hint| !hint.is_empty()).map(|hint| format!(" (hint: {hint})")).unwrap_or_default();
    loop {
        let typed = ask(&format!("Password{hint}: "), true).await?;
        match client.check_password(&typed).await {
            Ok(_) => return Ok(()),
            Err(error) if error.is("PASSWORD_HASH_INVALID") => eprintln!("That is not the password."),
            Err(error) => return Err(error),
        }
    }
}

/// Asks for a line, which is not shown if it is a secret.
async fn ask(question: &str, is_secret: bool) -> Result<String, Error> {
    let read = match is_secret {
        true => {
            let question = question.to_owned();
            spawn_blocking(|| rpassword::prompt_password(question)).await.unwrap_or_else(|error| Err(io::Error::other(error)))
        }
        false => read_line(question).await.map(|line| line.trim().to_owned()).map_err(io::Error::from),
    };
    read.map_err(|error| Error::io("cannot read the terminal", error))
}
