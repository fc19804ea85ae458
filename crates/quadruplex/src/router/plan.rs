//! A router that is ready: its handlers signed, what they need checked.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use futures_util::future::join_all;
use quadruplex_net::BoxFuture;

use super::argument::Needs;
use super::command::{CommandList, help};
use super::filter::Filter;
use super::handler::AnyHandler;
use super::middleware::Middleware;
use super::replies::Signature;
use super::run::Ended;
use super::states::States;
use super::{Entry, Kind, Router, Switch, Update, Wanted};
use crate::schedule::Job;
use crate::{BoxError, Client, Error};

/// The handlers of an application.
pub(crate) struct Plan {
    root: Nested,
    states: Arc<States>,
    needs: Needs,
    albums: bool,
    jobs: Vec<Job>,
}

enum Node {
    Route(Arc<Route>),
    Nested(Nested),
}

struct Nested {
    nodes: Vec<Node>,
    /// Only the first that fits.
    is_group: bool,
    switch: Option<Switch>,
    filters: Vec<Arc<dyn Filter>>,
}

/// A handler and what is around it.
pub(super) struct Route {
    pub(super) signature: Signature,
    wanted: Wanted,
    pub(super) handler: Box<dyn AnyHandler>,
    /// The outermost first.
    pub(super) middleware: Vec<Arc<dyn Middleware>>,
    /// The innermost first.
    pub(super) on_error: Vec<Arc<dyn AnyHandler>>,
}

