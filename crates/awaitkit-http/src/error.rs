use std::fmt;

use reqwest::StatusCode;

/// What can go wrong with a request.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No route of the policy has led to the server.
    #[error("no way to {url}{}", each(.attempts))]
    NoRoute {
        /// What was asked for.
        url: String,
        /// What was tried, in order.
        attempts: Vec<FailedRoute>,
    },
    /// The answer is an error.
    #[error("{url} answers {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// The status of the answer.
        status: StatusCode,
    },
    /// The body is larger than it may be.
    #[error("{url} is larger than the {limit} bytes that it may have")]
    TooLarge {
        /// What was asked for.
        url: String,
        /// The limit.
        limit: u64,
    },
    /// Anything else that reqwest tells: a wrong URL, a connection that broke while the answer came, an answer that cannot be understood.
    #[error("{}", chain(.0))]
    Http(#[from] reqwest::Error),
    /// The relay to several proxies, one behind the other, cannot run on this machine.
    #[error("no relay to the proxies: {0}")]
    Relay(std::io::Error),
    /// The client cannot be made as it was asked for.
    #[error("{0}")]
    Policy(String),
}

/// A route that has not led to the server, and why.
#[derive(Debug)]
pub struct FailedRoute {
    /// The route, as the policy writes it.
    pub route: String,
    /// What went wrong.
    pub error: reqwest::Error,
    /// What the proxies said, where there are several, one behind the other.
    pub proxies: Option<String>,
}

impl From<awaitkit_dial::LinkError> for Error {
    fn from(error: awaitkit_dial::LinkError) -> Self {
        Self::Policy(error.to_string())
    }
}

impl fmt::Display for FailedRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.proxies {
            Some(proxies) => write!(f, "{}: {proxies}", self.route),
            None => write!(f, "{}: {}", self.route, chain(&self.error)),
        }
    }
}

fn each(attempts: &[FailedRoute]) -> String {
    attempts.iter().map(|attempt| format!("\n  {attempt}")).collect()
}

/// reqwest says what it did; why it failed stands in the sources.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
