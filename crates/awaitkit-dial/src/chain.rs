use std::fmt;
use std::str::FromStr;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::{LinkError, Target};

/// What a proxy speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// SOCKS5; names are looked up here (`socks5://`).
    Socks5,
    /// SOCKS5; the proxy looks names up (`socks5h://`).
    Socks5h,
    /// HTTP with CONNECT; the proxy looks names up (`http://`).
    Http,
}

/// A user and a password for a proxy. Neither is shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Credentials {
    /// The name of the user.
    pub user: String,
    /// The password.
    pub password: String,
}

/// One proxy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hop {
    /// What it speaks.
    pub kind: Kind,
    /// Where it is.
    pub server: Target,
    /// Who we are to it.
    pub credentials: Option<Credentials>,
}

/// Proxies, each reached through those before it; at least one.
///
/// ```
/// use awaitkit_dial::Chain;
///
/// let chain: Chain = "socks5h://10.0.0.1:1080+http://me:secret@proxy.example:3128".parse()?;
/// assert_eq!(chain.hops().len(), 2);
/// assert_eq!(chain.to_string(), "socks5h://10.0.0.1:1080+http://me:***@proxy.example:3128");
/// assert_eq!(chain.to_link().parse::<Chain>()?, chain);
/// # Ok::<_, awaitkit_dial::LinkError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chain(Vec<Hop>);

impl Chain {
    /// A proxy to begin with.
    pub fn new(first: Hop) -> Self {
        Self(vec![first])
    }

    /// Goes on through another proxy.
    #[must_use]
    pub fn then(mut self, next: Hop) -> Self {
        self.0.push(next);
        self
    }

    /// The proxies in the order in which they are passed.
    pub fn hops(&self) -> &[Hop] {
        &self.0
    }

    /// The link with its passwords, which `Display` hides.
    pub fn to_link(&self) -> String {
        self.0.iter().map(|hop| hop.link(true)).collect::<Vec<_>>().join("+")
    }
}

impl From<Hop> for Chain {
    fn from(hop: Hop) -> Self {
        Self::new(hop)
    }
}

impl Kind {
    const ALL: [(&'static str, Self); 3] = [("socks5", Self::Socks5), ("socks5h", Self::Socks5h), ("http", Self::Http)];

    fn scheme(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, kind)| *kind == self).map_or("", |(scheme, _)| scheme)
    }
}

impl Hop {
    fn link(&self, with_password: bool) -> String {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let user = self.credentials.as_ref().map(|Credentials { user, password }| match (password.as_str(), with_password) {
            ("", _) => format!("{}@", encode(user)),
            (_, false) => format!("{}:***@", encode(user)),
            (password, true) => format!("{}:{}@", encode(user), encode(password)),
        });
        format!("{}://{}{}", self.kind.scheme(), user.unwrap_or_default(), self.server)
    }
}

impl FromStr for Hop {
    type Err = LinkError;

    /// Reads `scheme://[user[:password]@]host[:port]`; 1080 is the port of SOCKS5, 80 that of HTTP.
    fn from_str(text: &str) -> Result<Self, LinkError> {
        let wrong = |problem: &str| LinkError::new(text, problem);
        let (scheme, rest) = text.split_once("://").ok_or_else(|| wrong("a proxy is written socks5://host:port or http://host:port"))?;
        let kind = Kind::ALL.into_iter().find(|(name, _)| scheme.eq_ignore_ascii_case(name)).map(|(_, kind)| kind);
        let kind = kind.ok_or_else(|| wrong("only socks5, socks5h and http proxies are known"))?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if let Some(char) = rest.chars().find(|char| matches!(char, '/' | '?' | '#')) {
            return Err(wrong(&format!("nothing follows the port of a proxy; a {char:?} in a password is written %{:02X}", char as u32)));
        }
        let (credentials, server) = match rest.rsplit_once('@') {
            Some((user, server)) => (Some(credentials(user).map_err(wrong)?), server),
            None => (None, rest),
        };
        let has_port = server.rfind(':').is_some_and(|colon| server.rfind(']').is_none_or(|bracket| bracket < colon));
        let port = if kind == Kind::Http { 80 } else { 1080 };
        let server = if has_port { server.parse() } else { Target::new(server, port) };
        Ok(Self { kind, server: server.map_err(|error| wrong(error.problem()))?, credentials })
    }
}

fn credentials(text: &str) -> Result<Credentials, &'static str> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8().map(Into::into).map_err(|_| "user and password have to be UTF-8");
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    let (user, password): (String, String) = (decode(user)?, decode(password)?);
    if user.is_empty() {
        return Err("the user before the @ is missing");
    }
    if user.len() > 255 || password.len() > 255 {
        return Err("user and password have 255 bytes at most");
    }
    Ok(Credentials { user, password })
}

impl FromStr for Chain {
    type Err = LinkError;

    /// Reads links joined by `+`.
    fn from_str(text: &str) -> Result<Self, LinkError> {
        // A plus may also be in a name or a password: only one before the next scheme separates.
        let mut hops = Vec::new();
        let mut rest = text;
        while let Some(at) = next_link(rest) {
            hops.push(rest[..at].parse()?);
            rest = &rest[at + 1..];
        }
        hops.push(rest.parse()?);
        Ok(Self(hops))
    }
}

/// Where the plus is that separates the first link from the next.
fn next_link(text: &str) -> Option<usize> {
    text.match_indices('+').map(|(at, _)| at).find(|at| {
        let scheme = text[at + 1..].split("://").next().unwrap_or_default();
        scheme.len() < text.len() - at - 1 && !scheme.is_empty() && scheme.chars().all(|char| char.is_ascii_alphanumeric())
    })
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.link(false))
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, hop) in self.0.iter().enumerate() {
            write!(f, "{}{hop}", if place == 0 { "" } else { "+" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}