/// What handlers have failed with, all of them.
#[derive(Debug)]
pub(crate) struct Failed(pub(super) Vec<(&'static str, Arc<BoxError>)>);

impl Plan {
    /// # Errors
    /// A handler takes a state that the router was not given, or has a schedule that is none.
    pub(crate) fn new(mut router: Router) -> Result<Self, Error> {
        let mut states = std::mem::take(&mut router.states);
        let mut builder = Builder { known: HashMap::new(), albums: false, needs: Needs::default(), jobs: Vec::new() };
        let mut root = builder.nested(router, false, None, &[], &[]);
        let commands = &builder.needs.commands.0;
        if !commands.is_empty() && commands.iter().all(|command| command.name != "help") {
            let help = Router::new().on_message(help);
            root.nodes.push(Node::Nested(builder.nested(help, false, None, &[], &[])));
        }
        let Builder { needs, albums, jobs, .. } = builder;
        states.set(needs.commands.clone());
        if let Some((_, state, handler)) = needs.states.iter().find(|(id, ..)| !states.has(*id)) {
            return Err(Error::Invalid(format!(
                "handler `{handler}` takes State<{state}>, which the router does not have\n  help: give it with .state(value)"
            )));
        }
        check(&jobs)?;
        Ok(Self { root, states: Arc::new(states), needs, albums, jobs })
    }

    /// Looks up what filters name.
    pub(crate) async fn prepare(&self, client: &Client) -> Result<(), Error> {
        for filter in &self.needs.filters {
            filter.prepare(client).await?;
        }
        Ok(())
    }

    /// Whether albums are one update.
    pub(crate) fn wants_albums(&self) -> bool {
        self.albums
    }

    /// The commands that handlers take.
    pub(crate) fn commands(&self) -> &CommandList {
        &self.needs.commands
    }

    /// The handlers that run at certain times.
    pub(crate) fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    pub(crate) fn states(&self) -> &Arc<States> {
        &self.states
    }

    /// Runs every handler that the update fits.
    ///
    /// # Errors
    /// At least one has failed.
    pub(crate) async fn run(&self, update: &Update) -> Result<(), Failed> {
        match self.root.run(update).await {
            Ended::Failed(failed) => Err(failed),
            Ended::Done | Ended::Skipped => Ok(()),
        }
    }
}

/// Gives handlers their signatures, and collects what they need.
struct Builder {
    /// How many handlers there are by their name and what they are for.
    known: HashMap<(&'static str, &'static str), u32>,
    albums: bool,
    needs: Needs,
    jobs: Vec<Job>,
}

impl Builder {
    fn nested(
        &mut self,
        router: Router,
        is_group: bool,
        switch: Option<Switch>,
        around: &[Arc<dyn Middleware>],
        outer: &[Arc<dyn AnyHandler>],
    ) -> Nested {
        let Router { entries, filters, middleware, on_error, states: _ } = router;
        self.needs.filters.extend(filters.iter().cloned());
        let middleware = [around, &middleware].concat();
        let on_error: Vec<Arc<dyn AnyHandler>> = on_error.into_iter().map(Arc::from).chain(outer.iter().cloned()).collect();
        on_error.iter().for_each(|handler| self.declare(&**handler));
        let mut nodes = Vec::with_capacity(entries.len());
        for entry in entries {
            nodes.push(match entry {
                Entry::Nested { router, is_group, switch } => Node::Nested(self.nested(router, is_group, switch, &middleware, &on_error)),
                Entry::Job(schedule, handler) => {
                    self.declare(&*handler);
                    let wanted = Wanted::Time(self.jobs.len());
                    self.jobs.push(Job { route: self.jobs.len(), handler: handler.name(), schedule });
                    let (signature, middleware, on_error) = (self.sign(&*handler, wanted), middleware.clone(), on_error.clone());
                    Node::Route(Arc::new(Route { signature, wanted, handler, middleware, on_error }))
                }
                Entry::Route(wanted, handler) => {
                    self.albums |= matches!(wanted, Wanted::Kind(Kind::Album));
                    self.declare(&*handler);
                    let (signature, middleware, on_error) = (self.sign(&*handler, wanted), middleware.clone(), on_error.clone());
                    Node::Route(Arc::new(Route { signature, wanted, handler, middleware, on_error }))
                }
            });
        }
        Nested { nodes, is_group, switch, filters }
    }

    fn sign(&mut self, handler: &dyn AnyHandler, wanted: Wanted) -> Signature {
        let known = self.known.entry((handler.name(), wanted.name())).or_default();
        let signature = Signature::of_handler(handler.name(), wanted.name(), *known);
        *known += 1;
        signature
    }

    fn declare(&mut self, handler: &dyn AnyHandler) {
        self.needs.handler = handler.name();
        handler.declare(&mut self.needs);
    }
}

/// What is wrong with schedules is told before the first of them is due.
fn check(jobs: &[Job]) -> Result<(), Error> {
    for (at, Job { handler, schedule, .. }) in jobs.iter().enumerate() {
        if let Some(why) = schedule.wrong() {
            return Err(Error::Invalid(format!("the schedule of handler `{handler}`: {why}")));
        }
        let same = |other: &&Job| other.schedule.name().is_some() && other.schedule.name() == schedule.name();
        if let Some(other) = jobs[..at].iter().find(same) {
            return Err(Error::Invalid(format!(
                "handlers `{}` and `{handler}` keep their schedules under one name\n  help: give each .kept(name) a name of its own",
                other.handler
            )));
        }
    }
    Ok(())
}

impl Node {
    fn may_fit(&self, update: &Update) -> bool {
        match self {
            Self::Route(route) => route.wanted.is(update) && route.handler.fits(update),
            Self::Nested(nested) => nested.is_open(update) && nested.nodes.iter().any(|node| node.may_fit(update)),
        }
    }

    async fn run(&self, update: &Update) -> Ended {
        match self {
            Self::Route(route) => route.run(update).await,
            Self::Nested(nested) => nested.boxed(update).await,
        }
    }
}

impl Nested {
    fn is_open(&self, update: &Update) -> bool {
        self.switch.as_ref().is_none_or(Switch::is_on) && self.filters.iter().all(|filter| filter.passes(update))
    }

    /// Routers stand in routers.
    fn boxed<'a>(&'a self, update: &'a Update) -> BoxFuture<'a, Ended> {
        Box::pin(self.run(update))
    }

    async fn run(&self, update: &Update) -> Ended {
        if !self.is_open(update) {
            return Ended::Skipped;
        }
        let mut nodes = self.nodes.iter().filter(|node| node.may_fit(update));
        if self.is_group {
            for node in nodes {
                match node.run(update).await {
                    Ended::Skipped => {}
                    ended => return ended,
                }
            }
            return Ended::Skipped;
        }
        let Some(first) = nodes.next() else { return Ended::Skipped };
        match nodes.next() {
            None => first.run(update).await,
            Some(second) => {
                let all = [first, second].into_iter().chain(nodes).map(|node| node.run(update));
                join_all(all).await.into_iter().fold(Ended::Skipped, Ended::and)
            }
        }
    }
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
