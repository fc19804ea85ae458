use std::fmt;
use std::process::ExitCode;

use quadruplex::sandbox;

use crate::help;
use crate::target::account_name;

/// Shown below the help of the command.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed: a step of the demo, a file, the terminal
  2  the command line is wrong: an option, a function's name or argument, JSON, a key file
  3  not signed in, the API id is missing, or the session cannot be used
  4  Telegram refused, or knows no such peer
  5  no connection to the server";

/// Why a command could not do what it was asked: a text in which the first line says what happened, indented lines what was
/// tried and what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    text: String,
    /// The public name of somebody who was not found.
    nobody: Option<String>,
}

/// What an exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nobody reads what is printed any more: no failure, but the end.
    Unread = 0,
    Failed = 1,
    Usage = 2,
    Session = 3,
    Refused = 4,
    Connection = 5,
}

impl Failure {
    pub(crate) fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), nobody: None }
    }

    /// What the operating system refused.
    pub(crate) fn io(doing: impl fmt::Display, error: &std::io::Error) -> Self {
        let failure = Self::new(Kind::Failed, format!("{doing}: {error}"));
        match help::of_system(error) {
            Some(help) => failure.with_help(help),
            None => failure,
        }
    }

    pub(crate) fn unread() -> Self {
        Self::new(Kind::Unread, "")
    }

    /// The same, with something else to do about it.
    pub(crate) fn with_help(self, help: &str) -> Self {
        Self { text: help::instead(&self.text, help), ..self }
    }

    /// The same where everybody is let in: a person who is missed can be made, a bot can be started.
    pub(crate) fn in_sandbox(self) -> Self {
        match &self.nobody {
            Some(bot) if bot.ends_with("bot") => {
                let help =
                    "a bot is there once its program has signed in: start that with --sandbox; quadruplex chat --sandbox has one, too";
                self.with_help(help)
            }
            Some(name) => {
                let help = format!("who signs in is there: quadruplex login --sandbox --as {name}");
                self.with_help(&help)
            }
            None => self,
        }
    }

    /// The same where a login is advised, with the options that lead to the same server, and to the same account unless another one is meant.
    pub(crate) fn with_options(self, server: &str, account: &str) -> Self {
        const LOGIN: &str = "quadruplex login";
        let Some((what, help)) = self.text.split_once("\n  help: ") else { return self };
        let Some((before, after)) = help.split_once(LOGIN) else { return self };
        let sentence = after.split(',').next().unwrap_or_default();
        let account = if sentence.contains(" --as ") { "" } else { account };
        let server = if sentence.contains(" --sandbox") { "" } else { server };
        let text = format!("{what}\n  help: {before}{LOGIN}{server}{account}{after}");
        Self { text, ..self }
    }

    /// Whether there is something to tell.
    pub(crate) fn is_told(&self) -> bool {
        self.kind != Kind::Unread
    }

    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.kind as u8)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<quadruplex::Error> for Failure {
    fn from(error: quadruplex::Error) -> Self {
        Self { kind: kind_of(&error), text: help::text(&error), nobody: nobody(&error) }
    }
}

/// Whom a sandbox would have after a sign-in.
fn nobody(error: &quadruplex::Error) -> Option<String> {
    use quadruplex::Error;
    match error {
        Error::Peer(error) => {
            let name = error.peer.strip_prefix('@').and_then(sandbox::username);
            name.filter(|name| account_name(name).is_ok()).map(str::to_owned)
        }
        Error::Shared(error) => nobody(error),
        _ => None,
    }
}

fn kind_of(error: &quadruplex::Error) -> Kind {
    use quadruplex::Error;
    use quadruplex::net::CloseReason;
    match error {
        Error::Invalid(_) => Kind::Usage,
        // UNAUTHORIZED: the login has ended, or there was none.
        Error::Rpc { error, .. } if error.code == 401 || error.name == "AUTH_KEY_DUPLICATED" => Kind::Session,
        Error::Rpc { .. } | Error::Flood(_) | Error::Peer(_) => Kind::Refused,
        Error::Shared(error) => kind_of(error),
        Error::Transfer { source, .. } => kind_of(source),
        Error::NotSignedIn | Error::Store(_) | Error::Closed(CloseReason::UnknownKey) => Kind::Session,
        Error::Closed(_) | Error::Timeout { .. } | Error::Cancelled { .. } | Error::MayHaveBeenExecuted { .. } => Kind::Connection,
        _ => Kind::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advised_login_leads_to_the_same_server() {
        let check = |help: &str, expect: &str| {
            let failure = Failure::new(Kind::Session, format!("lost\n  help: {help}")).with_options(" --test-servers", " --as lena");
            assert_eq!(failure.to_string(), format!("lost\n  help: {expect}"));
        };
        check("it ended: quadruplex login", "it ended: quadruplex login --test-servers --as lena");
        check("quadruplex login asks for it", "quadruplex login --test-servers --as lena asks for it");
        check("quadruplex login --as NAME begins another one", "quadruplex login --test-servers --as NAME begins another one");
        check("quadruplex login, and --as NAME for the other", "quadruplex login --test-servers --as lena, and --as NAME for the other");
        check("quadruplex login --sandbox --as annie", "quadruplex login --sandbox --as annie");
        check("is there a network?", "is there a network?");
        let nothing = Failure::new(Kind::Session, "quadruplex login").with_options(" --test-servers", "");
        assert_eq!(nothing.to_string(), "quadruplex login");
    }
}
