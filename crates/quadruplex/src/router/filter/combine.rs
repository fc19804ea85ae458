use quadruplex_net::BoxFuture;

use super::Filter;
use crate::router::Update;
use crate::{Client, Error};

/// See [`Filter::and`].
#[derive(Clone, Copy, Debug)]
pub struct And<A, B>(pub(super) A, pub(super) B);

/// See [`Filter::or`].
#[derive(Clone, Copy, Debug)]
pub struct Or<A, B>(pub(super) A, pub(super) B);

/// See [`Filter::not`].
#[derive(Clone, Copy, Debug)]
pub struct Not<A>(pub(super) A);

macro_rules! pairs {
    ($($pair:ident $operator:tt)+) => {$(
        impl<A: Filter, B: Filter> Filter for $pair<A, B> {
            fn passes(&self, update: &Update) -> bool {
                self.0.passes(update) $operator self.1.passes(update)
            }

            fn prepare<'a>(&'a self, client: &'a Client) -> BoxFuture<'a, Result<(), Error>> {
                Box::pin(async move {
                    self.0.prepare(client).await?;
                    self.1.prepare(client).await
                })
            }
        }
    )+};
}
pairs!(And && Or ||);

impl<A: Filter> Filter for Not<A> {
    fn passes(&self, update: &Update) -> bool {
        !self.0.passes(update)
    }

    fn prepare<'a>(&'a self, client: &'a Client) -> BoxFuture<'a, Result<(), Error>> {
        self.0.prepare(client)
    }
}
