//! A router that is ready: its handlers numbered, what they need checked.

use std::any::Any;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::join_all;
use quadruplex_net::BoxFuture;

use super::argument::Needs;
use super::handler::AnyHandler;
use super::states::States;
use super::{Entry, Outcome, Refusal, Router, Update, Wanted, replies};
use crate::BoxError;

/// The handlers of an application.
pub(crate) struct Plan {
    nodes: Vec<Node>,
    states: Arc<States>,
}

enum Node {
    Route(Route),
    /// The first of these that the update fits.
    First(Vec<Node>),
}

struct Route {
    /// Its place among all, the same whenever the program starts.
    number: u32,
    wanted: Wanted,
    handler: Box<dyn AnyHandler>,
}

/// What handlers have failed with, all of them.
#[derive(Debug)]
pub(crate) struct Failed(Vec<(&'static str, BoxError)>);

/// What became of a handler.
enum Ended {
    /// An argument was not there.
    Skipped,
    Done,
    Failed(Failed),
}

impl Plan {
    /// # Errors
    /// A handler takes a state that the router was not given.
    pub(crate) fn new(router: Router) -> Result<Self, String> {
        let Router { entries, states } = router;
        let mut numbers = 0..;
        let nodes = nodes(entries, &mut numbers, &states)?;
        Ok(Self { nodes, states: Arc::new(states) })
    }

    pub(crate) fn states(&self) -> &Arc<States> {
        &self.states
    }

    /// Runs every handler that the update fits.
    ///
    /// # Errors
    /// At least one has failed.
    pub(crate) async fn run(&self, update: &Update) -> Result<(), Failed> {
        let mut starts = self.nodes.iter().filter(|node| node.may_fit(update));
        let Some(first) = starts.next() else { return Ok(()) };
        let ended = match starts.next() {
            None => vec![first.run(update).await],
            Some(second) => join_all([first, second].into_iter().chain(starts).map(|node| node.run(update))).await,
        };
        let failures = ended.into_iter().filter_map(|ended| if let Ended::Failed(failed) = ended { Some(failed.0) } else { None });
        let failures: Vec<_> = failures.flatten().collect();
        if failures.is_empty() { Ok(()) } else { Err(Failed(failures)) }
    }
}

fn nodes(entries: Vec<Entry>, numbers: &mut impl Iterator<Item = u32>, states: &States) -> Result<Vec<Node>, String> {
    let node = |entry| match entry {
        Entry::Route(wanted, handler) => {
            let mut needs = Needs::default();
            handler.declare(&mut needs);
            if let Some((_, missing)) = needs.states.iter().find(|(id, _)| !states.has(*id)) {
                let name = handler.name();
                return Err(format!(
                    "handler `{name}` takes State<{missing}>, which the router does not have\n  help: give it with .state(value)"
                ));
            }
            let number = numbers.next().unwrap_or(u32::MAX);
            Ok(Node::Route(Route { number, wanted, handler }))
        }
        Entry::Group(group) => Ok(Node::First(nodes(group.entries, &mut *numbers, states)?)),
    };
    entries.into_iter().map(node).collect()
}

impl Node {
    fn may_fit(&self, update: &Update) -> bool {
        match self {
            Self::Route(route) => route.wanted.is(update) && route.handler.fits(update),
            Self::First(nodes) => nodes.iter().any(|node| node.may_fit(update)),
        }
    }

    fn run<'a>(&'a self, update: &'a Update) -> BoxFuture<'a, Ended> {
        match self {
            Self::Route(route) => Box::pin(route.run(update)),
            Self::First(nodes) => Box::pin(async move {
                for node in nodes.iter().filter(|node| node.may_fit(update)) {
                    match node.run(update).await {
                        Ended::Skipped => {}
                        ended => return ended,
                    }
                }
                Ended::Skipped
            }),
        }
    }
}

impl Route {
    async fn run(&self, update: &Update) -> Ended {
        let work = async {
            let outcome = self.handler.start(update.clone()).await;
            let outcome = match outcome {
                Ok(outcome) => outcome,
                Err(Refusal::Skip) => return Ok(false),
                Err(Refusal::Answer(text)) => Outcome::text(text),
                Err(Refusal::Failed(error)) => return Err(error),
            };
            outcome.give(update).await?;
            Ok(true)
        };
        let ended = AssertUnwindSafe(replies::scope(update, self.number, work)).catch_unwind().await;
        match ended {
            Ok(Ok(true)) => Ended::Done,
            Ok(Ok(false)) => Ended::Skipped,
            Ok(Err(error)) => self.failed(error),
            Err(panic) => self.failed(format!("panicked: {}", message(&*panic)).into()),
        }
    }

    fn failed(&self, error: BoxError) -> Ended {
        Ended::Failed(Failed(vec![(self.handler.name(), error)]))
    }
}

/// What a panic says.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (handler, error)) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}handler `{handler}`: {error}")?;
            let mut cause = error.source();
            while let Some(error) = cause {
                write!(f, " ← {error}")?;
                cause = error.source();
            }
        }
        Ok(())
    }
}
