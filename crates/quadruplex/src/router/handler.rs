use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;

use quadruplex_net::BoxFuture;

use super::argument::Needs;
use super::filter::Filter;
use super::{Argument, IntoOutcome, Outcome, Refusal, Update};

/// An async function that handles updates: up to eight [arguments](Argument), in any order, and an [answer](IntoOutcome).
///
/// An async closure is a handler only if it captures nothing: the compiler says of others that they do not implement `Fn` "because
/// it captures state". State comes through [`State`](super::State), or into `move |msg: Text| { let state = state.clone(); async move { … } }`.
///
/// A function that is refused says more if `#[quadruplex::handler]` stands above it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no handler",
    label = "not an async function whose arguments can be taken from an update",
    note = "a handler is an async function of at most eight arguments, each an `Argument`, that returns an `IntoOutcome`",
    note = "put `#[quadruplex::handler]` above the function to learn which of them is wrong"
)]
pub trait Handler<A>: Clone + Send + Sync + 'static {
    /// Whether all arguments may be there.
    #[doc(hidden)]
    fn fits(&self, update: &Update) -> bool;

    /// Takes the arguments and runs.
    #[doc(hidden)]
    fn start(self, update: Update) -> impl Future<Output = Result<Outcome, Refusal>> + Send;

    #[doc(hidden)]
    fn declare(&self, needs: &mut Needs);

    /// What it is called in logs: the path of the function; of a closure, that of the function it stands in.
    #[doc(hidden)]
    fn name(&self) -> &'static str {
        type_name::<Self>().trim_end_matches("::{{closure}}")
    }

    /// The same handler, only for updates that a filter wants.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// async fn praise(msg: Text) -> &'static str {
    ///     "well said"
    /// }
    ///
    /// let router = Router::new().on_message(praise.when(filter::contains("please").and(filter::private)));
    /// # let _ = router;
    /// ```
    fn when(self, filter: impl Filter) -> When<Self> {
        When { handler: self, filter: Arc::new(filter) }
    }
}

/// A handler with a filter; see [`Handler::when`].
#[derive(Clone)]
pub struct When<H> {
    handler: H,
    filter: Arc<dyn Filter>,
}

impl<A, H: Handler<A>> Handler<A> for When<H> {
    fn fits(&self, update: &Update) -> bool {
        self.filter.passes(update) && self.handler.fits(update)
    }

    fn start(self, update: Update) -> impl Future<Output = Result<Outcome, Refusal>> + Send {
        self.handler.start(update)
    }

    fn declare(&self, needs: &mut Needs) {
        needs.filters.push(Arc::clone(&self.filter));
        self.handler.declare(needs);
    }

    fn name(&self) -> &'static str {
        self.handler.name()
    }
}

impl<H> fmt::Debug for When<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("When").field("handler", &type_name::<H>()).finish_non_exhaustive()
    }
}

macro_rules! handlers {
    ($(($($argument:ident),*))+) => {$(
        #[allow(non_snake_case, unused_variables, reason = "arguments are named after their types; there may be none")]
        impl<F, Fut, $($argument),*> Handler<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> Fut + Clone + Send + Sync + 'static,
            Fut: Future<Output: IntoOutcome> + Send,
            $($argument: Argument,)*
        {
            fn fits(&self, update: &Update) -> bool {
                true $(&& $argument::fits(update))*
            }

            async fn start(self, update: Update) -> Result<Outcome, Refusal> {
                $(let $argument = $argument::take(&update).await?;)*
                self($($argument),*).await.into_outcome().map_err(Refusal::Failed)
            }

            fn declare(&self, needs: &mut Needs) {
                $($argument::declare(needs);)*
            }
        }
    )+};
}
handlers! {
    ()
    (A)
    (A, B)
    (A, B, C)
    (A, B, C, D)
    (A, B, C, D, E)
    (A, B, C, D, E, G)
    (A, B, C, D, E, G, H)
    (A, B, C, D, E, G, H, I)
}

/// A handler of any type.
pub(crate) trait AnyHandler: Send + Sync {
    fn name(&self) -> &'static str;
    fn fits(&self, update: &Update) -> bool;
    fn start(&self, update: Update) -> BoxFuture<'static, Result<Outcome, Refusal>>;
    fn declare(&self, needs: &mut Needs);
}

pub(crate) fn boxed<A: 'static, H: Handler<A>>(handler: H) -> Box<dyn AnyHandler> {
    Box::new(Boxed { handler, arguments: PhantomData })
}

struct Boxed<H, A> {
    handler: H,
    arguments: PhantomData<fn(A)>,
}

impl<A: 'static, H: Handler<A>> AnyHandler for Boxed<H, A> {
    fn name(&self) -> &'static str {
        self.handler.name()
    }

    fn fits(&self, update: &Update) -> bool {
        self.handler.fits(update)
    }

    fn start(&self, update: Update) -> BoxFuture<'static, Result<Outcome, Refusal>> {
        Box::pin(self.handler.clone().start(update))
    }

    fn declare(&self, needs: &mut Needs) {
        self.handler.declare(needs);
    }
}
