use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::race::race;
use crate::{BoxFuture, BoxStream, Chain, Connect, Hop, Host, Kind, Target, Tcp, http, socks5};

/// Knows the addresses of names.
pub trait Resolve: fmt::Debug + Send + Sync + 'static {
    /// The addresses of a name, in order of preference.
    ///
    /// # Errors
    /// There is no such name, or nobody to ask.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the question.
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// What the operating system says of names.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemDns;

impl Resolve for SystemDns {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// What is below every route: how a stream to one address is opened, and how names become addresses.
#[derive(Clone, Debug)]
pub struct Network {
    /// Opens streams.
    pub connect: Arc<dyn Connect>,
    /// Knows names.
    pub names: Arc<dyn Resolve>,
    /// The head start of an address over the next one of the same server.
    pub head_start: Duration,
}

/// Where a route is to lead.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// A server by name or address.
    Target(&'a Target),
    /// Any of these addresses of one server, in order of preference.
    Addresses(&'a [SocketAddr]),
}

impl Default for Network {
    /// TCP and the system's names, with a head start of 250 ms.
    fn default() -> Self {
        Self { connect: Arc::new(Tcp), names: Arc::new(SystemDns), head_start: Duration::from_millis(250) }
    }
}

impl Network {
    /// Opens a stream through the proxies of a chain, or without any. Addresses race; nothing but the proxies is spoken to.
    ///
    /// # Errors
    /// Nobody answers, or a proxy refuses: the error says which and why.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the attempt.
    pub fn open<'a>(&'a self, chain: Option<&'a Chain>, wanted: Wanted<'a>) -> BoxFuture<'a, io::Result<BoxStream>> {
        match chain.and_then(|chain| chain.hops().split_last()) {
            Some((last, before)) => self.through(before, last, wanted),
            None => Box::pin(self.directly(wanted)),
        }
    }

    async fn directly(&self, wanted: Wanted<'_>) -> io::Result<BoxStream> {
        let addresses = self.addresses(wanted).await?;
        race(&addresses, self.head_start, |address| self.connect.connect(address)).await
    }

    /// Through all the proxies before it to a proxy, and through that.
    fn through<'a>(&'a self, before: &'a [Hop], last: &'a Hop, wanted: Wanted<'a>) -> BoxFuture<'a, io::Result<BoxStream>> {
        Box::pin(async move {
            match wanted {
                Wanted::Target(target) if matches!(target.host, Host::Ip(_)) || last.kind != Kind::Socks5 => {
                    self.tunnel(before, last, target).await
                }
                _ => {
                    let addresses = self.addresses(wanted).await?;
                    let one = |address: SocketAddr| async move { self.tunnel(before, last, &address.into()).await };
                    race(&addresses, self.head_start, one).await
                }
            }
        })
    }

    async fn tunnel(&self, before: &[Hop], last: &Hop, target: &Target) -> io::Result<BoxStream> {
        let server = Wanted::Target(&last.server);
        let reached = match before.split_last() {
            Some((next, rest)) => self.through(rest, next, server),
            None => Box::pin(self.directly(server)),
        };
        let named = |what: &str, error: io::Error| io::Error::new(error.kind(), format!("{what} {last}: {error}"));
        let stream = reached.await.map_err(|error| named("cannot reach", error))?;
        let open = match last.kind {
            Kind::Socks5 | Kind::Socks5h => socks5::open(stream, last.credentials.as_ref(), target).await,
            Kind::Http => http::open(stream, last.credentials.as_ref(), target).await,
        };
        open.map_err(|error| named("through", error))
    }

    async fn addresses(&self, wanted: Wanted<'_>) -> io::Result<Vec<SocketAddr>> {
        match wanted {
            Wanted::Addresses(addresses) => Ok(addresses.to_vec()),
            Wanted::Target(Target { host: Host::Ip(ip), port }) => Ok(vec![SocketAddr::new(*ip, *port)]),
            Wanted::Target(Target { host: Host::Name(name), port }) => {
                let unknown = |problem: &dyn fmt::Display, kind| io::Error::new(kind, format!("no address for {name}: {problem}"));
                let ips = self.names.resolve(name).await.map_err(|error| unknown(&error, error.kind()))?;
                if ips.is_empty() {
                    return Err(unknown(&"it has none", io::ErrorKind::NotFound));
                }
                Ok(ips.into_iter().map(|ip| SocketAddr::new(ip, *port)).collect())
            }
        }
    }
}

impl fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target(target) => target.fmt(f),
            Self::Addresses([]) => f.write_str("a server without addresses"),
            Self::Addresses([one]) => one.fmt(f),
            Self::Addresses([first, rest @ ..]) => write!(f, "{first} (or {} others)", rest.len()),
        }
    }
}
