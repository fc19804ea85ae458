//! Names by DNS over HTTPS (RFC 8484).

mod message;

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use tokio::time::{Instant, timeout};

use crate::{BoxFuture, Dialer, Health, Host, LinkError, Resolve, SystemDns, Tls};
use message::{Answer, Kind, Refusal};

/// The longest message there is in DNS.
const MAX_MESSAGE: usize = 64 << 10;
/// So many names are remembered.
const MAX_CACHED: usize = 4096;
/// However long a server says that an answer holds, it is asked again after this.
const MAX_TTL: Duration = Duration::from_secs(24 * 3600);

/// A resolver: its name, which its certificate has to bear, and the addresses at which it is reached without asking anybody.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DohServer {
    /// The name in its certificate.
    pub name: String,
    /// Where it is asked: `/dns-query`, as a rule.
    pub path: String,
    /// Where it is.
    pub addresses: Vec<SocketAddr>,
}

/// Names by DNS over HTTPS, from several resolvers.
///
/// It needs nobody's help to find them: their addresses are known. Answers are kept as long as they say. When every resolver fails, the
/// system is asked. Names that no resolver on the internet can know (`localhost`, a single word, `.local`, `.internal`) are the system's
/// from the start, so that they are not told to strangers.
///
/// ```
/// use std::sync::Arc;
/// use awaitkit_dial::{Dialer, Doh, Network, Policy};
///
/// let names = Arc::new(Doh::new(Dialer::default()));
/// let dialer = Dialer::over(Network { names, ..Network::default() }, Policy::default());
/// # drop(dialer);
/// ```
#[derive(Debug)]
pub struct Doh {
    servers: Vec<DohServer>,
    dialer: Dialer,
    tls: Tls,
    fallback: Option<Arc<dyn Resolve>>,
    patience: Duration,
    health: Health,
    connections: Mutex<HashMap<usize, SendRequest<Bytes>>>,
    cache: Mutex<HashMap<String, (Vec<IpAddr>, Instant)>>,
}

impl DohServer {
    /// A resolver at `https://NAME/dns-query`.
    pub fn new(name: &str, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        let addresses = addresses.into_iter().map(|ip| SocketAddr::new(ip, 443)).collect();
        Self { name: name.to_owned(), path: "/dns-query".to_owned(), addresses }
    }

    /// Cloudflare's (<https://developers.cloudflare.com/1.1.1.1/>).
    pub fn cloudflare() -> Self {
        let v6 = [0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111];
        Self::new("cloudflare-dns.com", [[1, 1, 1, 1].into(), v6.into(), [1, 0, 0, 1].into()])
    }

    /// Google's (<https://developers.google.com/speed/public-dns/docs/doh>).
    pub fn google() -> Self {
        let v6 = [0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888];
        Self::new("dns.google", [[8, 8, 8, 8].into(), v6.into(), [8, 8, 4, 4].into()])
    }

    /// Quad9's (<https://quad9.net/service/service-addresses-and-features/>).
    pub fn quad9() -> Self {
        let v6 = [0x2620, 0xfe, 0, 0, 0, 0, 0, 0xfe];
        Self::new("dns.quad9.net", [[9, 9, 9, 9].into(), v6.into()])
    }
}

impl FromStr for DohServer {
    type Err = LinkError;

    /// Reads `NAME@ADDRESS`, or several addresses with commas between them; the port is 443 where none is named.
    fn from_str(text: &str) -> Result<Self, LinkError> {
        let wrong = |problem: &str| LinkError::new(text, problem);
        let (name, addresses) = text.split_once('@').ok_or_else(|| wrong("a resolver is written dns.example@192.0.2.1:443"))?;
        if !matches!(name.parse(), Ok(Host::Name(_))) {
            return Err(wrong("before the @ stands the name in its certificate"));
        }
        let address = |text: &str| text.parse().or_else(|_| text.parse().map(|ip| SocketAddr::new(ip, 443))).ok();
        let addresses: Option<Vec<SocketAddr>> = addresses.split(',').map(address).collect();
        let addresses = addresses.ok_or_else(|| wrong("behind the @ stand addresses, so that nobody has to be asked for them"))?;
        Ok(Self { name: name.to_owned(), path: "/dns-query".to_owned(), addresses })
    }
}

