//! The errors that the model answers with: names of Telegram only.

use std::borrow::Cow;
use std::fmt;

/// An `rpc_error`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcError {
    /// The class of the error: 303, 400, 401, 403, 406, 420, 500.
    pub code: i32,
    /// The name with its number filled in: `FLOOD_WAIT_7`.
    pub name: Cow<'static, str>,
}

impl RpcError {
    /// An error of any name, for scripts.
    pub fn new(code: i32, name: impl Into<Cow<'static, str>>) -> Self {
        Self { code, name: name.into() }
    }

    const fn fixed(code: i32, name: &'static str) -> Self {
        Self { code, name: Cow::Borrowed(name) }
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.name)
    }
}

impl std::error::Error for RpcError {}

macro_rules! errors {
    ($($code:literal: $($name:ident)+;)+) => {
        $($(pub(crate) const $name: RpcError = RpcError::fixed($code, stringify!($name));)+)+

        /// Every fixed error with its code, and those with a number as they stand in the list: `FLOOD_WAIT_%d`.
        #[cfg(test)]
        pub(crate) const ALL: &[(i32, &str)] = &[$($(($code, stringify!($name)),)+)+];
    };
}
errors! {
    400:
        ABOUT_TOO_LONG ACCESS_TOKEN_INVALID BOT_COMMANDS_TOO_MUCH BOT_COMMAND_DESCRIPTION_INVALID
        BOT_RESPONSE_TIMEOUT BUTTON_TEXT_INVALID LANG_CODE_INVALID START_PARAM_INVALID START_PARAM_TOO_LONG USER_BOT_INVALID BUTTON_COPY_TEXT_INVALID BUTTON_DATA_INVALID BUTTON_TYPE_INVALID
        BUTTON_URL_INVALID BUTTON_USER_INVALID DATA_INVALID QUERY_ID_INVALID REPLY_MARKUP_INVALID REPLY_MARKUP_TOO_LONG URL_INVALID API_ID_INVALID AUTH_BYTES_INVALID BOT_COMMAND_INVALID BOT_METHOD_INVALID
        CHAT_INVITE_PERMANENT EXPIRE_DATE_INVALID HIDE_REQUESTER_MISSING INVITE_REQUEST_SENT INVITE_REVOKED_MISSING USAGE_LIMIT_INVALID
        REACTIONS_TOO_MANY REACTION_EMPTY REACTION_INVALID SCHEDULE_BOT_NOT_ALLOWED SCHEDULE_DATE_INVALID SCHEDULE_DATE_TOO_LATE
        SCHEDULE_STATUS_PRIVATE SCHEDULE_TOO_MUCH
        ADMIN_RANK_EMOJI_NOT_ALLOWED ADMIN_RANK_INVALID BANNED_RIGHTS_INVALID UNTIL_DATE_INVALID
        CHANNEL_INVALID CHANNEL_PRIVATE CHAT_ABOUT_TOO_LONG CHAT_ADMIN_REQUIRED CHAT_FORWARDS_RESTRICTED CHAT_ID_INVALID
        CHAT_NOT_MODIFIED CHAT_TITLE_EMPTY CONTACT_ID_INVALID DC_ID_INVALID ENTITY_BOUNDS_INVALID FILE_ID_INVALID
        FILE_PARTS_INVALID FILE_PART_EMPTY FILE_PART_INVALID FILE_PART_SIZE_CHANGED FILE_PART_SIZE_INVALID FILE_PART_TOO_BIG
        FILE_REFERENCE_EMPTY FILE_REFERENCE_EXPIRED FILE_REFERENCE_INVALID FIRSTNAME_INVALID HASH_INVALID IMAGE_PROCESS_FAILED
        INPUT_METHOD_INVALID INPUT_USER_DEACTIVATED INVITE_HASH_EMPTY INVITE_HASH_EXPIRED LIMIT_INVALID LOCATION_INVALID
        MD5_CHECKSUM_INVALID MEDIA_CAPTION_TOO_LONG MEDIA_EMPTY MEDIA_INVALID MEDIA_NEW_INVALID MESSAGE_EDIT_TIME_EXPIRED
        MESSAGE_EMPTY MESSAGE_IDS_EMPTY MESSAGE_ID_INVALID MESSAGE_NOT_MODIFIED MESSAGE_TOO_LONG MSG_ID_INVALID
        MULTI_MEDIA_TOO_LONG NEW_SALT_INVALID NEW_SETTINGS_INVALID OFFSET_INVALID PARTICIPANT_ID_INVALID PASSWORD_HASH_INVALID
        PEER_ID_INVALID PERSISTENT_TIMESTAMP_EMPTY PERSISTENT_TIMESTAMP_INVALID PHONE_CODE_EMPTY PHONE_CODE_EXPIRED
        PHONE_CODE_HASH_EMPTY PHONE_CODE_INVALID PHONE_NOT_OCCUPIED PHONE_NUMBER_APP_SIGNUP_FORBIDDEN PHONE_NUMBER_INVALID PHONE_NUMBER_OCCUPIED
        PHOTO_FILE_MISSING PHOTO_ID_INVALID PINNED_DIALOGS_TOO_MUCH RANDOM_ID_EMPTY RANDOM_ID_INVALID SECONDS_INVALID
        SRP_ID_INVALID SRP_PASSWORD_CHANGED USERNAME_INVALID USERNAME_NOT_MODIFIED USERNAME_NOT_OCCUPIED USERNAME_OCCUPIED
        USERS_TOO_FEW USER_ADMIN_INVALID USER_ALREADY_PARTICIPANT USER_BANNED_IN_CHANNEL USER_BOT USER_BOT_REQUIRED USER_CREATOR
        USER_ID_INVALID USER_IS_BLOCKED USER_IS_BOT USER_KICKED USER_NOT_PARTICIPANT YOU_BLOCKED_USER;
    401: AUTH_KEY_UNREGISTERED SESSION_PASSWORD_NEEDED SESSION_REVOKED;
    403:
        CHAT_SEND_AUDIOS_FORBIDDEN CHAT_SEND_DOCS_FORBIDDEN CHAT_SEND_GIFS_FORBIDDEN CHAT_SEND_INLINE_FORBIDDEN
        CHAT_SEND_MEDIA_FORBIDDEN CHAT_SEND_PHOTOS_FORBIDDEN CHAT_SEND_PLAIN_FORBIDDEN
        CHAT_SEND_ROUNDVIDEOS_FORBIDDEN CHAT_SEND_STICKERS_FORBIDDEN CHAT_SEND_VIDEOS_FORBIDDEN CHAT_SEND_VOICES_FORBIDDEN
        RIGHT_FORBIDDEN CHAT_WRITE_FORBIDDEN MESSAGE_AUTHOR_REQUIRED MESSAGE_DELETE_FORBIDDEN;
    406: AUTH_KEY_DUPLICATED;
    500: RPC_CALL_FAIL;
}

