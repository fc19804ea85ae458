use std::sync::Arc;

use super::argument::Needs;
use super::filter::Filter;
use super::handler::{AnyHandler, Handler, boxed};
use super::middleware::Middleware;
use super::states::States;
use super::{Kind, Switch, Update};
use crate::schedule::Schedule;

/// Which handler is for which updates.
///
/// Every update starts each handler that it fits, side by side; inside a [`group`](Self::group) only the first. What does not fit any is
/// done at once.
///
/// A handler that runs again for an update, after a failure or in the next process, sends and asks nothing twice, and has the answers that it
/// got. It is known by its name (the path of the function; of a closure that of the function it stands in), by what it is for
/// ([`on_message`](Self::on_message), [`on_callback`](Self::on_callback), …), and, where that is the same for several, by which of them it is.
/// So a new version of a program may put other handlers anywhere; if it renames one or moves it to another module, what that one had begun
/// begins anew. Where several closures of one function are for the same, a new one goes behind them: put before, it would be taken for the
/// one that was there, and what it sends for something that was sent.
///
/// ```
/// use quadruplex::prelude::*;
///
/// async fn echo(msg: Text) -> String {
///     msg.text().to_owned()
/// }
///
/// async fn missed(gap: Gap) {
///     println!("missed: {gap:?}");
/// }
///
/// let router = Router::new().on_message(echo).on_gap(missed);
/// # let _ = router;
/// ```
#[derive(Default)]
#[must_use = "a router does nothing until it is run"]
pub struct Router {
    pub(super) entries: Vec<Entry>,
    pub(super) states: States,
    pub(super) filters: Vec<Arc<dyn Filter>>,
    pub(super) middleware: Vec<Arc<dyn Middleware>>,
    pub(super) on_error: Vec<Box<dyn AnyHandler>>,
}

pub(super) enum Entry {
    Route(Wanted, Box<dyn AnyHandler>),
    Job(Schedule, Box<dyn AnyHandler>),
    /// The first that fits, or all that fit.
    Nested {
        router: Router,
        is_group: bool,
        switch: Option<Switch>,
    },
}

/// Which updates a handler was registered for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    Any,
    Kind(Kind),
    Constructor(&'static str),
    /// Its time has come; the place of the handler among those that have times.
    Time(usize),
}

impl Wanted {
    /// Part of what a handler is known by in later versions of a program.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Kind(kind) => kind.name(),
            Self::Constructor(name) => name,
            Self::Time(_) => "time",
        }
    }

    pub(super) fn is(self, update: &Update) -> bool {
        match self {
            Self::Any => update.kind() != Kind::Time,
            Self::Time(route) => update.scheduled().is_some_and(|tick| tick.route == route),
            Self::Constructor(name) => update.name() == name,
            Self::Kind(kind) => update.kind() == kind,
        }
    }
}

impl Router {
    /// A router without handlers.
    pub fn new() -> Self {
        Self::default()
    }