impl Doh {
    /// Cloudflare, then Google, then Quad9, each for at most 3 s, then the system. They are reached by `dialer`, which must know the names
    /// of its proxies, if they have any, without this.
    pub fn new(dialer: Dialer) -> Self {
        Self {
            servers: vec![DohServer::cloudflare(), DohServer::google(), DohServer::quad9()],
            dialer,
            tls: Tls::new().alpn("h2"),
            fallback: Some(Arc::new(SystemDns)),
            patience: Duration::from_secs(3),
            health: Health::default(),
            connections: Mutex::default(),
            cache: Mutex::default(),
        }
    }

    /// Other resolvers, in the order in which they are asked.
    #[must_use]
    pub fn servers(self, servers: impl IntoIterator<Item = DohServer>) -> Self {
        Self { servers: servers.into_iter().collect(), ..self }
    }

    /// Whom to ask when all fail; nobody with `None`.
    #[must_use]
    pub fn fallback(self, fallback: Option<Arc<dyn Resolve>>) -> Self {
        Self { fallback, ..self }
    }

    /// Other certificates than those of the authorities that Mozilla trusts.
    #[must_use]
    pub fn tls(self, tls: Tls) -> Self {
        Self { tls: tls.alpn("h2"), ..self }
    }

    /// How long one resolver may take.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    async fn find(&self, asked: &str) -> io::Result<Vec<IpAddr>> {
        // A dot at the end says that the name is whole, which every name is here; the system may want to know it.
        let name = asked.strip_suffix('.').unwrap_or(asked);
        if let Some((addresses, until)) = lock(&self.cache).get(name)
            && *until > Instant::now()
        {
            return Ok(addresses.clone());
        }
        let mut errors = Vec::new();
        let servers = if is_local(name) { &[][..] } else { &self.servers };
        for place in self.health.order(servers.len()) {
            let late = || io::Error::new(ErrorKind::TimedOut, format!("no answer within {:?}", self.patience));
            match timeout(self.patience, self.ask(place, name)).await.unwrap_or_else(|_| Err(late())) {
                Ok(Ok(answer)) => {
                    self.health.works(place);
                    self.keep(name, &answer);
                    return Ok(answer.addresses);
                }
                Ok(Err(NoName)) => {
                    self.health.works(place);
                    let why = format!("{} says that there is no such name", self.servers[place].name);
                    return Err(io::Error::new(ErrorKind::NotFound, why));
                }
                Err(error) => {
                    self.health.failed(place);
                    lock(&self.connections).remove(&place);
                    errors.push(format!("{}: {error}", self.servers[place].name));
                }
            }
        }
        match &self.fallback {
            Some(fallback) => fallback.resolve(asked).await.map_err(|error| {
                errors.push(format!("otherwise: {error}"));
                io::Error::new(error.kind(), errors.join("; "))
            }),
            None => Err(io::Error::other(errors.join("; "))),
        }
    }

    /// Asks one resolver for both kinds of addresses.
    async fn ask(&self, place: usize, name: &str) -> io::Result<Result<Answer, NoName>> {
        let connection = self.connection(place).await?;
        let ask = |kind| ask(&self.servers[place], message::question(name, kind), connection.clone());
        let (v6, v4) = tokio::try_join!(ask(Kind::V6), ask(Kind::V4))?;
        Ok(match (v6, v4) {
            (Ok(v6), Ok(v4)) if v4.addresses.is_empty() => Ok(v6),
            (Ok(v6), Ok(v4)) if v6.addresses.is_empty() => Ok(v4),
            (Ok(v6), Ok(v4)) => Ok(Answer { addresses: [v6.addresses, v4.addresses].concat(), ttl: v6.ttl.min(v4.ttl) }),
            (Err(NoName), _) | (_, Err(NoName)) => Err(NoName),
        })
    }

    /// The connection to a resolver, made if there is none that lives.
    async fn connection(&self, place: usize) -> io::Result<SendRequest<Bytes>> {
        let known = lock(&self.connections).get(&place).cloned();
        if let Some(known) = known
            && let Ok(ready) = known.ready().await
        {
            return Ok(ready);
        }
        let DohServer { name, addresses, .. } = &self.servers[place];
        let stream = self.dialer.dial_any(addresses).await?.stream;
        let stream = self.tls.wrap(stream, &name.parse::<Host>().map_err(io::Error::other)?).await?;
        let (sender, connection) = h2::client::handshake(stream).await.map_err(strange)?;
        // Ends with the last sender; what goes wrong is told to those who ask over it.
        tokio::spawn(async move { drop(connection.await) });
        let sender = sender.ready().await.map_err(strange)?;
        lock(&self.connections).insert(place, sender.clone());
        Ok(sender)
    }

    fn keep(&self, name: &str, answer: &Answer) {
        if answer.ttl.is_zero() || answer.addresses.is_empty() {
            return;
        }
        let (mut cache, now) = (lock(&self.cache), Instant::now());
        if cache.len() >= MAX_CACHED {
            cache.retain(|_, (_, until)| *until > now);
        }
        if cache.len() < MAX_CACHED {
            cache.insert(name.to_owned(), (answer.addresses.clone(), now + answer.ttl.min(MAX_TTL)));
        }
    }
}

