use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use awaitkit_dial::{Chain, Network, Policy, Resolve, Route};
use reqwest::cookie::Jar;
use reqwest::dns::{Addrs, Name, Resolving};
use reqwest::{Client, ClientBuilder, Proxy, redirect};
use rustls::crypto::CryptoProvider;

use crate::client::{Way, noting};
use crate::relay::Relay;
use crate::{Error, Http};

/// The settings of a client.
#[must_use]
pub struct Builder {
    policy: Policy,
    names: Option<Arc<dyn Resolve>>,
    cookies: Arc<Jar>,
    redirects: Arc<redirect::Policy>,
    configure: Configure,
}

type Configure = Box<dyn Fn(ClientBuilder) -> ClientBuilder>;

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            policy: Policy::default(),
            names: None,
            cookies: Arc::default(),
            redirects: Arc::default(),
            configure: Box::new(|builder| builder),
        }
    }

    /// Which ways are tried, in which order; directly by default.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Who knows the addresses of names; the system by default.
    pub fn names(mut self, names: Arc<dyn Resolve>) -> Self {
        self.names = Some(names);
        self
    }

    /// Cookies to begin with, or to share with another client.
    pub fn cookies(mut self, cookies: Arc<Jar>) -> Self {
        self.cookies = cookies;
        self
    }

    /// Which redirects are followed; ten by default.
    pub fn redirects(mut self, redirects: redirect::Policy) -> Self {
        self.redirects = Arc::new(redirects);
        self
    }

    /// Whatever else reqwest's builder can do: certificates, headers, limits. It is called once for each route. Redirects are set by
    /// [`redirects`](Self::redirects) alone.
    pub fn configure(mut self, configure: impl Fn(ClientBuilder) -> ClientBuilder + 'static) -> Self {
        self.configure = Box::new(configure);
        self
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// [`Error::Policy`] if the policy has no route; [`Error::Relay`] if no port is free for one of several proxies; [`Error::Http`] if
    /// reqwest refuses what [`configure`](Self::configure) set.
    pub fn build(self) -> Result<Http, Error> {
        if CryptoProvider::get_default().is_none() {
            // Whoever comes first decides for the process; if that was not us, there is one now.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        if self.policy.routes.is_empty() {
            return Err(Error::Policy("the policy has no route".to_owned()));
        }
        let ways = self.policy.routes.iter().map(|route| self.way(route)).collect::<Result<_, _>>()?;
        Ok(Http::from_parts(self.policy, ways))
    }

    fn way(&self, route: &Route) -> Result<Way, Error> {
        let relay = match route.proxy() {
            Some(chain) if chain.hops().len() > 1 => {
                let mut network = Network::default();
                if let Some(names) = &self.names {
                    network.names = Arc::clone(names);
                }
                Some(Relay::new(chain.clone(), network, self.policy.patience).map_err(Error::Relay)?)
            }
            _ => None,
        };
        let proxy = relay.as_ref().map(Relay::link).or_else(|| route.proxy().map(Chain::to_link));
        Ok(Way { client: self.client(proxy)?, relay })
    }

    fn client(&self, proxy: Option<String>) -> Result<Client, Error> {
        let mut builder = Client::builder()
            .no_proxy()
            .cookie_provider(Arc::clone(&self.cookies))
            .connect_timeout(self.policy.patience)
            .read_timeout(SILENCE);
        if let Some(names) = &self.names {
            builder = builder.dns_resolver(Names(Arc::clone(names)));
        }
        if let Some(proxy) = proxy {
            builder = builder.proxy(Proxy::all(proxy)?);
        }
        Ok((self.configure)(builder).redirect(noting(Arc::clone(&self.redirects))).build()?)
    }
}

/// Names for reqwest.
struct Names(Arc<dyn Resolve>);

impl reqwest::dns::Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let names = Arc::clone(&self.0);
        Box::pin(async move {
            let addresses = names.resolve(name.as_str()).await?;
            // Port 0 stands for that of the URL.
            Ok(Box::new(addresses.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs)
        })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("policy", &self.policy.to_string()).finish_non_exhaustive()
    }
}

/// How long a connection may say nothing while an answer is due.
const SILENCE: Duration = Duration::from_secs(300);
