//! What somebody can do about an error of Telegram.

use super::{Error, RpcError};

const SIGN_IN_AGAIN: &str = "the login was ended on another device, or never completed: sign in again";
const APPLICATION: &str = "take an application id and hash of your own from https://my.telegram.org/apps";
const TOKEN: &str = "take the token from @BotFather, all of it: 123456:ABC…";
const SUPPORT: &str = "Telegram has barred this account, and nobody else can help: https://telegram.org/support";
const NEW_CODE: &str = "ask for a new code; one that was sent to somebody in a chat is worth nothing any more";
const PEER: &str = "name the chat by @name or link: an id works only after this account has met it, and only where one of its kind belongs";
const MEMBER: &str = "the account is no member there any more, or never was: join first, or ask the admins";
const ADMIN: &str = "the account needs a right there that an admin can give";
const WAIT: &str = "nothing was done; wait for as long as it says, then try again";
const REFERENCE: &str = "ask for the message again: what is known of its file is good for some hours";
const FORBIDDEN_KIND: &str = "members may not send this kind of thing there; ask the admins";
const TROUBLE: &str = "Telegram is in trouble itself: try again later";

/// By name without number; `*` stands for anything. The first that fits counts.
const HELP: &[(&str, &str)] = &[
    ("ACCESS_TOKEN_EXPIRED", TOKEN),
    ("ACCESS_TOKEN_INVALID", TOKEN),
    ("API_ID_INVALID", APPLICATION),
    ("API_ID_PUBLISHED_FLOOD", APPLICATION),
    (
        "AUTH_KEY_DUPLICATED",
        "two programs used one session at once, and Telegram has ended it: sign in again, each program with a session of its own",
    ),
    ("AUTH_KEY_INVALID", SIGN_IN_AGAIN),
    ("AUTH_KEY_UNREGISTERED", SIGN_IN_AGAIN),
    ("BOT_METHOD_INVALID", "bots may not do this: sign in with a telephone number instead of a token"),
    ("CHANNELS_TOO_MUCH", "the account is in as many groups and channels as it may: leave one"),
    ("CHANNEL_BANNED", "the account was banned there; its admins can undo it"),
    ("CHANNEL_INVALID", PEER),
    ("CHANNEL_PRIVATE", MEMBER),
    ("CHAT_ADMIN_REQUIRED", ADMIN),
    ("CHAT_FORBIDDEN", MEMBER),
    ("CHAT_FORWARDS_RESTRICTED", "its admins allow no copies of what is written there"),
    ("CHAT_ID_INVALID", PEER),
    ("CHAT_RESTRICTED", "Telegram has restricted this chat"),
    ("CHAT_SEND_*", FORBIDDEN_KIND),
    ("CHAT_WRITE_FORBIDDEN", "members may not write there, or the account is none: join first, or ask the admins"),
    ("CONNECTION_API_ID_INVALID", APPLICATION),
    ("FILE_PARTS_INVALID", "the file is empty or larger than this account may send"),
    ("FILE_REFERENCE_EMPTY", REFERENCE),
    ("FILE_REFERENCE_EXPIRED", REFERENCE),
    ("FILE_REFERENCE_INVALID", REFERENCE),
    ("FLOOD_*", WAIT),
    ("FROZEN_METHOD_INVALID", "Telegram has frozen this account; an official application says why, and how to appeal"),
    ("IMAGE_PROCESS_FAILED", "it is no picture that Telegram can read: send it as a file"),
    ("INPUT_METHOD_INVALID", "this server does not know the function; a sandbox knows those that most programs need"),
    ("INPUT_USER_DEACTIVATED", "the other account was deleted"),
    ("INVITE_HASH_EXPIRED", "the link is used up or was withdrawn: ask for a new one"),
    ("INVITE_HASH_INVALID", "the link is not whole: ask for it again"),
    ("INVITE_REQUEST_SENT", "an admin has to agree first"),
    ("MEDIA_CAPTION_TOO_LONG", "send the text as a message of its own"),
    ("MESSAGE_AUTHOR_REQUIRED", "only who wrote a message may edit it"),
    ("MESSAGE_DELETE_FORBIDDEN", "only who wrote a message, and admins, may delete it"),
    ("MESSAGE_EDIT_TIME_EXPIRED", "it is too old to be edited: send a new one"),
    ("MESSAGE_EMPTY", "spaces alone are no text"),
    ("MESSAGE_ID_INVALID", "there is no such message in this chat, or it is of a kind with which this cannot be done"),
    ("MESSAGE_NOT_MODIFIED", "it says that already"),
    ("MESSAGE_TOO_LONG", "a message has 4096 characters at most: cut it into several"),
    (
        "PASSWORD_HASH_INVALID",
        "this is not the password of the account (the one of two-step verification); small and capital letters differ",
    ),
    ("PEER_FLOOD", "Telegram takes this account for a sender of spam; @SpamBot says for how long"),
    ("PEER_ID_INVALID", PEER),
    ("PHONE_CODE_EMPTY", NEW_CODE),
    ("PHONE_CODE_EXPIRED", NEW_CODE),
    ("PHONE_CODE_INVALID", "take the code of the latest message; the ones before it are worth nothing any more"),
    ("PHONE_NUMBER_BANNED", SUPPORT),
    ("PHONE_NUMBER_FLOOD", "codes were asked for too often: wait some hours"),
    ("PHONE_NUMBER_INVALID", "write the whole number with its country: +49…"),
    ("PHONE_NUMBER_OCCUPIED", "somebody has this number: sign in, not up"),
    ("PHONE_NUMBER_UNOCCUPIED", "nobody has this number; an official application can make an account"),
    ("PHONE_PASSWORD_FLOOD", "wrong passwords were tried too often: wait some hours"),
    ("PHOTO_INVALID_DIMENSIONS", "it is too large or too narrow for a picture: send it as a file"),
    ("PREMIUM_ACCOUNT_REQUIRED", "only accounts with Telegram Premium may do this"),
    ("PRIVACY_PREMIUM_REQUIRED", "the other side takes messages only from contacts and accounts with Telegram Premium"),
    ("SESSION_EXPIRED", SIGN_IN_AGAIN),
    ("SESSION_PASSWORD_NEEDED", "this login lacks the password of the account: sign in again, with it"),
    ("SESSION_REVOKED", SIGN_IN_AGAIN),
    ("SLOWMODE_WAIT", WAIT),
    ("TAKEOUT_INIT_DELAY", "allow it on another device, or wait for as long as it says"),
    ("UPDATE_APP_TO_LOGIN", "Telegram wants a newer layer here: a newer release will know it"),
    ("USERNAME_INVALID", "a name has 5 to 32 letters, digits or _, and a letter in front"),
    ("USERNAME_NOT_MODIFIED", "it is called so already"),
    ("USERNAME_NOT_OCCUPIED", "nobody has this name; it is matched letter by letter"),
    ("USERNAME_OCCUPIED", "somebody has this name: take another"),
    ("USERS_TOO_MUCH", "the group is full"),
    ("USER_ADMIN_INVALID", ADMIN),
    ("USER_ALREADY_PARTICIPANT", "whoever was to come in is in there already"),
    ("USER_BANNED_IN_CHANNEL", "Telegram lets this account write in no group for now; @SpamBot says for how long"),
    ("USER_BOT_REQUIRED", "only bots may do this: sign in with the token of one"),
    ("USER_CHANNELS_TOO_MUCH", "the other side is in as many groups and channels as it may"),
    ("USER_DEACTIVATED", SUPPORT),
    ("USER_DEACTIVATED_BAN", SUPPORT),
    ("USER_ID_INVALID", PEER),
    ("USER_IS_BLOCKED", "the other side has blocked this account"),
    ("USER_IS_BOT", "bots do not write to bots"),
    ("USER_KICKED", "the account was removed there; its admins can undo it"),
    ("USER_NOT_MUTUAL_CONTACT", "both sides have to have each other's number"),
    ("USER_NOT_PARTICIPANT", "join first"),
    ("USER_PRIVACY_RESTRICTED", "the settings of the other side forbid it"),
    ("USER_RESTRICTED", "Telegram takes this account for a sender of spam; @SpamBot says for how long"),
    ("VOICE_MESSAGES_FORBIDDEN", "the other side takes no voice messages"),
    ("YOU_BLOCKED_USER", "this account has blocked the other side"),
];

