use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use crate::LinkError;

/// The longest name there is in DNS, and more than SOCKS5 could carry.
const MAX_NAME: usize = 253;

/// A server by name or address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// An address.
    Ip(IpAddr),
    /// A name, in ASCII.
    Name(String),
}

/// Where a stream is to lead: `example.org:443`, `192.0.2.1:80`, `[2001:db8::1]:443`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// The server.
    pub host: Host,
    /// The port.
    pub port: u16,
}

impl Target {
    /// A server and a port of it.
    ///
    /// # Errors
    /// The name is none.
    pub fn new(host: &str, port: u16) -> Result<Self, LinkError> {
        Ok(Self { host: host.parse()?, port })
    }
}

impl From<SocketAddr> for Target {
    fn from(address: SocketAddr) -> Self {
        Self { host: Host::Ip(address.ip()), port: address.port() }
    }
}

impl FromStr for Host {
    type Err = LinkError;

    /// Reads a name or an address; a v6 address may stand in brackets.
    fn from_str(text: &str) -> Result<Self, LinkError> {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if let Ok(ip) = bare.parse() {
            return Ok(Self::Ip(ip));
        }
        let wrong = |problem: &str| Err(LinkError::new(text, problem));
        if text.is_empty() {
            return wrong("the host is missing");
        }
        if !text.is_ascii() {
            return wrong("write the name of the host in its ASCII form (xn--…)");
        }
        let is_label = |label: &str| {
            let good = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '_';
            (1..=63).contains(&label.len()) && label.chars().all(good)
        };
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.len() > MAX_NAME || !name.split('.').all(is_label) {
            return wrong("that is neither the name of a host nor an address");
        }
        Ok(Self::Name(name.to_ascii_lowercase()))
    }
}

impl FromStr for Target {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let wrong = |problem: &str| LinkError::new(text, problem);
        let (host, port) = text.rsplit_once(':').ok_or_else(|| wrong("the port is missing"))?;
        if host.contains(':') && !host.starts_with('[') {
            return Err(wrong("a v6 address stands in brackets, and the port behind it"));
        }
        let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(|| wrong("the port is no number from 1 to 65535"))?;
        let host = host.parse().map_err(|error: LinkError| wrong(error.problem()))?;
        Ok(Self { host, port })
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(IpAddr::V4(ip)) => ip.fmt(f),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}
