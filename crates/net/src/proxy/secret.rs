use std::fmt;
use std::str::FromStr;

use awaitkit_dial::{Host, LinkError};
use data_encoding::{BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER, HEXLOWER_PERMISSIVE};

/// First bytes of a secret that say how it is used.
const PADDED: u8 = 0xdd;
const FAKE_TLS: u8 = 0xee;
/// The longest domain that fits; TDLib takes no longer one.
const MAX_DOMAIN: usize = 182;

/// The secret of an MTProto proxy. `Debug` and `Display` hide it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret {
    key: [u8; 16],
    disguise: Disguise,
}

/// What a stream to a proxy is made to look like.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Disguise {
    /// Noise.
    Noise,
    /// Noise in packets of random length (`dd…`).
    Padded,
    /// TLS with a server of this name (`ee…`).
    FakeTls(String),
}

impl Secret {
    /// A secret with the disguise that it asks for.
    ///
    /// # Errors
    /// The domain of [`Disguise::FakeTls`] is no name of a host, or longer than 182 characters.
    pub fn new(key: [u8; 16], disguise: Disguise) -> Result<Self, LinkError> {
        if let Disguise::FakeTls(domain) = &disguise {
            let is_name = matches!(domain.parse(), Ok(Host::Name(_)));
            if !is_name || domain.len() > MAX_DOMAIN {
                return Err(LinkError::new(domain, "the secret has to end in the name of a host"));
            }
        }
        Ok(Self { key, disguise })
    }

    /// The key that is mixed into that of the obfuscation.
    pub fn key(&self) -> &[u8; 16] {
        &self.key
    }

    /// What the stream is made to look like.
    pub fn disguise(&self) -> &Disguise {
        &self.disguise
    }

    /// The secret in hexadecimal, which `Display` hides.
    pub fn to_hex(&self) -> String {
        let key = HEXLOWER.encode(&self.key);
        match &self.disguise {
            Disguise::Noise => key,
            Disguise::Padded => format!("dd{key}"),
            Disguise::FakeTls(domain) => format!("ee{key}{}", HEXLOWER.encode(domain.as_bytes())),
        }
    }
}

impl FromStr for Secret {
    type Err = LinkError;

    /// Reads hexadecimal or base64, as links have it.
    fn from_str(text: &str) -> Result<Self, LinkError> {
        // What is wrong is said without the secret.
        let wrong = |problem: &str| LinkError::new("secret", problem);
        let bare = text.trim_end_matches('=').as_bytes();
        let bytes = HEXLOWER_PERMISSIVE
            .decode(text.as_bytes())
            .or_else(|_| BASE64URL_NOPAD.decode(bare))
            .or_else(|_| BASE64_NOPAD.decode(bare))
            .map_err(|_| wrong("it is neither hexadecimal nor base64"))?;
        let key = |bytes: &[u8]| bytes.first_chunk().copied();
        match (bytes.as_slice(), bytes.len()) {
            (all, 16) => Ok(Self { key: key(all).unwrap_or_default(), disguise: Disguise::Noise }),
            ([PADDED, rest @ ..], 17) => Ok(Self { key: key(rest).unwrap_or_default(), disguise: Disguise::Padded }),
            ([FAKE_TLS, rest @ ..], 17) if rest.len() == 16 => Err(wrong("it begins with ee, but names no host behind its 16 bytes")),
            ([FAKE_TLS, rest @ ..], 18..) => {
                let domain = String::from_utf8(rest[16..].to_vec()).map_err(|_| wrong("behind its 16 bytes is no name of a host"))?;
                Self::new(key(rest).unwrap_or_default(), Disguise::FakeTls(domain)).map_err(|error| wrong(error.problem()))
            }
            (_, length) => {
                Err(wrong(&format!("it has {length} bytes; there are those of 16, dd and 16 (padded), ee and 16 and a name (FakeTLS)")))
            }
        }
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.disguise {
            Disguise::Noise => f.write_str("***"),
            Disguise::Padded => f.write_str("dd***"),
            Disguise::FakeTls(domain) => write!(f, "ee***{domain}"),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({self})")
    }
}
