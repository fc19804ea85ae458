use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use awaitkit_dial::{Chain, Policy, Resolve, Route};
use reqwest::cookie::Jar;
use reqwest::dns::{Addrs, Name, Resolving};
use reqwest::{Client, ClientBuilder, Proxy, redirect};
use rustls::crypto::CryptoProvider;

use crate::client::noting;
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

    /// Which ways are tried, in which order; directly by default. A route of several proxies, one behind the other, is not for HTTP.
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
    /// [`Error::Policy`] if the policy has no route, or one that HTTP cannot take; [`Error::Http`] if reqwest refuses what
    /// [`configure`](Self::configure) set.
    pub fn build(self) -> Result<Http, Error> {
        if CryptoProvider::get_default().is_none() {
            // Whoever comes first decides for the process; if that was not us, there is one now.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        if self.policy.routes.is_empty() {
            return Err(Error::Policy("the policy has no route".to_owned()));
        }
        let clients = self.policy.routes.iter().map(|route| self.client(route)).collect::<Result<_, _>>()?;
        Ok(Http::from_parts(self.policy, clients))
    }

    fn client(&self, route: &Route) -> Result<Client, Error> {
        let mut builder = Client::builder()
            .no_proxy()
            .cookie_provider(Arc::clone(&self.cookies))
            .connect_timeout(self.policy.patience)
            .read_timeout(SILENCE);
        if let Some(names) = &self.names {
            builder = builder.dns_resolver(Names(Arc::clone(names)));
        }
        if let Some(chain) = route.proxy() {
            builder = builder.proxy(proxy(chain)?);
        }
        Ok((self.configure)(builder).redirect(noting(Arc::clone(&self.redirects))).build()?)
    }
}

fn proxy(chain: &Chain) -> Result<Proxy, Error> {
    match chain.hops() {
        [_] => Ok(Proxy::all(chain.to_link())?),
        _ => Err(Error::Policy(format!("{chain} goes through several proxies, one behind the other; HTTP takes one"))),
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
