use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use awaitkit_dial::{BoxFuture, BoxStream, Chain, Health, Network, Route, Standing, Wanted};

use super::watched::Watched;
use super::{Disguise, FakeTls, MtProxy, Proxy};
use crate::{Dial, Dialed, Environment, Server, Way, http};

/// Which ways to Telegram are tried, and in which order: `direct`, `direct, then tg://proxy?…`.
pub type Policy = awaitkit_dial::Policy<Proxy>;

/// What carries the stream, directly and through SOCKS5 and HTTP proxies. MTProto proxies are spoken to over TCP.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Carrier {
    /// TCP.
    #[default]
    Tcp,
    /// WebSockets.
    #[cfg(feature = "websocket")]
    WebSocket(crate::Web),
    /// HTTP: packets are requests to `/api`, one of which waits for news at all times. Where a server is known at port 443, port 80 is
    /// asked, since Telegram speaks HTTP there.
    Http,
}

/// Reaches Telegram by a policy.
#[derive(Debug)]
pub struct Dialer {
    policy: Policy,
    carrier: Carrier,
    network: Network,
    environment: Environment,
    health: Arc<Health>,
    streams: AtomicU64,
    #[cfg(feature = "tls")]
    clock: super::clock::Clock,
}

impl Dialer {
    /// A dialler over a network. FakeTLS needs the time and randomness of the environment.
    pub fn new(policy: Policy, network: Network, environment: Environment) -> Self {
        Self {
            policy,
            carrier: Carrier::Tcp,
            network,
            environment,
            health: Arc::default(),
            streams: AtomicU64::new(0),
            #[cfg(feature = "tls")]
            clock: Default::default(),
        }
    }

    /// What carries the stream; TCP unless told otherwise.
    #[must_use]
    pub fn carrier(self, carrier: Carrier) -> Self {
        Self { carrier, ..self }
    }

