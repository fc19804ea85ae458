//! What somebody at a shell can do about an error.

use std::borrow::Cow;
use std::io::{self, ErrorKind};

use quadruplex::Error;
use quadruplex::net::CloseReason;
use quadruplex::store::Error as StoreError;

const SIGN_IN_AGAIN: &str = "the login was ended on another device, or never completed: quadruplex login";
const APPLICATION: &str =
    "take an application id and hash of your own from https://my.telegram.org/apps; --api-id and --api-hash, or API_ID and API_HASH";
const NEW_CODE: &str = "quadruplex login asks for a new code; one that was sent to somebody in a chat is worth nothing any more";
const REFERENCE: &str = "run it again: it begins with the message, and so with what is good for some hours";

const UNKNOWN_KEY: &str = "its server has forgotten this login: quadruplex login --as NAME begins another one";
const FULL: &str = "free some space and run it again";
/// Where what a command keeps can be elsewhere.
pub(crate) const ANOTHER_PLACE: &str = "--state-dir DIR, or QUADRUPLEX_STATE_DIR, keeps it in another place";

/// What is done here with a command; [`Error::explain`] knows the rest.
const HELP: &[(&str, &str)] = &[
    ("API_ID_INVALID", APPLICATION),
    ("API_ID_PUBLISHED_FLOOD", APPLICATION),
    (
        "AUTH_KEY_DUPLICATED",
        "two programs used one session at once, and Telegram has ended it: quadruplex login, and --as NAME for the other one",
    ),
    ("AUTH_KEY_INVALID", SIGN_IN_AGAIN),
    ("AUTH_KEY_UNREGISTERED", SIGN_IN_AGAIN),
    ("BOT_METHOD_INVALID", "bots may not do this: quadruplex login --phone NUMBER --as NAME, then the same with --as NAME"),
    ("CONNECTION_API_ID_INVALID", APPLICATION),
    ("FILE_REFERENCE_EMPTY", REFERENCE),
    ("FILE_REFERENCE_EXPIRED", REFERENCE),
    ("FILE_REFERENCE_INVALID", REFERENCE),
    ("MESSAGE_ID_INVALID", "there is no such message in this chat: quadruplex history PEER shows what is, each with its id"),
    ("PHONE_CODE_EMPTY", NEW_CODE),
    ("PHONE_CODE_EXPIRED", NEW_CODE),
    ("SESSION_EXPIRED", SIGN_IN_AGAIN),
    ("SESSION_PASSWORD_NEEDED", "this login lacks the password of the account: quadruplex login asks for it"),
    ("SESSION_REVOKED", SIGN_IN_AGAIN),
    ("USER_BOT_REQUIRED", "only bots may do this: quadruplex login --bot-token TOKEN --as NAME, then the same with --as NAME"),
];

/// The text of an error, with what to do about it.
pub(crate) fn text(error: &Error) -> String {
    let said = error.to_string();
    // What a program can do helps nobody at a shell.
    help(error).map_or_else(|| said.clone(), |help| instead(&said, &help))
}

/// A text with another help than it has.
pub(crate) fn instead(text: &str, help: &str) -> String {
    let what = text.split("\n  help: ").next().unwrap_or_default();
    format!("{what}\n  help: {help}")
}

fn help(error: &Error) -> Option<Cow<'static, str>> {
    if let Some(wait) = error.flood_wait() {
        return Some(format!("nothing was done; run it again in {}", rough(wait.as_secs())).into());
    }
    if let Error::MayHaveBeenExecuted { .. } = error {
        return Some("look whether it took effect before you run it again".into());
    }
    let by_kind = match error {
        Error::Closed(CloseReason::UnknownKey) => Some(UNKNOWN_KEY),
        Error::Store(StoreError::Full { .. }) => Some(FULL),
        Error::Store(StoreError::Io { .. }) => Some(ANOTHER_PLACE),
        Error::Io { source, .. } => of_system(source),
        Error::Transfer { source, .. } => return help(source),
        _ => None,
    };
    if let Some(help) = by_kind {
        return Some(help.into());
    }
    let own = HELP.iter().find(|(name, _)| error.is(name)).map(|(_, help)| *help);
    own.or_else(|| error.explain()).map(Cow::from)
}

pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

/// What can be done about what the operating system refuses.
pub(crate) fn of_system(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        _ if is_full(error) => Some(FULL),
        ErrorKind::PermissionDenied => Some("whose is it? take another place, or let this user have it"),
        ErrorKind::ReadOnlyFilesystem => Some("it can only be read: take another place"),
        _ => None,
    }
}

/// A time that is not over before it is said to be.
fn rough(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_says_what_to_do() {
        let check = |code, name: &str, help: &str| {
            let error = Error::rpc("messages.sendMessage", code, name);
            assert_eq!(text(&error), format!("messages.sendMessage: {name} ({code}){help}"));
        };
        check(400, "WALLPAPER_INVALID", "");
        check(420, "FLOOD_WAIT_37", "\n  help: nothing was done; run it again in 37 s");
        check(420, "FLOOD_WAIT_3601", "\n  help: nothing was done; run it again in 61 min");
        check(420, "SLOWMODE_WAIT_86400", "\n  help: nothing was done; run it again in 24 h");
        check(420, "2FA_CONFIRM_WAIT_60", "\n  help: nothing was done; run it again in 60 s");
        check(401, "SESSION_REVOKED", "\n  help: the login was ended on another device, or never completed: quadruplex login");
        check(
            400,
            "FILE_REFERENCE_2_EXPIRED",
            "\n  help: run it again: it begins with the message, and so with what is good for some hours",
        );
        check(403, "CHAT_WRITE_FORBIDDEN", "\n  help: members may not write there, or the account is none: join first, or ask the admins");
        for name in [
            "PHONE_CODE_INVALID",
            "PASSWORD_HASH_INVALID",
            "PEER_ID_INVALID",
            "USERNAME_NOT_OCCUPIED",
            "PHONE_NUMBER_INVALID",
            "ACCESS_TOKEN_INVALID",
            "CHAT_ADMIN_REQUIRED",
            "USER_PRIVACY_RESTRICTED",
            "PEER_FLOOD",
        ] {
            assert!(text(&Error::rpc("auth.signIn", 400, name)).contains("\n  help: "), "{name}");
        }
    }

    #[test]
    fn what_a_program_could_do_is_not_said() {
        let said = text(&Error::MayHaveBeenExecuted { method: "messages.createChat" });
        assert!(said.ends_with("the call may have been executed\n  help: look whether it took effect before you run it again"), "{said}");
    }

    /// A name of which the library knows nothing may be misspelt.
    #[test]
    fn the_library_knows_every_name() {
        for (name, help) in HELP {
            let known = Error::rpc("help.getConfig", 400, name).explain();
            assert!(known.is_some_and(|known| known != *help), "{name}");
        }
    }
}
