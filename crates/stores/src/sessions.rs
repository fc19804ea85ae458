//! The sessions of other libraries: read to move here without signing in again, written to move back.
//!
//! ```
//! use quadruplex_store::{AuthKey, OwnUser, Session};
//! use quadruplex_stores::sessions::{Format, read, write};
//!
//! let session = Session { dc: 2, test: false, user: Some(OwnUser { id: 7, bot: false }), address: None, key: AuthKey::from_bytes([7; 256]) };
//! let string = write(&session, Format::Mtcute, None)?;
//! let (again, format) = read(&string)?;
//! assert_eq!((again.dc, again.user, format), (2, session.user, Format::Mtcute));
//! # Ok::<(), quadruplex_stores::sessions::FormatError>(())
//! ```
//!
//! A session that two programs use at once is destroyed by Telegram: stop the other program before, and do not start it again.

#[cfg(feature = "sqlite")]
mod telethon_file;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD as PADDED, URL_SAFE, URL_SAFE_NO_PAD};
use quadruplex_store::{AuthKey, OwnUser, Session};
use zeroize::Zeroizing;

use crate::bytes::take;

#[cfg(feature = "sqlite")]
pub use telethon_file::{TelethonFile, read_telethon_file, write_telethon_file};

/// Whose session string it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// Quadruplex's own, see [`Session`].
    Quadruplex,
    /// Telethon's `StringSession`.
    Telethon,
    /// Pyrogram's, all three forms.
    Pyrogram,
    /// GramJS's `StringSession`.
    GramJs,
    /// mtcute's, version 3.
    Mtcute,
}

/// Why a session cannot be read or written. Nothing of its content is shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// It is none of the formats.
    #[error("not a session string of Quadruplex, Telethon, Pyrogram, GramJS or mtcute\n  help: copy it whole, without quotes")]
    Unknown,
    /// The format holds something that is not known here.
    #[error("a session string of {format:?} holds {what}, which is not known; {help}")]
    Missing {
        /// The format.
        format: Format,
        /// What is missing.
        what: &'static str,
        /// What to do.
        help: &'static str,
    },
    /// A file that is not what it should be.
    #[error("{path} is no session file of Telethon: {reason}")]
    File {
        /// The file.
        path: String,
        /// What was found.
        reason: String,
    },
}

/// Reads a session string, whosever it is. What a format does not hold is none: Telethon's and GramJS's do not say who is signed in, Pyrogram's
/// not where the data centre is.
///
/// # Errors
///
/// [`FormatError::Unknown`] if it is none of them, or cut.
pub fn read(string: &str) -> Result<(Session, Format), FormatError> {
    let string = string.trim();
    if let Ok(session) = Session::from_string(string) {
        return Ok((session, Format::Quadruplex));
    }
    if let Some(rest) = string.strip_prefix('1')
        && let Some(bytes) = decode(rest)
        && let Some(found) =
            gram_js(&bytes).map(|session| (session, Format::GramJs)).or_else(|| telethon(&bytes).map(|session| (session, Format::Telethon)))
    {
        return Ok(found);
    }
    let bytes = decode(string).ok_or(FormatError::Unknown)?;
    let found =
        mtcute(&bytes).map(|session| (session, Format::Mtcute)).or_else(|| pyrogram(&bytes).map(|session| (session, Format::Pyrogram)));
    found.ok_or(FormatError::Unknown)
}

