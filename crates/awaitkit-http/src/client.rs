use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use awaitkit_dial::{Health, Policy, Standing};
use reqwest::{Client, IntoUrl, Method, Request, RequestBuilder, Response, redirect};

use crate::relay::Relay;
use crate::{Builder, Error, FailedRoute};

/// An HTTP client. A cheap handle; clones share connections, cookies and what is known of the routes.
#[derive(Clone)]
pub struct Http {
    inner: Arc<Inner>,
}

struct Inner {
    policy: Policy,
    /// One for each route.
    ways: Vec<Way>,
    health: Health,
}

/// What a route takes.
pub(crate) struct Way {
    /// With connections of its own.
    pub(crate) client: Client,
    /// What leads through several proxies.
    pub(crate) relay: Option<Relay>,
}

impl Http {
    /// A client with the usual settings, which goes directly.
    ///
    /// # Errors
    ///
    /// [`Error::Http`] if the certificates of the system cannot be read.
    pub fn new() -> Result<Self, Error> {
        Self::builder().build()
    }

    /// A client with settings of yours.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// A GET, as reqwest's own builder, for [`send`](Self::send).
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// A POST, as reqwest's own builder, for [`send`](Self::send).
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// Any request, as reqwest's own builder, for [`send`](Self::send).
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        self.inner.ways[0].client.request(method, url)
    }

    /// Sends a request by the first route on which it can be sent; routes that have failed lately come last. A request whose body is a stream
    /// has one try.
    ///
    /// # Errors
    ///
    /// [`Error::NoRoute`] with every attempt; [`Error::Http`] if the request was sent and no answer came, or if it makes no sense. A status that
    /// tells of an error is an answer here.
    ///
    /// # Cancel safety
    ///
    /// When dropped, the connection is closed; the server may have got the request.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, Error> {
        let mut next = Some(request.build()?);
        let mut attempts = Vec::new();
        let mut url = String::new();
        for place in self.order() {
            let Some(request) = next.take() else { break };
            next = request.try_clone();
            url = shown(&request);
            let may_repeat = matches!(*request.method(), Method::GET | Method::HEAD);
            let Way { client, relay } = &self.inner.ways[place];
            if let Some(relay) = relay {
                relay.run().map_err(Error::Relay)?;
            }
            let execution = client.execute(request);
            let (outcome, redirected) = REDIRECTED.scope(Cell::new(false), async { (execution.await, REDIRECTED.with(Cell::get)) }).await;
            match outcome {
                Ok(response) => {
                    self.inner.health.works(place);
                    return Ok(response);
                }
                // While connecting nothing of the request is sent, unless to a server that has sent it on; reading an answer begins after this.
                Err(error) if error.is_connect() && !redirected || may_repeat && error.is_request() => {
                    self.inner.health.failed(place);
                    let (route, proxies) = (self.inner.policy.routes[place].to_string(), relay.as_ref().and_then(Relay::trouble));
                    attempts.push(FailedRoute { route, error: error.without_url(), proxies });
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::NoRoute { url, attempts })
    }

    /// The policy, as it is.
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// How each route stands.
    pub fn standings(&self) -> Vec<Standing> {
        self.inner.policy.standings(&self.inner.health)
    }

    pub(crate) fn from_parts(policy: Policy, ways: Vec<Way>) -> Self {
        Self { inner: Arc::new(Inner { policy, ways, health: Health::default() }) }
    }

    /// The routes in the order of the policy; those that are held back come last.
    fn order(&self) -> Vec<usize> {
        let standings = self.standings();
        let mut order: Vec<usize> = (0..standings.len()).collect();
        order.sort_by_key(|place| standings[*place].held_back);
        order
    }
}

tokio::task_local! {
    /// Whether the request that this task makes was answered with a redirect.
    static REDIRECTED: Cell<bool>;
}

/// Follows redirects as `inner` says, and notes for [`Http::send`] that one was seen: who gives it has got the request.
pub(crate) fn noting(inner: Arc<redirect::Policy>) -> redirect::Policy {
    redirect::Policy::custom(move |attempt| {
        // Outside of `send` nobody asks.
        let _ = REDIRECTED.try_with(|redirected| redirected.set(true));
        inner.redirect(attempt)
    })
}

/// The URL without what only the server is to read.
fn shown(request: &Request) -> String {
    let mut url = request.url().clone();
    if url.password().is_some() {
        // Only URLs without a host have no room for a password, and this one has one.
        let _ = url.set_password(Some("***"));
    }
    url.into()
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("policy", &self.inner.policy.to_string()).finish_non_exhaustive()
    }
}
