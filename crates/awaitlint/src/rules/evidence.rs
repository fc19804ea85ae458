//! Evidence that what a function does matters: that somebody makes it run again and again, and that it waits for something outside.
//!
//! A place without any may run once, at a start or in a command, and no source says so. A request is evidence, a value that lives on is half of
//! it, and everything else is none: chosen by the findings of sets that nobody had tuned on, each left out once (README, "Precision").

use super::Cx;
use crate::effects::{Heat, Reach, strip_adapters};
use crate::index::{Id, Owner};
use crate::ir::{ExprId, Kind, Receiver};
use crate::types::Type;

impl Cx<'_> {
    fn heat(&self) -> Heat {
        self.session.summaries.get(self.at.id).map(|summary| summary.heat).unwrap_or_default()
    }

    /// A method of a value that lives on (one that takes `self` by value ends it), or what requests make run.
    pub(super) fn lives(&self) -> bool {
        matches!(self.function.signature.receiver, Receiver::Ref | Receiver::Mut) || self.is_asked()
    }

    /// Requests make it run.
    pub(super) fn is_asked(&self) -> bool {
        self.heat().is_asked()
    }

    /// It lives, and no clock makes it run: somebody waits for it.
    pub(super) fn is_waited_for(&self) -> bool {
        self.lives() && !self.heat().ticks()
    }

    /// How far away what the function waits for is; nothing if it never waits but for a time.
    pub(super) fn farthest(&self) -> Option<Reach> {
        *self.farthest.get_or_init(|| {
            let mut reaches = Vec::new();
            for id in self.body.ids() {
                match self.body.kind(id) {
                    Kind::Await(future) => reaches.push(self.reach_unless_timer(*future)),
                    Kind::Join { args, .. } => reaches.extend(args.iter().map(|&future| self.reach_unless_timer(future))),
                    Kind::Select { arms, .. } => reaches.extend(arms.iter().map(|arm| self.reach_unless_timer(arm.future))),
                    Kind::Call { .. } | Kind::Method { .. } if self.is_a_future(id) => {
                        reaches.push(self.reach_unless_timer(id));
                    }
                    _ => {}
                }
            }
            reaches.into_iter().flatten().max()
        })
    }

    /// A call of an async function, not what only wraps a block.
    fn is_a_future(&self, id: ExprId) -> bool {
        let called = matches!(self.body.kind(strip_adapters(self.body, id)), Kind::Call { .. } | Kind::Method { .. });
        called && matches!(self.typing.of(id), Type::Future(_))
    }

    fn reach_unless_timer(&self, future: ExprId) -> Option<Reach> {
        let timer = matches!(self.called(future), "sleep" | "sleep_until" | "tick" | "yield_now");
        (!timer).then(|| self.reach_of(future))
    }

    /// An async interface over something that is not: a method of a trait that never waits.
    pub(super) fn is_an_interface(&self) -> bool {
        let of_a_trait = match self.workspace().index.function(self.at.id).owner {
            Owner::Impl(item) => self.workspace().index.impl_item(Id { krate: self.at.id.krate, item }).of.is_some(),
            Owner::Module | Owner::Trait(_) => false,
        };
        of_a_trait && self.lives() && self.farthest().is_none()
    }

    /// What is awaited waits for the outside by its crate, or at least by what a body of the workspace says of it.
    pub(super) fn is_seen_outside(&self, wait: ExprId) -> bool {
        match self.reach(wait) {
            Reach::Files | Reach::Outside => true,
            Reach::Named => self.distance(wait) > 0,
            _ => false,
        }
    }
}