/// Writes a session as a string of another library. `api_id` is what Pyrogram wants in it.
///
/// # Errors
///
/// [`FormatError::Missing`] if the format holds more than is known.
pub fn write(session: &Session, format: Format, api_id: Option<i32>) -> Result<String, FormatError> {
    let missing = |what, help| FormatError::Missing { format, what, help };
    let dc = || u8::try_from(session.dc).map_err(|_| missing("a data centre below 256", "it must be one of Telegram's"));
    let address = || {
        session
            .address
            .or_else(|| known_address(session.dc, session.test))
            .ok_or_else(|| missing("the address of the data centre", "it must be one of Telegram's"))
    };
    let user = || session.user.ok_or_else(|| missing("the user's id", "connect once, so that it becomes known"));
    match format {
        Format::Quadruplex => Ok(session.to_string()),
        Format::Telethon => {
            let address = address()?;
            let mut out = Zeroizing::new(vec![dc()?]);
            match address.ip() {
                IpAddr::V4(ip) => out.extend(ip.octets()),
                IpAddr::V6(ip) => out.extend(ip.octets()),
            }
            out.extend(address.port().to_be_bytes());
            out.extend(session.key.as_bytes());
            Ok(format!("1{}", URL_SAFE.encode(&*out)))
        }
        Format::GramJs => {
            let address = address()?;
            let ip = address.ip().to_string();
            let mut out = Zeroizing::new(vec![dc()?]);
            // An address has no more than 45 characters.
            out.extend((ip.len() as u16).to_be_bytes());
            out.extend(ip.as_bytes());
            out.extend(address.port().to_be_bytes());
            out.extend(session.key.as_bytes());
            Ok(format!("1{}", PADDED.encode(&*out)))
        }
        Format::Pyrogram => {
            let user = user()?;
            let api_id = api_id.ok_or_else(|| missing("the api_id", "give the one of your application"))?;
            let mut out = Zeroizing::new(vec![dc()?]);
            out.extend(api_id.to_be_bytes());
            out.push(u8::from(session.test));
            out.extend(session.key.as_bytes());
            out.extend(user.id.to_be_bytes());
            out.push(u8::from(user.bot));
            Ok(URL_SAFE_NO_PAD.encode(&*out))
        }
        Format::Mtcute => {
            let mut out = Zeroizing::new(vec![MTCUTE]);
            out.extend(i32::from(session.user.is_some()).to_le_bytes());
            let address = address()?;
            let mut place = vec![2, dc()?, u8::from(address.is_ipv6()) | u8::from(session.test) << 2];
            tl_bytes(&mut place, address.ip().to_string().as_bytes());
            place.extend(i32::from(address.port()).to_le_bytes());
            tl_bytes(&mut out, &place);
            if let Some(user) = session.user {
                out.extend(user.id.to_le_bytes());
                out.extend(if user.bot { TRUE } else { FALSE }.to_le_bytes());
            }
            tl_bytes(&mut out, session.key.as_bytes());
            Ok(URL_SAFE_NO_PAD.encode(&*out))
        }
    }
}

/// Either alphabet, with padding or without.
fn decode(string: &str) -> Option<Zeroizing<Vec<u8>>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let standard = Zeroizing::new(string.replace('-', "+").replace('_', "/"));
    GeneralPurpose::new(&STANDARD, config).decode(&*standard).ok().map(Zeroizing::new)
}

/// Data centre, address, port, key.
fn telethon(mut rest: &[u8]) -> Option<Session> {
    let is_v4 = rest.len() == 1 + 4 + 2 + 256;
    let [dc] = take(&mut rest)?;
    let ip = if is_v4 { IpAddr::from(Ipv4Addr::from(take::<4>(&mut rest)?)) } else { IpAddr::from(Ipv6Addr::from(take::<16>(&mut rest)?)) };
    let port = u16::from_be_bytes(take(&mut rest)?);
    session(dc, false, None, Some(SocketAddr::new(ip, port)), rest)
}

/// As Telethon's, with the address as text after its length.
fn gram_js(mut rest: &[u8]) -> Option<Session> {
    let [dc] = take(&mut rest)?;
    let length = usize::from(u16::from_be_bytes(take(&mut rest)?));
    let (host, mut rest) = rest.split_at_checked(length)?;
    let port = u16::from_be_bytes(take(&mut rest)?);
    // A name is one of Telegram's own servers: those are known by their number.
    let ip = std::str::from_utf8(host).ok()?.parse::<IpAddr>().ok();
    session(dc, false, None, ip.map(|ip| SocketAddr::new(ip, port)), rest)
}

