//! Which handlers an update starts.

mod account;
mod argument;
mod arguments;
mod callback_query;
mod handler;
mod outcome;
mod plan;
mod replies;
mod states;
mod update;

pub(crate) use account::Account;
pub use argument::{Argument, Needs, Refusal};
pub use arguments::{Chat, Sender, State, Text};
pub use callback_query::CallbackQuery;
pub use handler::Handler;
pub use outcome::{IntoOutcome, Outcome};
pub(crate) use plan::Plan;
pub(crate) use replies::next_id;
pub(crate) use update::Kind;
pub use update::Update;

use handler::{AnyHandler, boxed};
use states::States;

/// Which handler is for which updates.
///
/// Every update starts each handler that it fits, side by side; inside a [`group`](Self::group) only the first. What does not fit any is
/// done at once.
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
    entries: Vec<Entry>,
    states: States,
}

enum Entry {
    Route(Wanted, Box<dyn AnyHandler>),
    Group(Router),
}

/// Which updates a handler was registered for.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    Any,
    Kind(Kind),
}

impl Wanted {
    fn is(self, update: &Update) -> bool {
        match self {
            Self::Any => true,
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
    /// it captures state". State comes through [`State`], or into `move |msg: Text| { let state = state.clone(); async move { … } }`.
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
    pub fn group(mut self, group: Router) -> Self {
        self.states.inherit(&group.states);
        self.entries.push(Entry::Group(group));
        self
    }

    /// Gives handlers a value, which they take as [`State<T>`](State): one of each type, the last. What a nested router has been given
    /// is there for all, unless the outer one has its own.
    pub fn state<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        self.states.set(value);
        self
    }

    fn route<A: 'static>(mut self, wanted: Wanted, handler: impl Handler<A>) -> Self {
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
                Entry::Group(group) => out.entry(group),
            };
        }
        out.finish()
    }
}
