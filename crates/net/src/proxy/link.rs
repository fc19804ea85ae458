use std::fmt;
use std::str::FromStr;

use awaitkit_dial::{Chain, Credentials, Hop, Kind, LinkError, Target};
use percent_encoding::percent_decode_str;

use super::Secret;

/// An MTProto proxy.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MtProxy {
    /// Where it is.
    pub server: Target,
    /// Its secret.
    pub secret: Secret,
    /// Other proxies through which it is reached.
    pub through: Option<Chain>,
}

/// A proxy on the way to Telegram: an MTProto proxy, or proxies of any other kind.
///
/// ```
/// use quadruplex_net::Proxy;
///
/// let read = |link: &str| link.parse::<Proxy>().map(|proxy| proxy.to_string());
/// let secret = "dd000102030405060708090a0b0c0d0e0f";
/// assert_eq!(read(&format!("https://t.me/proxy?server=a.example&port=443&secret={secret}"))?, "tg://proxy?server=a.example&port=443&secret=dd***");
/// assert_eq!(read("tg://socks?server=1.2.3.4&port=1080&user=me&pass=secret")?, "socks5h://me:***@1.2.3.4:1080");
/// assert_eq!(read("http://proxy.example:3128")?, "http://proxy.example:3128");
/// # Ok::<_, awaitkit_dial::LinkError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Proxy {
    /// SOCKS5 and HTTP proxies.
    Tunnel(Chain),
    /// An MTProto proxy.
    MtProxy(MtProxy),
}

impl MtProxy {
    /// The link with its secret, which `Display` hides.
    pub fn to_link(&self) -> String {
        let through = self.through.as_ref().map(|chain| format!("{}+", chain.to_link()));
        format!("{}{}{}", through.unwrap_or_default(), self.address(), self.secret.to_hex())
    }

    fn address(&self) -> String {
        let host = self.server.host.to_string();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        format!("tg://proxy?server={host}&port={}&secret=", self.server.port)
    }
}

impl Proxy {
    /// The link with its passwords and secrets, which `Display` hides.
    pub fn to_link(&self) -> String {
        match self {
            Self::Tunnel(chain) => chain.to_link(),
            Self::MtProxy(proxy) => proxy.to_link(),
        }
    }
}

impl FromStr for Proxy {
    type Err = LinkError;

    /// Reads `tg://proxy?…`, `tg://socks?…`, the same at `https://t.me/`, `socks5://…`, `socks5h://…`, `http://…`; several joined by `+` are
    /// passed one after another, an MTProto proxy last.
    fn from_str(text: &str) -> Result<Self, LinkError> {
        let (before, last) = match text.match_indices('+').rfind(|(at, _)| telegram_link(&text[at + 1..]).is_some()) {
            Some((at, _)) => (Some(text[..at].parse::<Chain>()?), &text[at + 1..]),
            None => (None, text),
        };
        let wrong = |problem: &str| Err(LinkError::new(&hidden(text), problem));
        match telegram_link(last) {
            None => text.parse().map(Self::Tunnel),
            Some(("proxy", query)) => {
                let Fields { server, secret: Some(secret), .. } = Fields::read(query).map_err(|error| named(text, &error))? else {
                    return wrong("the secret is missing: …&secret=…");
                };
                Ok(Self::MtProxy(MtProxy { server, secret, through: before }))
            }
            Some(("socks", query)) => {
                let Fields { server, user, password, .. } = Fields::read(query).map_err(|error| named(text, &error))?;
                if user.is_none() && password.is_some() {
                    return wrong("there is a password, but no user");
                }
                let credentials = user.map(|user| Credentials { user, password: password.unwrap_or_default() });
                let hop = Hop { kind: Kind::Socks5h, server, credentials };
                let before = before.map(|chain| chain.then(hop.clone()));
                Ok(Self::Tunnel(before.unwrap_or_else(|| Chain::new(hop))))
            }
            Some((path, _)) => wrong(&format!("links to proxies are …/proxy?… and …/socks?…, not …/{path}")),
        }
    }
}

/// What a link of Telegram leads to, and its query.
fn telegram_link(text: &str) -> Option<(&str, &str)> {
    const PLACES: [&str; 7] = ["tg://", "tg:", "https://t.me/", "http://t.me/", "t.me/", "https://telegram.me/", "https://telegram.dog/"];
    let starts = |place: &&&str| text.get(..place.len()).is_some_and(|start| start.eq_ignore_ascii_case(place));
    let place = PLACES.iter().find(starts)?;
    let rest = &text[place.len()..];
    Some(rest.split_once('?').unwrap_or((rest, "")))
}

/// What stands in the query of a link.
struct Fields {
    server: Target,
    secret: Option<Secret>,
    user: Option<String>,
    password: Option<String>,
}

impl Fields {
    fn read(query: &str) -> Result<Self, LinkError> {
        let (mut server, mut port, mut secret, mut user, mut password) = (None, None, None, None, None);
        for (name, value) in query.split('&').filter_map(|field| field.split_once('=')) {
            let wrong = |problem: &str| LinkError::new(name, problem);
            let value = percent_decode_str(value).decode_utf8().map_err(|_| wrong("it has to be UTF-8"))?.into_owned();
            match name {
                "server" => server = Some(value),
                "port" => port = Some(value),
                "secret" if !value.is_empty() => secret = Some(value.parse()?),
                "user" if !value.is_empty() => user = Some(value),
                "pass" if !value.is_empty() => password = Some(value),
                // Channels to promote and the like.
                _ => {}
            }
        }
        let missing = |name: &str| LinkError::new(name, "it is missing");
        let server = server.ok_or_else(|| missing("server"))?;
        let port = port.ok_or_else(|| missing("port"))?.parse().ok().filter(|port| *port != 0);
        let port = port.ok_or_else(|| LinkError::new("port", "it is no number from 1 to 65535"))?;
        if [&user, &password].into_iter().flatten().any(|text| text.len() > 255) {
            return Err(LinkError::new("user and pass", "they have 255 bytes at most"));
        }
        Ok(Self { server: Target::new(&server, port)?, secret, user, password })
    }
}

/// What is wrong with a part of a link.
fn named(link: &str, error: &LinkError) -> LinkError {
    LinkError::new(&hidden(link), error.to_string())
}

/// A link without its secret and its password.
fn hidden(link: &str) -> String {
    let hide = |field: &str| match field.split_once('=') {
        Some((name @ ("secret" | "pass"), _)) => format!("{name}=***"),
        _ => field.to_owned(),
    };
    match link.split_once('?') {
        Some((path, query)) => format!("{path}?{}", query.split('&').map(hide).collect::<Vec<_>>().join("&")),
        None => link.to_owned(),
    }
}

impl fmt::Display for MtProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(chain) = &self.through {
            write!(f, "{chain}+")?;
        }
        write!(f, "{}{}", self.address(), self.secret)
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tunnel(chain) => chain.fmt(f),
            Self::MtProxy(proxy) => proxy.fmt(f),
        }
    }
}

impl From<Chain> for Proxy {
    fn from(chain: Chain) -> Self {
        Self::Tunnel(chain)
    }
}

impl From<MtProxy> for Proxy {
    fn from(proxy: MtProxy) -> Self {
        Self::MtProxy(proxy)
    }
}