    /// Whose certificates are believed when a site behind which a proxy hides is asked what time it is; what Mozilla trusts unless told
    /// otherwise.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(self, tls: awaitkit_dial::Tls) -> Self {
        Self { clock: super::clock::Clock::believing(tls), ..self }
    }

    /// How each route stands.
    pub fn standings(&self) -> Vec<Standing> {
        self.policy.standings(&self.health)
    }

    async fn open(&self, route: &Route<Proxy>, server: Server<'_>) -> io::Result<Dialed> {
        match route {
            Route::Direct => self.carry(None, server).await,
            Route::Proxy(Proxy::Tunnel(chain)) => self.carry(Some(chain), server).await,
            Route::Proxy(Proxy::MtProxy(proxy)) => self.disguise(proxy).await,
        }
    }

    async fn carry(&self, chain: Option<&Chain>, server: Server<'_>) -> io::Result<Dialed> {
        let addresses = Wanted::Addresses(server.addresses);
        match &self.carrier {
            Carrier::Tcp => self.network.open(chain, addresses).await.map(Into::into),
            Carrier::Http => self.request(chain, server.addresses).await,
            #[cfg(feature = "websocket")]
            Carrier::WebSocket(crate::Web::Addresses) => {
                let stream = self.network.open(chain, addresses).await?;
                // Which of them it was is known only to the one below.
                let host = server.addresses.first().map(ToString::to_string).unwrap_or_default();
                let socket = crate::WebSocket::connect(stream, &host, "/apiws").await?;
                Ok(Dialed { stream: Box::new(socket), way: Way::Obfuscated })
            }
            #[cfg(feature = "websocket")]
            Carrier::WebSocket(crate::Web::Telegram(tls)) => {
                let (target, path) = crate::websocket::place(server.dc)?;
                let stream = self.network.open(chain, Wanted::Target(&target)).await?;
                let stream = tls.wrap(stream, &target.host).await?;
                let socket = crate::WebSocket::connect(stream, &target.host.to_string(), path).await?;
                Ok(Dialed { stream: Box::new(socket), way: Way::Obfuscated })
            }
        }
    }

    async fn request(&self, chain: Option<&Chain>, addresses: &[SocketAddr]) -> io::Result<Dialed> {
        let at = |address: &SocketAddr| SocketAddr::new(address.ip(), if address.port() == 443 { 80 } else { address.port() });
        let addresses: Arc<[SocketAddr]> = addresses.iter().map(at).collect();
        let first = self.network.open(chain, Wanted::Addresses(&addresses)).await?;
        let host = addresses.first().map(ToString::to_string).unwrap_or_default();
        let (network, chain) = (self.network.clone(), chain.cloned());
        let open: http::Open = Arc::new(move || {
            let (network, chain, addresses) = (network.clone(), chain.clone(), addresses.clone());
            Box::pin(async move { network.open(chain.as_ref(), Wanted::Addresses(&addresses)).await })
        });
        Ok(Dialed { stream: http::carry(first, open, host), way: Way::Requests })
    }

    async fn disguise(&self, proxy: &MtProxy) -> io::Result<Dialed> {
        let MtProxy { server, secret, .. } = proxy;
        let stream = match secret.disguise() {
            Disguise::Noise | Disguise::Padded => self.reach(proxy).await?,
            Disguise::FakeTls(domain) => {
                let shaken = self.shake(proxy, domain).await;
                #[cfg(feature = "tls")]
                let shaken = match shaken {
                    Err(refused) if super::clock::may_be_wrong(&refused) => self.shake_in_time(proxy, domain, refused).await,
                    shaken => shaken,
                };
                Box::new(shaken?)
            }
        };
        let way = Way::MtProxy { server: server.clone(), secret: *secret.key(), padded: *secret.disguise() != Disguise::Noise };
        Ok(Dialed { stream, way })
    }

    async fn reach(&self, proxy: &MtProxy) -> io::Result<BoxStream> {
        self.network.open(proxy.through.as_ref(), Wanted::Target(&proxy.server)).await
    }

    async fn shake(&self, proxy: &MtProxy, domain: &str) -> io::Result<FakeTls<BoxStream>> {
        let stream = self.reach(proxy).await?;
        // Streams of the upper quarter belong to no connection.
        let mut random = self.environment.random(3 << 62 | self.streams.fetch_add(1, Ordering::Relaxed))?;
        let unix = self.environment.server_time().as_secs() as u32;
        FakeTls::connect(stream, proxy.secret.key(), domain, unix, &mut random).await
    }

    /// Shakes hands once more with a proxy that has refused, if the site behind it has another idea of the time.
    #[cfg(feature = "tls")]
    async fn shake_in_time(&self, proxy: &MtProxy, domain: &str, mut refused: io::Error) -> io::Result<FakeTls<BoxStream>> {
        if !self.clock.was_set_lately() {
            let used = self.environment.server_time();
            let Some(told) = self.clock.ask(self.reach(proxy), domain).await else { return Err(refused) };
            self.environment.learn_server_time(told);
            if told.abs_diff(used) > super::clock::EXACT {
                match self.shake(proxy, domain).await {
                    Err(error) if super::clock::may_be_wrong(&error) => refused = error,
                    shaken => return shaken,
                }
            }
        }
        let why = format!("{refused}; the time was right, by the clock of {domain}, so the secret is another one");
        Err(io::Error::new(refused.kind(), why))
    }
}

impl Dial for Dialer {
    fn dial<'a>(&'a self, server: Server<'a>) -> BoxFuture<'a, io::Result<Dialed>> {
        Box::pin(async move {
            let target = Wanted::Addresses(server.addresses);
            let attempted = self.policy.attempt(&self.health, &target, |route| Box::pin(self.open(route, server))).await;
            match attempted {
                Ok((dialed, route)) if !matches!(dialed.way, Way::MtProxy { .. }) => {
                    self.health.works(route);
                    Ok(dialed)
                }
                Ok((Dialed { stream, way }, route)) => {
                    let (proxy, health) = (self.policy.routes[route].to_string(), self.health.clone());
                    let stream = Box::new(Watched { stream, route, proxy, health, has_written: false, has_read: false });
                    Ok(Dialed { stream, way })
                }
                Err(mut error) => Err(match (self.policy.routes.as_slice(), error.attempts.pop()) {
                    // There was no choice to tell of.
                    ([Route::Direct], Some(attempt)) => attempt.error,
                    (_, last) => {
                        error.attempts.extend(last);
                        error.into()
                    }
                }),
            }
        })
    }
}
