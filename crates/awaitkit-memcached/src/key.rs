//! What may be a key.

use crate::Error;

/// Gives back the key if the protocol can carry it.
pub(crate) fn check(key: &[u8]) -> Result<(), Error> {
    let why = match key {
        [] => "is empty",
        _ if key.len() > MAX_KEY => "is longer than 250 bytes; hash it",
        _ if key.iter().any(|&byte| byte <= b' ' || byte == DEL) => "has a space or a control character in it; encode it",
        _ => return Ok(()),
    };
    let shown = String::from_utf8_lossy(&key[..key.len().min(SHOWN)]).into_owned();
    Err(Error::Key { key: shown, why })
}

const MAX_KEY: usize = 250;
const DEL: u8 = 0x7f;
const SHOWN: usize = 60;