impl Error {
    /// What somebody can do about it, in a sentence, if Telegram refused for a reason about which somebody can do something.
    ///
    /// For people who read an error; the names for programs are those of [`is`](Self::is). The text of other errors says it itself.
    ///
    /// ```
    /// use quadruplex::Error;
    ///
    /// let error = Error::rpc("auth.signIn", 400, "PHONE_CODE_EXPIRED");
    /// assert!(error.explain().is_some_and(|help| help.starts_with("ask for a new code")));
    /// ```
    pub fn explain(&self) -> Option<&'static str> {
        self.rpc_error().and_then(RpcError::explain)
    }
}

impl RpcError {
    /// See [`Error::explain`].
    pub fn explain(&self) -> Option<&'static str> {
        let is_trouble = self.code.abs() / 100 == 5;
        self.known().map(|(_, help)| help).or(is_trouble.then_some(TROUBLE))
    }

    fn known(&self) -> Option<(&'static str, &'static str)> {
        let fits = |pattern: &str| match pattern.strip_suffix('*') {
            Some(prefix) => self.name.starts_with(prefix),
            None => self.name == pattern,
        };
        HELP.iter().find(|(pattern, _)| fits(pattern)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_and_without_numbers() {
        let check = |code, message: &str, expect: Option<&str>| assert_eq!(RpcError::new(code, message).explain(), expect, "{message}");
        check(420, "FLOOD_WAIT_37", Some(WAIT));
        check(420, "FLOOD_PREMIUM_WAIT_3", Some(WAIT));
        check(400, "FILE_REFERENCE_2_EXPIRED", Some(REFERENCE));
        check(403, "CHAT_SEND_PHOTOS_FORBIDDEN", Some(FORBIDDEN_KIND));
        check(401, "AUTH_KEY_UNREGISTERED", Some(SIGN_IN_AGAIN));
        check(500, "RPC_CALL_FAIL", Some(TROUBLE));
        check(-503, "Timeout", Some(TROUBLE));
        check(400, "WALLPAPER_INVALID", None);
        check(400, "", None);
    }

    /// A name that Telegram does not have helps nobody.
    #[test]
    fn every_name_is_telegrams() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/errors.tsv");
        let errors = std::fs::read_to_string(path).unwrap();
        let names = errors.lines().filter_map(|line| line.split('\t').nth(1)).map(|name| name.replace("_X", "_1"));
        let found: Vec<&str> = names.filter_map(|name| RpcError::new(400, &name).known()).map(|(pattern, _)| pattern).collect();
        for (pattern, help) in HELP {
            assert!(found.contains(pattern), "{pattern} is no error of Telegram, or stands after a pattern that fits too");
            assert!(!help.ends_with('.') && !help.contains('\n'), "{help}");
        }
    }

    #[test]
    fn it_is_sorted() {
        assert!(HELP.is_sorted_by(|(one, _), (next, _)| one < next));
    }
}