impl Resolve for Doh {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(self.find(name))
    }
}

/// There is no such name, and that is an answer.
struct NoName;

/// One question over a connection.
async fn ask(server: &DohServer, question: Vec<u8>, connection: SendRequest<Bytes>) -> io::Result<Result<Answer, NoName>> {
    let request = http::Request::post(format!("https://{}{}", server.name, server.path))
        .header("content-type", MESSAGE)
        .header("accept", MESSAGE)
        .header("content-length", question.len())
        .body(())
        .map_err(io::Error::other)?;
    let mut connection = connection.ready().await.map_err(strange)?;
    let (response, mut body) = connection.send_request(request, false).map_err(strange)?;
    body.send_data(question.clone().into(), true).map_err(strange)?;
    let response = response.await.map_err(strange)?;
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if response.status() != http::StatusCode::OK {
        return Err(io::Error::other(format!("it answered {}", response.status())));
    }
    if kind != MESSAGE {
        return Err(io::Error::new(ErrorKind::InvalidData, format!("it answered with {kind:?} instead of DNS")));
    }
    let (mut body, mut message) = (response.into_body(), Vec::new());
    while let Some(chunk) = body.data().await {
        let chunk = chunk.map_err(strange)?;
        let _ = body.flow_control().release_capacity(chunk.len());
        message.extend_from_slice(&chunk);
        if message.len() > MAX_MESSAGE {
            return Err(io::Error::new(ErrorKind::InvalidData, "its answer is longer than any message of DNS"));
        }
    }
    match message::answer(&question, &message) {
        Ok(answer) => Ok(Ok(answer)),
        Err(Refusal::NoName) => Ok(Err(NoName)),
        Err(Refusal::Failed(code)) => Err(io::Error::other(format!("it failed with code {code}"))),
        Err(Refusal::Malformed) => Err(io::Error::new(ErrorKind::InvalidData, "its answer is not DNS, or answers something else")),
    }
}

const MESSAGE: &str = "application/dns-message";

fn strange(error: h2::Error) -> io::Error {
    io::Error::other(format!("HTTP/2: {error}"))
}

/// Names that mean something here only.
fn is_local(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    last.len() == name.len() || ["local", "localhost", "internal", "lan"].contains(&last) || name.ends_with("home.arpa")
}

/// A panic elsewhere leaves these tables as good as they were: each change to them is one statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