/// The form of today, and two of before: without `api_id`, the older of them with a short user id.
fn pyrogram(mut rest: &[u8]) -> Option<Session> {
    let length = rest.len();
    let [dc] = take(&mut rest)?;
    if length == 271 {
        take::<4>(&mut rest)?;
    }
    let [test] = take(&mut rest)?;
    let key = take::<256>(&mut rest)?;
    let id = match length {
        263 => i64::from(u32::from_be_bytes(take(&mut rest)?)),
        267 | 271 => i64::from_be_bytes(take(&mut rest)?),
        _ => return None,
    };
    let [bot] = take(&mut rest)?;
    let user = (id != 0).then_some(OwnUser { id, bot: bot == 1 });
    if test > 1 || bot > 1 { None } else { session(dc, test == 1, user, None, &key) }
}

fn mtcute(mut rest: &[u8]) -> Option<Session> {
    let [MTCUTE] = take(&mut rest)? else { return None };
    let flags = i32::from_le_bytes(take(&mut rest)?);
    let place = take_tl_bytes(&mut rest)?;
    if flags & 4 != 0 {
        take_tl_bytes(&mut rest)?; // The data centre for files.
    }
    let user = match flags & 1 {
        0 => None,
        _ => {
            let id = i64::from_le_bytes(take(&mut rest)?);
            Some(OwnUser { id, bot: i32::from_le_bytes(take(&mut rest)?) == TRUE })
        }
    };
    let key = take_tl_bytes(&mut rest)?;
    let mut place = place;
    let [1 | 2, dc, of_place] = take(&mut place)? else { return None };
    let ip = std::str::from_utf8(take_tl_bytes(&mut place)?).ok()?.parse::<IpAddr>().ok();
    let port = u16::try_from(i32::from_le_bytes(take(&mut place)?)).ok()?;
    let test = flags & 2 != 0 || of_place & 4 != 0;
    session(dc, test, user, ip.map(|ip| SocketAddr::new(ip, port)), key).filter(|_| rest.is_empty())
}

fn session(dc: u8, test: bool, user: Option<OwnUser>, address: Option<SocketAddr>, key: &[u8]) -> Option<Session> {
    let key = AuthKey::from_bytes(key.try_into().ok()?);
    (dc > 0).then_some(Session { dc: dc.into(), test, user, address, key })
}

/// The bytes of TL: their length, themselves, up to a multiple of four.
fn tl_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let begin = out.len();
    match u8::try_from(bytes.len()) {
        Ok(length) if length < 254 => out.push(length),
        _ => {
            out.push(254);
            out.extend(&(bytes.len() as u32).to_le_bytes()[..3]);
        }
    }
    out.extend(bytes);
    while !(out.len() - begin).is_multiple_of(4) {
        out.push(0);
    }
}

fn take_tl_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let all = *rest;
    let [first] = take(rest)?;
    let length = match first {
        254 => {
            let [a, b, c] = take(rest)?;
            usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16
        }
        255 => return None,
        short => short.into(),
    };
    let (bytes, _) = rest.split_at_checked(length)?;
    let used = (all.len() - rest.len() + length).next_multiple_of(4);
    *rest = all.get(used..)?;
    Some(bytes)
}

/// Where Telegram's data centres are, for the formats that must say it.
fn known_address(dc: i32, test: bool) -> Option<SocketAddr> {
    let ip = match (dc, test) {
        (1, false) => [149, 154, 175, 53],
        (2, false) => [149, 154, 167, 51],
        (3, false) => [149, 154, 175, 100],
        (4, false) => [149, 154, 167, 91],
        (5, false) => [91, 108, 56, 130],
        (1, true) => [149, 154, 175, 10],
        (2, true) => [149, 154, 167, 40],
        (3, true) => [149, 154, 175, 117],
        _ => return None,
    };
    Some(SocketAddr::from((ip, 443)))
}

const MTCUTE: u8 = 3;
const TRUE: i32 = 0x9972_75b5_u32 as i32;
const FALSE: i32 = 0xbc79_9737_u32 as i32;
