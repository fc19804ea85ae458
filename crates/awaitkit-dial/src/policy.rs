use std::fmt;
use std::io;
use std::iter;
use std::str::FromStr;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::{Attempt, BoxFuture, Chain, DialError, Health, LinkError, Standing};

const DIRECT: &str = "direct";
const THEN: &str = ", then ";

/// A way to a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Route<P = Chain> {
    /// Without a proxy.
    Direct,
    /// Through a proxy.
    Proxy(P),
}

impl<P> Route<P> {
    /// The proxy, if there is one.
    pub fn proxy(&self) -> Option<&P> {
        match self {
            Self::Direct => None,
            Self::Proxy(proxy) => Some(proxy),
        }
    }
}

/// When proxies are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// Only if there is no direct way.
    DirectFirst,
    /// Before the direct way is tried.
    ProxyFirst,
    /// Always; nothing goes out without one.
    #[default]
    Only,
    /// Not at all.
    Never,
}

/// Which routes are tried, in which order, and for how long each.
///
/// As text it is its routes: `direct`, `socks5://proxy.example:1080, then direct`. What is printed can be read again, except
/// passwords, which are printed as `***`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy<P = Chain> {
    /// The routes, in the order in which they are tried.
    pub routes: Vec<Route<P>>,
    /// How long a route may take until it stands, names and proxies included.
    pub patience: Duration,
}

impl<P> Default for Policy<P> {
    /// Directly.
    fn default() -> Self {
        Self::new(Order::Never, [])
    }
}

impl<P> Policy<P> {
    /// These proxies in this order, each for at most 10 s.
    pub fn new(order: Order, proxies: impl IntoIterator<Item = P>) -> Self {
        let proxies = proxies.into_iter().map(Route::Proxy);
        let routes = match order {
            Order::Never => vec![Route::Direct],
            Order::Only => proxies.collect(),
            Order::DirectFirst => iter::once(Route::Direct).chain(proxies).collect(),
            Order::ProxyFirst => proxies.chain([Route::Direct]).collect(),
        };
        Self { routes, patience: Duration::from_secs(10) }
    }

    /// How long a route may take until it stands.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The order, if it is one of those that have a name.
    pub fn order(&self) -> Option<Order> {
        let direct = |route: &Route<P>| matches!(route, Route::Direct);
        match (self.routes.iter().filter(|route| direct(route)).count(), self.routes.as_slice()) {
            (0, _) => Some(Order::Only),
            (1, [Route::Direct]) => Some(Order::Never),
            (1, [Route::Direct, ..]) => Some(Order::DirectFirst),
            (1, [.., Route::Direct]) => Some(Order::ProxyFirst),
            _ => None,
        }
    }

    /// The proxies, in order.
    pub fn proxies(&self) -> impl Iterator<Item = &P> {
        self.routes.iter().filter_map(Route::proxy)
    }
}

impl<P: fmt::Display> Policy<P> {
    /// Tries the routes one after another until `attempt` succeeds with one; those that have failed lately come last. Returns what came
    /// of it and the number of the route. That the route works is the caller's to say ([`Health::works`]): a proxy may take a connection
    /// and be good for nothing.
    ///
    /// # Errors
    /// All have failed.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the attempt that is under way.
    pub async fn attempt<'a, T>(
        &'a self,
        health: &Health,
        target: &(dyn fmt::Display + Sync),
        attempt: impl Fn(&'a Route<P>) -> BoxFuture<'a, io::Result<T>> + Send,
    ) -> Result<(T, usize), DialError> {
        let mut attempts = Vec::new();
        for place in health.order(self.routes.len()) {
            let route = &self.routes[place];
            let began = Instant::now();
            let late = || io::Error::new(io::ErrorKind::TimedOut, format!("not connected within {:?}", self.patience));
            match timeout(self.patience, attempt(route)).await.unwrap_or_else(|_| Err(late())) {
                Ok(done) => return Ok((done, place)),
                Err(error) => {
                    health.failed(place);
                    attempts.push(Attempt { route: route.to_string(), took: began.elapsed(), error });
                }
            }
        }
        Err(DialError { target: target.to_string(), attempts })
    }

    /// How each route stands.
    pub fn standings(&self, health: &Health) -> Vec<Standing> {
        self.routes.iter().enumerate().map(|(place, route)| health.standing(place, route.to_string())).collect()
    }
}

impl<P: FromStr<Err = LinkError>> FromStr for Policy<P> {
    type Err = LinkError;

    /// Reads routes separated by commas, with or without a "then".
    fn from_str(text: &str) -> Result<Self, LinkError> {
        let routes = text.split(',').map(|part| {
            let part = part.trim();
            part.strip_prefix("then ").unwrap_or(part).trim().parse()
        });
        Ok(Self { routes: routes.collect::<Result<_, _>>()?, ..Self::default() })
    }
}

impl<P: FromStr<Err = LinkError>> FromStr for Route<P> {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        if text.eq_ignore_ascii_case(DIRECT) { Ok(Self::Direct) } else { text.parse().map(Self::Proxy) }
    }
}

impl<P: fmt::Display> fmt::Display for Route<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.write_str(DIRECT),
            Self::Proxy(proxy) => proxy.fmt(f),
        }
    }
}

impl<P: fmt::Display> fmt::Display for Policy<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.routes.is_empty() {
            return f.write_str("no way at all");
        }
        for (place, route) in self.routes.iter().enumerate() {
            write!(f, "{}{route}", if place == 0 { "" } else { THEN })?;
        }
        Ok(())
    }
}

impl FromStr for Order {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        match text {
            "direct-first" => Ok(Self::DirectFirst),
            "proxy-first" => Ok(Self::ProxyFirst),
            "only" => Ok(Self::Only),
            "never" => Ok(Self::Never),
            _ => Err(LinkError::new(text, "the order is direct-first, proxy-first, only or never")),
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DirectFirst => "direct-first",
            Self::ProxyFirst => "proxy-first",
            Self::Only => "only",
            Self::Never => "never",
        })
    }
}
