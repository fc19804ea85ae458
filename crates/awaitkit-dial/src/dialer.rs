use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::{BoxStream, DialError, Health, Network, Policy, Standing, Target, Wanted};

/// Opens streams by a policy. Cheap to clone; clones share what is known of the routes.
#[derive(Clone, Debug)]
pub struct Dialer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    policy: Policy,
    network: Network,
    health: Health,
}

/// A stream and the way that it takes.
pub struct Dialed {
    /// The stream; nothing was sent on it to the server.
    pub stream: BoxStream,
    /// The number of its route in the policy.
    pub route: usize,
}

impl Dialer {
    /// A dialler over TCP and the system's names.
    pub fn new(policy: Policy) -> Self {
        Self::over(Network::default(), policy)
    }

    /// A dialler over something else.
    pub fn over(network: Network, policy: Policy) -> Self {
        Self(Arc::new(Inner { policy, network, health: Health::default() }))
    }

    /// Opens a stream.
    ///
    /// # Errors
    /// No route of the policy leads there: which were tried, and why each failed.
    ///
    /// # Cancel safety
    /// Dropping the future abandons the attempt.
    pub async fn dial(&self, target: &Target) -> Result<Dialed, DialError> {
        self.open(Wanted::Target(target)).await
    }

    /// Opens a stream to one of these addresses of one server; they are in order of preference and race.
    ///
    /// # Errors
    /// As [`dial`](Self::dial).
    ///
    /// # Cancel safety
    /// Dropping the future abandons the attempt.
    pub async fn dial_any(&self, addresses: &[SocketAddr]) -> Result<Dialed, DialError> {
        self.open(Wanted::Addresses(addresses)).await
    }

    async fn open(&self, wanted: Wanted<'_>) -> Result<Dialed, DialError> {
        let Inner { policy, network, health } = &*self.0;
        let (stream, route) = policy.attempt(health, &wanted, |route| network.open(route.proxy(), wanted)).await?;
        health.connects(route);
        Ok(Dialed { stream, route })
    }

    /// What a stream turned out to be good for, if connecting was not the whole test of its route. A failure that was reported is
    /// forgotten only when it is reported that the route works.
    pub fn report(&self, route: usize, works: bool) {
        if works { self.0.health.works(route) } else { self.0.health.failed_in_use(route) }
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// What is below the routes.
    pub fn network(&self) -> &Network {
        &self.0.network
    }

    /// How each route stands.
    pub fn standings(&self) -> Vec<Standing> {
        self.0.policy.standings(&self.0.health)
    }
}

impl Default for Dialer {
    /// Directly.
    fn default() -> Self {
        Self::new(Policy::default())
    }
}

impl fmt::Debug for Dialed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialed").field("route", &self.route).finish_non_exhaustive()
    }
}