macro_rules! numbered {
    ($($code:literal: $($make:ident $before:literal $after:literal)+;)+) => {
        $($(pub(crate) fn $make(number: i32) -> RpcError {
            RpcError::new($code, format!(concat!($before, "{}", $after), number))
        })+)+

        /// The errors that carry a number.
        #[cfg(test)]
        pub(crate) const NUMBERED: &[(i32, &str)] = &[$($(($code, concat!($before, "%d", $after)),)+)+];
    };
}
numbered! {
    303: file_migrate "FILE_MIGRATE_" "" phone_migrate "PHONE_MIGRATE_" "" user_migrate "USER_MIGRATE_" "";
    400: file_part_missing "FILE_PART_" "_MISSING";
    420: flood_wait "FLOOD_WAIT_" "" slowmode_wait "SLOWMODE_WAIT_" "";
}

#[cfg(test)]
mod tests {
    use quadruplex_tl_schema::builtin::errors;

    use super::*;

    #[test]
    fn every_error_is_one_of_telegram() {
        let numbered = NUMBERED.iter().map(|(code, name)| (*code, name.replace("%d", "1")));
        for (code, name) in ALL.iter().map(|(code, name)| (*code, (*name).to_owned())).chain(numbered) {
            assert!(errors().named(&name).any(|error| error.code == code), "{code} {name} is in no list");
        }
    }
}
