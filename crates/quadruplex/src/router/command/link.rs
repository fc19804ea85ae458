//! Links that give a bot a command: <https://core.telegram.org/api/links#bot-links>.

use data_encoding::BASE64URL_NOPAD;

use super::words::written;
use crate::Error;

/// What a link can carry, once it is encoded.
const MAX: usize = 64;

pub(super) fn make(bot: &str, words: &[String]) -> Result<String, Error> {
    let text = words.iter().map(|word| written(word)).collect::<Vec<_>>().join(" ");
    let payload = BASE64URL_NOPAD.encode(text.as_bytes());
    if payload.len() > MAX {
        return Err(Error::Invalid(format!(
            "a link cannot carry /{text}\n  it takes {} bytes, of which there are 48\n  help: keep what is long in a store, and its key here",
            text.len()
        )));
    }
    Ok(format!("https://t.me/{}?start={payload}", bot.trim_start_matches('@')))
}

/// What stands after `/start`, if it is a command.
pub(super) fn read(payload: &str) -> Option<String> {
    if payload.is_empty() || payload.len() > MAX {
        return None;
    }
    String::from_utf8(BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?).ok()
}
