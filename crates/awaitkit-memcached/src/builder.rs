use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use crate::ring::Ring;
use crate::server::Server;
use crate::{Error, Memcached};

/// The settings of a [`Memcached`].
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    servers: Vec<(String, u32)>,
    settings: Settings,
}

#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) connections: NonZeroUsize,
    pub(crate) deadline: Duration,
    pub(crate) failures: u32,
    pub(crate) rest: Duration,
    pub(crate) max_value: usize,
    pub(crate) skip_down: bool,
}

impl Builder {
    pub(crate) fn new() -> Self {
        let settings = Settings {
            connections: NonZeroUsize::new(8).unwrap_or(NonZeroUsize::MIN),
            deadline: Duration::from_secs(1),
            failures: 3,
            rest: Duration::from_secs(2),
            max_value: 1 << 20,
            skip_down: false,
        };
        Self { servers: Vec::new(), settings }
    }

    /// One server more: `host`, `host:port`, or `unix:/path`. The order does not matter, the spelling does: it decides the placement of keys.
    pub fn server(self, address: impl Into<String>) -> Self {
        self.weighted_server(address, 1)
    }

    /// One server more that gets so many times the keys of a server of weight 1.
    pub fn weighted_server(mut self, address: impl Into<String>, weight: u32) -> Self {
        self.servers.push((address.into(), weight));
        self
    }

    /// How many connections are made to one server at most; 8 by default. Who finds none free waits, in order.
    pub fn connections(mut self, most: NonZeroUsize) -> Self {
        self.settings.connections = most;
        self
    }

    /// How long one operation may take, waiting for a connection and connecting included; one second by default.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = deadline;
        self
    }

    /// After `failures` in a row a server is left alone for `rest`; then one operation tries it. Three and two seconds by default.
    pub fn leave_alone(mut self, failures: u32, rest: Duration) -> Self {
        self.settings.failures = failures.max(1);
        self.settings.rest = rest;
        self
    }

    /// Values longer than this are refused before anything is sent; 1 MiB by default, as `memcached -I` is.
    pub fn max_value(mut self, bytes: usize) -> Self {
        self.settings.max_value = bytes;
        self
    }

    /// Keys of a server that is left alone go to the next one of the ring, and back when it lives again: fewer misses, but what was
    /// written to either may be stale on the other. By default they fail with [`Error::Down`].
    pub fn skip_servers_that_are_down(mut self, skip: bool) -> Self {
        self.settings.skip_down = skip;
        self
    }

    /// The client. Connects when something is asked, not before.
    ///
    /// # Errors
    ///
    /// [`Error::Address`] if there is no server, or one that makes no sense.
    pub fn build(self) -> Result<Memcached, Error> {
        let addresses: Vec<(Address, u32)> =
            self.servers.iter().map(|(server, weight)| Ok((Address::parse(server)?, *weight))).collect::<Result<_, Error>>()?;
        if addresses.iter().all(|(_, weight)| *weight == 0) {
            return Err(Error::Address { address: String::new(), why: "there is no server with a weight above zero" });
        }
        let ring = Ring::new(addresses.iter().map(|(address, weight)| (address.name.as_str(), *weight)));
        let settings = Arc::new(self.settings);
        let servers = addresses.into_iter().map(|(address, _)| Server::new(address, Arc::clone(&settings))).collect();
        Ok(Memcached::from_parts(ring, servers, settings))
    }
}

/// Where a server is, and what the ring calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub(crate) name: String,
    pub(crate) url: String,
}

impl Address {
    /// Reads `host`, `host:port` or `unix:/path`. As for libmemcached, the usual port 11211 is no part of the name.
    ///
    /// ```
    /// use awaitkit_memcached::Address;
    /// assert_eq!(Address::parse("cache.local:11211")?, Address::parse("cache.local")?);
    /// assert!(Address::parse("cache.local:http").is_err());
    /// # Ok::<(), awaitkit_memcached::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Address`] says what is wrong.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |why| Error::Address { address: text.to_owned(), why };
        if let Some(path) = text.strip_prefix("unix:") {
            return match path.starts_with('/') {
                true => Ok(Self { name: path.to_owned(), url: format!("unix://{path}") }),
                false => Err(wrong("the path of a Unix socket begins with `/`")),
            };
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| wrong("after the colon there must be a port, 1 to 65535"))?),
            None => (text, USUAL_PORT),
        };
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if host.contains([':', '[']) {
            return Err(wrong("IPv6 is not supported here; use a name that has an IPv4 address too"));
        }
        if host.is_empty() || port == 0 || !host.bytes().all(is_host) {
            return Err(wrong("expected `host`, `host:port` or `unix:/path`"));
        }
        let name = if port == USUAL_PORT { host.to_owned() } else { format!("{host}:{port}") };
        Ok(Self { name, url: format!("tcp://{host}:{port}") })
    }
}

const USUAL_PORT: u16 = 11211;
