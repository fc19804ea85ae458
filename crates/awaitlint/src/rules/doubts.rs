//! Reasons to doubt that waiting for something several times at once gains anything.

use super::Cx;
use crate::effects::{Effect, Reach, computes, is_question, reach_of_await, starts_up, strip_adapters};
use crate::flow::place_of;
use crate::index::Owner;
use crate::ir::{ExprId, Kind, LocalId, LoopKind, PatId, PatKind, StmtKind};
use crate::names::Known;
use crate::types::Type;

impl Cx<'_> {
    /// How far away what an await waits for is.
    pub(crate) fn reach(&self, await_expr: ExprId) -> Reach {
        match self.body.kind(await_expr) {
            Kind::Await(base) => self.reach_of(*base),
            _ => Reach::Unknown,
        }
    }

    /// The same for what is awaited.
    pub(super) fn reach_of(&self, future: ExprId) -> Reach {
        reach_of_await(&self.typing, &self.session.summaries, self.body, future)
    }

    /// Reasons to doubt that waiting for this several times at once gains anything: it may be answered on the spot (a cheap question, a
    /// look into a cache), compute instead of waiting, or only start what then runs by itself.
    pub(crate) fn doubts(&self, wait: ExprId) -> u8 {
        let Kind::Await(base) = self.body.kind(wait) else { return 0 };
        let work = strip_adapters(self.body, *base);
        let name = self.called(work);
        let cached = match self.body.kind(work) {
            Kind::Method { receiver, .. } => match self.body.kind(*receiver) {
                Kind::Field(_, name) => name.contains("cache"),
                Kind::Local(local) => self.body.local(*local).name.contains("cache"),
                _ => false,
            },
            _ => false,
        };
        let reach = self.reach(wait);
        let computes = computes(name) && reach < Reach::Named;
        let inside = cached || reach == Reach::Inside || self.is_kept(wait) || name.split('_').any(|word| word == "actor");
        let plugin = matches!(self.body.kind(work), Kind::Method { receiver, .. } if self.is_plugin(*receiver));
        2 * u8::from(
            inside
                || plugin
                || self.starts(wait)
                || self.in_transaction(wait)
                || self.on_one_connection(wait)
                || self.in_coroutine(wait)
                || self.asks_a_person(wait),
        ) + u8::from(
            is_question(name)
                || name.split('_').any(|word| word == "local")
                || computes
                || self.looks_idle(work)
                || self.is_mixed(work)
                || self.is_dark(wait),
        )
    }

    /// A plugin, of which there is one, and which computes in turn.
    fn is_plugin(&self, receiver: ExprId) -> bool {
        match self.body.kind(receiver) {
            Kind::Field(_, name) => &**name == "plugin",
            Kind::Local(local) => &*self.body.local(*local).name == "plugin",
            _ => false,
        }
    }

    /// How many calls lie between the function that is awaited and what it waits for.
    pub(super) fn distance(&self, wait: ExprId) -> u8 {
        let Kind::Await(base) = self.body.kind(wait) else { return 0 };
        let bodies = self.typing.bodies(strip_adapters(self.body, *base));
        bodies.into_iter().filter_map(|id| self.session.summaries.get(id)).map(|summary| summary.distance).max().unwrap_or(0)
    }

    /// What runs once gains little from running faster, and what loads something or reads a configuration mostly runs once; for what runs
    /// again and again by itself nobody waits.
    pub(super) fn doubts_of_place(&self) -> u8 {
        let name = &self.item.name;
        let periodic = matches!(name.split('_').next(), Some("heartbeat" | "housekeeping" | "maintenance" | "sweep" | "tick"));
        let once = self.runs_once() || name.starts_with("load_") || self.is_of_a_configuration();
        2 * u8::from(once || periodic || self.tidies_up())
    }

    /// In a loop that goes on and on and sleeps in between: nobody waits for what it does.
    pub(super) fn in_the_background(&self, id: ExprId) -> bool {
        let pauses = |up: ExprId| {
            self.body.descendants(up).into_iter().any(|inner| match self.body.kind(inner) {
                Kind::Await(base) => matches!(self.called(*base), "sleep" | "sleep_until" | "tick"),
                _ => false,
            })
        };
        self.body.ancestors(id).any(|up| match self.body.kind(up) {
            Kind::Loop { kind: LoopKind::Loop | LoopKind::While(_), .. } => pauses(up),
            _ => false,
        })
    }

    /// Once for each value or each run of the program, mostly at a start or an end, where nobody waits for it often.
    pub(super) fn runs_once(&self) -> bool {
        &*self.item.name == "main" || starts_up(&self.item.name) || self.makes_its_type()
    }

    /// In `if let Err(…)`, `if result.is_err()`, the arm of an `Err` or what stands behind `let Ok(…) = … else`: seldom run.
    pub(super) fn after_a_failure(&self, id: ExprId) -> bool {
        let is_ok = |pat: PatId| matches!(&self.body.pat(pat).kind, PatKind::TupleStruct(path, _) if path.last() == "Ok");
        let failed = |cond: ExprId| match self.body.kind(cond) {
            Kind::Method { name, .. } => &**name == "is_err",
            Kind::Binary { .. } => {
                ["UNAUTHORIZED", "FORBIDDEN", "ErrorKind::"].iter().any(|word| self.source(self.body.span(cond)).contains(word))
            }
            _ => false,
        };
        let is_err = |pat: PatId| matches!(&self.body.pat(pat).kind, PatKind::TupleStruct(path, _) if path.last() == "Err");
        let within = |outer: ExprId| outer == id || self.body.ancestors(id).any(|up| up == outer);
        self.body.ancestors(id).any(|up| match self.body.kind(up) {
            Kind::If { cond, then, .. } => {
                within(*then) && (failed(*cond) || matches!(self.body.kind(*cond), Kind::Let { pat, .. } if is_err(*pat)))
            }
            Kind::Block { stmts, .. } => stmts.iter().any(|stmt| match &stmt.kind {
                StmtKind::Let { pat, otherwise: Some(otherwise), .. } => is_ok(*pat) && within(*otherwise),
                _ => false,
            }),
            Kind::Match { arms, .. } => arms.iter().any(|arm| is_err(arm.pat) && within(arm.body)),
            _ => false,
        })
    }

    /// In the arm of a `match` for a double: `Files::Fake(files) => …`.
    pub(super) fn in_a_double(&self, id: ExprId) -> bool {
        let stands = |pat: PatId| match &self.body.pat(pat).kind {
            PatKind::TupleStruct(path, _) => {
                path.segments.iter().any(|part| ["Fake", "Mock", "Stub"].iter().any(|word| part.name.starts_with(word)))
            }
            _ => false,
        };
        let within = |outer: ExprId| outer == id || self.body.ancestors(id).any(|up| up == outer);
        self.body.ancestors(id).any(|up| match self.body.kind(up) {
            Kind::Match { arms, .. } => arms.iter().any(|arm| stands(arm.pat) && within(arm.body)),
            _ => false,
        })
    }

    /// On the straight way from `main`, outside of a loop that goes on and on.
    pub(super) fn runs_alone(&self, expr: ExprId) -> bool {
        let endless = |up: ExprId| matches!(self.body.kind(up), Kind::Loop { kind, .. } if !matches!(kind, LoopKind::For { .. }));
        let apart = |up: ExprId| matches!(self.body.kind(up), Kind::Async { .. } | Kind::Closure { .. });
        self.session.summaries.is_alone(self.at.id) && !self.body.ancestors(expr).any(|up| endless(up) || apart(up))
    }

    /// What the await gives is a reference, so somebody keeps it: the second time it is a look into memory.
    fn is_kept(&self, wait: ExprId) -> bool {
        matches!(self.value_of(wait), Type::Ref { .. })
    }

    /// What the await gives, out of its `Result` or `Option`.
    fn value_of(&self, wait: ExprId) -> &Type {
        let mut ty = self.typing.of(wait);
        while let Some(adt) = ty.adt().filter(|adt| matches!(adt.canon.last(), "Result" | "Option")) {
            ty = adt.args.first().unwrap_or(&Type::Unknown);
        }
        ty
    }

    /// A password or the like, for which somebody may be asked: one question after the other.
    fn asks_a_person(&self, wait: ExprId) -> bool {
        let secret = |name: &str| name.split('_').any(|word| matches!(word, "password" | "passphrase" | "passwd"));
        let Kind::Await(base) = self.body.kind(wait) else { return false };
        let helper = |id: ExprId| matches!(self.body.kind(id), Kind::Local(local) if &*self.body.local(*local).name == "auth_helper");
        self.kept_as(wait).is_some_and(secret)
            || self.body.descendants(*base).into_iter().any(helper)
            || self.body.descendants(*base).into_iter().any(|id| matches!(self.body.kind(id), Kind::Field(_, name) if secret(name)))
    }

    /// Nothing that this call may be, going by its name alone or by what implements a trait, waits.
    fn looks_idle(&self, work: ExprId) -> bool {
        let Some(callee) = self.callee(work) else { return false };
        let index = &self.workspace().index;
        let mut bodies =
            callee.ids.iter().flat_map(|&id| std::iter::once(id).chain(index.overrides(id).iter().copied())).filter(|&id| id != self.at.id);
        let mut idle = false;
        let waits = bodies.any(|id| match self.session.summaries.get(id) {
            Some(summary) => {
                idle |= summary.reach == Reach::Nothing;
                summary.reach != Reach::Nothing
            }
            None => {
                let function = index.function(id);
                idle |= function.idle;
                !function.idle && !matches!(function.owner, Owner::Trait(_))
            }
        });
        idle && !waits
    }

    /// The await speaks through a transaction, which does one thing after the other anyway, or through what came out of the one that the
    /// function is given.
    pub(crate) fn in_transaction(&self, wait: ExprId) -> bool {
        let own = self.typing.self_name().is_some_and(|name| name.contains("Transaction"));
        let given = self.body.params.iter().flat_map(|&pat| self.body.bindings(pat)).any(|local| self.is_transaction(local));
        given
            || self.body.descendants(wait).into_iter().any(|id| match self.body.kind(id) {
                Kind::Local(local) => self.is_transaction(*local) || own && &*self.body.local(*local).name == "self",
                Kind::Field(_, name) => names_transaction(name),
                Kind::Method { name, args, .. } => args.is_empty() && names_transaction(name),
                _ => self.typing.of(id).peel_refs().canon().is_some_and(|canon| canon.last().contains("Transaction")),
            })
    }

    /// A coroutine that its caller drives is passed on: there is no runtime that could do two things.
    fn in_coroutine(&self, wait: ExprId) -> bool {
        self.body.descendants(wait).into_iter().any(|id| match self.body.kind(id) {
            Kind::Local(local) => &*self.body.local(*local).name == "coro",
            Kind::Field(_, name) => &**name == "coro",
            _ => false,
        })
    }

    /// Some implementations of what is awaited look into memory, others wait.
    fn is_mixed(&self, work: ExprId) -> bool {
        let reaches = || self.typing.bodies(work).into_iter().filter_map(|id| self.session.summaries.get(id)).map(|summary| summary.reach);
        reaches().any(|reach| reach == Reach::Nothing) && reaches().any(|reach| reach != Reach::Nothing)
    }

    fn is_transaction(&self, local: LocalId) -> bool {
        let ty = self.typing.local(local).peel_refs();
        names_transaction(&self.body.local(local).name) && !matches!(ty, Type::Adt(adt) if adt.canon.last().ends_with("Sender"))
            || ty.canon().is_some_and(|canon| canon.last().ends_with("Transaction"))
    }

    /// A single connection to a database that is passed to what is awaited: it answers one question after the other.
    pub(crate) fn on_one_connection(&self, wait: ExprId) -> bool {
        let Kind::Await(base) = self.body.kind(wait) else { return false };
        let args = match self.body.kind(strip_adapters(self.body, *base)) {
            Kind::Call { args, .. } | Kind::Method { args, .. } => args,
            _ => return false,
        };
        args.iter().filter_map(|&arg| place_of(self.body, arg)).any(|place| {
            let name = &self.body.local(place.local).name;
            name.split('_').any(|word| matches!(word, "conn" | "connection" | "executor"))
        })
    }

    /// Nothing is known of the function that is awaited: neither which one it is nor, by its name, what it does.
    pub(crate) fn is_dark(&self, wait: ExprId) -> bool {
        let Kind::Await(base) = self.body.kind(wait) else { return false };
        let work = strip_adapters(self.body, *base);
        let declared = |id| matches!(self.workspace().index.function(id).owner, Owner::Trait(_)) && self.workspace().bodies(id).is_empty();
        let found = self.callee(work).and_then(|callee| callee.id()).is_some_and(|id| !declared(id));
        !found && self.effect(wait) == Effect::Unknown && self.reach(wait) == Reach::Unknown
    }

    /// What the await gives stands for something that runs by itself from now on: a handle, a stream, a subscription.
    pub(crate) fn starts(&self, wait: ExprId) -> bool {
        let ty = self.value_of(wait).peel_refs();
        let last_word = |name: &str| name.rfind(char::is_uppercase).is_some_and(|at| Known::Starter.has(&name[at..]));
        ty.canon().is_some_and(|canon| last_word(canon.last())) || self.kept_as(wait).is_some_and(is_running)
    }

    /// The name under which what an await gives is kept: of the local that it is bound to, or of the list that it is pushed to.
    fn kept_as(&self, wait: ExprId) -> Option<&str> {
        let mut inner = wait;
        for up in self.body.ancestors(wait) {
            match self.body.kind(up) {
                Kind::Try(_) => {}
                Kind::Method { receiver, .. } if *receiver == inner => {}
                Kind::Method { receiver, name, .. } if Known::Collector.has(name) => {
                    return place_of(self.body, *receiver).map(|place| &*self.body.local(place.local).name);
                }
                Kind::Block { stmts, .. } => {
                    let bound = stmts.iter().find_map(|stmt| match &stmt.kind {
                        StmtKind::Let { pat, init, .. } if *init == Some(inner) => self.body.bindings(*pat).first().copied(),
                        _ => None,
                    });
                    return bound.map(|local| &*self.body.local(local).name);
                }
                _ => return None,
            }
            inner = up;
        }
        None
    }
}

fn names_transaction(name: &str) -> bool {
    name.split('_').any(|word| matches!(word, "tx" | "txn" | "trx" | "dbtx" | "transaction"))
}

fn is_running(name: &str) -> bool {
    let running = |word: &str| matches!(word, "handle" | "handles" | "task" | "tasks" | "job" | "jobs" | "reader" | "writer");
    name.split('_').any(running)
}
