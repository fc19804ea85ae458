use std::any::{TypeId, type_name};
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use super::Update;
use super::command::{Command, CommandList, Listed};
use super::filter::Filter;
use crate::{BoxError, FormattedText};

/// What a handler can have as an argument, which is also what it asks of an update: a handler runs when all its arguments can be
/// taken.
///
/// A type of your own:
///
/// ```
/// use quadruplex::prelude::*;
///
/// /// A message that is a number.
/// struct Number(i64);
///
/// impl Argument for Number {
///     async fn take(update: &Update) -> Result<Self, Refusal> {
///         let text = Text::take(update).await?;
///         text.text().trim().parse().map(Number).map_err(|_| Refusal::Skip)
///     }
/// }
///
/// async fn double(Number(number): Number) -> String {
///     (number * 2).to_string()
/// }
///
/// let router = Router::new().on_message(double);
/// # let _ = router;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a handler",
    label = "this cannot be taken from an update",
    note = "arguments are taken by value: `Text`, not `&Text`",
    note = "for a value of your own give it to the router with `.state(value)` and take `State<{Self}>`, or implement `Argument`"
)]
pub trait Argument: Sized + Send + 'static {
    /// Whether it may be there. Asked for every update before anything is allocated, so that it has to be quick;
    /// [`take`](Self::take) has the last word.
    fn fits(update: &Update) -> bool {
        let _ = update;
        true
    }

    /// Takes it from the update.
    ///
    /// # Errors
    /// [`Refusal::Skip`] when it is not there: the handler is not for this update.
    fn take(update: &Update) -> impl Future<Output = Result<Self, Refusal>> + Send;

    /// What it needs to be told of before the first update.
    #[doc(hidden)]
    fn declare(needs: &mut Needs) {
        let _ = needs;
    }
}

/// Why an argument was not taken.
#[derive(Debug)]
pub enum Refusal {
    /// It is not in this update: the handler is not for it.
    Skip,
    /// The handler is for this update, but the sender has to be told something instead of running it: how a command is used.
    Answer(FormattedText),
    /// Whether it is there could not be found out. The update is tried again.
    Failed(BoxError),
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// What the arguments of all handlers need.
#[derive(Default)]
pub struct Needs {
    /// The handler that is being asked.
    pub(crate) handler: &'static str,
    /// The type, its name, who wants it.
    pub(crate) states: Vec<(TypeId, &'static str, &'static str)>,
    pub(crate) filters: Vec<Arc<dyn Filter>>,
    pub(crate) commands: CommandList,
}

impl Needs {
    pub(crate) fn state<T: 'static>(&mut self) {
        self.states.push((TypeId::of::<T>(), type_name::<T>(), self.handler));
    }

    /// A handler takes this command.
    #[doc(hidden)]
    pub fn command<C: Command>(&mut self) {
        if self.commands.0.iter().all(|listed| listed.name != C::NAME) {
            self.commands.0.push(Listed::of::<C>());
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skip => f.write_str("not for this update"),
            Self::Answer(text) => f.write_str(&text.text),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl fmt::Debug for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Needs").field("states", &self.states).finish_non_exhaustive()
    }
}