    /// New messages of others, in any chat. What tells that somebody has joined and the like is for [`on_service`](Self::on_service).
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// let shout = Router::new().on_message(async |msg: Text| msg.text().to_uppercase());
    /// # let _ = shout;
    /// ```
    ///
    /// An async closure is a handler only if it captures nothing: the compiler says of others that they do not implement `Fn` "because
    /// it captures state". State comes through [`State`](super::State), or into `move |msg: Text| { let state = state.clone(); async move { … } }`.
    pub fn on_message<A: 'static>(self, handler: impl Handler<A>) -> Self {
        self.route(Wanted::Kind(Kind::Message), handler)
    }

    /// Messages that this account has sent, from here or from another device.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// let archive = Router::new().on_outgoing(async |msg: Text| println!("sent: {}", msg.text()));
    /// # let _ = archive;
    /// ```
    pub fn on_outgoing<A: 'static>(self, handler: impl Handler<A>) -> Self {
        self.route(Wanted::Kind(Kind::Outgoing), handler)
    }

    /// Messages of others that were edited, as they are now.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// let strict = Router::new().on_edited(async |msg: Text| msg.reply("I have seen what was there before"));
    /// # let _ = strict;
    /// ```
    pub fn on_edited<A: 'static>(self, handler: impl Handler<A>) -> Self {
        self.route(Wanted::Kind(Kind::Edited), handler)
    }

    /// Messages that tell of something: somebody has joined, a message was pinned. What, is in [`Message::action`](crate::Message::action).
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// let router = Router::new().on_service(async |msg: Message| println!("{:?}", msg.action()));
    /// # let _ = router;
    /// ```
    pub fn on_service<A: 'static>(self, handler: impl Handler<A>) -> Self {
        self.route(Wanted::Kind(Kind::Service), handler)
    }

    /// Albums of others: photos or files that were sent together are one update, and not one for each in
    /// [`on_message`](Self::on_message). Without such a handler they are messages. An album is complete when something else comes in its
    /// chat, or nothing for half a second.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// let router = Router::new().on_album(async |album: Album| format!("{} at once", album.messages().len()));
    /// # let _ = router;
    /// ```
    pub fn on_album<A: 'static>(self, handler: impl Handler<A>) -> Self {
        self.route(Wanted::Kind(Kind::Album), handler)
    }

    /// Presses of buttons below messages of this bot.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// let router = Router::new().on_callback(async |query: CallbackQuery| query.toast("pressed"));
    /// # let _ = router;
    /// ```
    pub fn on_callback<A: 'static>(self, handler: impl Handler<A>) -> Self {
        self.route(Wanted::Kind(Kind::Callback), handler)
    }

    /// Commands: the handler takes one as an argument. It gets into the menu and into `/help`.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// /// Say something.
    /// #[derive(Command)]
    /// struct Say {
    ///     #[arg(rest)]
    ///     what: String,
    /// }
    ///
    /// let router = Router::new().on_command(async |Say { what }: Say| what);
    /// # let _ = router;
    /// ```
    ///
    /// # Panics
    /// The handler takes no command.
    pub fn on_command<A: 'static>(self, handler: impl Handler<A>) -> Self {
        let mut needs = Needs::default();
        handler.declare(&mut needs);
        let name = handler.name();
        assert!(!needs.commands.0.is_empty(), "handler `{name}` takes no command: one of its arguments has to derive `Command`");
        self.on_message(handler)
    }

    /// Questions of people who have written the bot's name in any chat; answered with results to choose from.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// async fn shout(query: InlineQuery) -> Result {
    ///     let text = query.text().to_uppercase();
    ///     query.answer([InlineQuery::article("1", "Shout it", text)]).await?;
    ///     Ok(())
    /// }
    ///
    /// let router = Router::new().on_inline_query(shout);
    /// # let _ = router;
    /// ```
    pub fn on_inline_query<A: 'static>(self, handler: impl Handler<A>) -> Self {
        self.route(Wanted::Kind(Kind::InlineQuery), handler)
    }

    /// Everything.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// let router = Router::new().on_any(async |update: Update| println!("{}", update.name()));
    /// # let _ = router;
    /// ```
    pub fn on_any<A: 'static>(self, handler: impl Handler<A>) -> Self {
        self.route(Wanted::Any, handler)
    }

    /// Updates that will not come, because the account was away for too long: what was missed has to be looked for in the history.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// let router = Router::new().on_gap(async |gap: Gap| eprintln!("missed: {gap:?}"));
    /// # let _ = router;
    /// ```
    pub fn on_gap<A: 'static>(self, handler: impl Handler<A>) -> Self {
        self.route(Wanted::Kind(Kind::Gap), handler)
    }

    /// At certain times rather than for updates: after each period, or by the calendar, see [`Schedule`]. The handler may take what is not
    /// of an update: the [`Client`](crate::Client), [`State`](super::State), [`Scheduled`](crate::Scheduled). Middleware, error handlers,
    /// filters and switches of the router hold for it, too.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// async fn remind(client: Client) -> Result {
    ///     client.send("me", "an hour has passed").await?;
    ///     Ok(())
    /// }
    ///
    /// let router = Router::new().on_schedule(HOUR, remind);
    /// # let _ = router;
    /// ```
    pub fn on_schedule<A: 'static>(mut self, schedule: impl Into<Schedule>, handler: impl Handler<A>) -> Self {
        self.entries.push(Entry::Job(schedule.into(), boxed(handler)));
        self
    }

    /// Handlers of which each update starts only the first that it fits, in the order in which they stand there.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// async fn greeting(_: Text) -> &'static str {
    ///     "hello"
    /// }
    /// async fn rest() -> &'static str {
    ///     "I only read text"
    /// }
    ///
    /// let router = Router::new().group(Router::new().on_message(greeting).on_message(rest));
    /// # let _ = router;
    /// ```
    pub fn group(self, group: Router) -> Self {
        self.nested(group, true, None)
    }

    /// The handlers of another router besides those of this one. What holds for all of that router's handlers, holds for those alone.
    pub fn merge(self, other: Router) -> Self {
        self.nested(other, false, None)
    }

    /// Handlers that can be switched off while the program runs.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// let greetings = Switch::on("greetings");
    /// let plugin = Router::new().on_message(async |_: Text| "hello");
    /// let toggle = {
    ///     let greetings = greetings.clone();
    ///     move |_: Text| {
    ///         greetings.set(!greetings.is_on());
    ///         async {}
    ///     }
    /// };
    /// let router = Router::new().plugin(&greetings, plugin).on_message(toggle.when(filter::text("toggle")));
    /// # let _ = router;
    /// ```
    pub fn plugin(self, switch: &Switch, plugin: Router) -> Self {
        self.nested(plugin, false, Some(switch.clone()))
    }

    /// Only updates that a filter wants, for all handlers of this router, wherever they stand in it.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// let router = Router::new().only(filter::private).on_message(async |_: Text| "only you and I read this");
    /// # let _ = router;
    /// ```
    pub fn only(mut self, filter: impl Filter) -> Self {
        self.filters.push(Arc::new(filter));
        self
    }

    /// Runs around each handler of this router and of those in it; the first that was given is the outermost. See [`Middleware`].
    pub fn with(mut self, middleware: impl Middleware) -> Self {
        self.middleware.push(Arc::new(middleware));
        self
    }

    /// Runs when a handler of this router, or of those in it, has failed; it may take the [`Failure`](super::Failure). If it succeeds the
    /// update is done; if it fails, or does not fit, those of the outer router are next, and then the update is tried again.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// async fn apologise(failure: Failure, chat: Chat) -> Result {
    ///     chat.send(format!("Sorry: {}", failure.error())).await?;
    ///     Ok(())
    /// }
    ///
    /// async fn number(msg: Text) -> Result<String> {
    ///     Ok(format!("{}", msg.text().parse::<i64>()? + 1))
    /// }
    ///
    /// let router = Router::new().on_message(number).on_error(apologise);
    /// # let _ = router;
    /// ```
    pub fn on_error<A: 'static>(mut self, handler: impl Handler<A>) -> Self {
        self.on_error.push(boxed(handler));
        self
    }

    /// Gives handlers a value, which they take as [`State<T>`](super::State): one of each type, the last. What a nested router has been given
    /// is there for all, unless the outer one has its own.
    pub fn state<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.states.set(value);
        self
    }

    fn nested(mut self, router: Router, is_group: bool, switch: Option<Switch>) -> Self {
        self.states.inherit(&router.states);
        self.entries.push(Entry::Nested { router, is_group, switch });
        self
    }

    pub(super) fn route<A: 'static>(mut self, wanted: Wanted, handler: impl Handler<A>) -> Self {
        self.entries.push(Entry::Route(wanted, boxed(handler)));
        self
    }
}

impl std::fmt::Debug for Router {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_list();
        for entry in &self.entries {
            match entry {
                Entry::Route(wanted, handler) => out.entry(&format_args!("{wanted:?}: {}", handler.name())),
                Entry::Job(schedule, handler) => out.entry(&format_args!("{schedule:?}: {}", handler.name())),
                Entry::Nested { router, .. } => out.entry(router),
            };
        }
        out.finish()
    }
}
