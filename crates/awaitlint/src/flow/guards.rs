//! Which guards are alive at which await.
//!
//! A guard lives from its binding to the end of its block, unless it is dropped or moved before; an unnamed one lives to the end of its
//! statement, or of the `match`, `if let`, `while let` or `for` whose head it stands in. Before edition 2024 that of an `if let` also lives
//! through the `else`. Branches are followed separately: a guard is held where some path still holds it.

use std::collections::BTreeSet;

use crate::hash::HashMap;
use crate::ir::{Body, ExprId, Kind, LocalId, LoopKind, PatId, Stmt, StmtKind};
use crate::types::{ASYNC_GUARDS, BLOCKING_GUARDS, Type, Typing};

/// A guard that is alive while a task waits.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) guard: Guard,
    pub(crate) at: ExprId,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Guard {
    Named(LocalId),
    /// The expression that made it.
    Temporary(ExprId),
}

/// What the guard guards with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum GuardKind {
    /// Of a lock that blocks its thread, a `RefCell`, a sharded map or a tracing span.
    Blocking,
    /// Of a lock that tasks wait for.
    Async,
}

/// Whether a value of this type is a guard.
pub(crate) fn guard_kind(ty: &Type) -> Option<GuardKind> {
    if ty.is_any(BLOCKING_GUARDS) {
        Some(GuardKind::Blocking)
    } else if ty.is_any(ASYNC_GUARDS) {
        Some(GuardKind::Async)
    } else {
        None
    }
}

/// Every (guard, await) with the guard alive at the await, in the order of the awaits.
pub(crate) fn held_guards(typing: &Typing<'_>, body: &Body, edition: u16) -> Vec<Held> {
    let mut walk = Walk {
        typing,
        body,
        edition,
        evidence: evidence(typing, body),
        live: BTreeSet::new(),
        statement: Vec::new(),
        exits: Vec::new(),
        held: Vec::new(),
    };
    walk.expr(body.root);
    walk.held
}

/// Locals that are guards by what they are bound to, when their type is not known: `let g = x.lock().unwrap()`.
fn evidence(typing: &Typing<'_>, body: &Body) -> HashMap<LocalId, ExprId> {
    let mut found = HashMap::default();
    for id in body.ids() {
        let Kind::Block { stmts, .. } = body.kind(id) else { continue };
        for stmt in stmts {
            if let StmtKind::Let { pat, init: Some(init), .. } = &stmt.kind
                && locks(typing, body, *init)
                && let [local] = body.bindings(*pat)[..]
            {
                found.insert(local, *init);
            }
        }
    }
    found
}

/// `x.lock().unwrap()` where the type of `x` is not known: no async lock is used like that.
fn locks(typing: &Typing<'_>, body: &Body, expr: ExprId) -> bool {
    let Kind::Method { receiver, name, .. } = body.kind(expr) else { return false };
    let Kind::Method { receiver: lock, name: locking, args, .. } = body.kind(*receiver) else { return false };
    matches!(&**name, "unwrap" | "expect" | "unwrap_or_else")
        && args.is_empty()
        && matches!(&**locking, "lock" | "read" | "write")
        && typing.of(*lock).is_unknown()
        && typing.of(*receiver).is_unknown()
}

struct Walk<'a> {
    typing: &'a Typing<'a>,
    body: &'a Body,
    edition: u16,
    evidence: HashMap<LocalId, ExprId>,
    live: BTreeSet<Guard>,
    /// Unnamed guards of the statements being run, the innermost last.
    statement: Vec<Vec<Guard>>,
    /// What is alive at the `break`s of the loops around, the innermost last.
    exits: Vec<Option<BTreeSet<Guard>>>,
    held: Vec<Held>,
}

/// Control does not come out of the expression at its end.
struct Diverged;

impl Walk<'_> {
    fn expr(&mut self, id: ExprId) -> Option<Diverged> {
        let body = self.body;
        let diverged = match body.kind(id) {
            Kind::Closure { .. } | Kind::Async { .. } => {
                self.apart(id);
                None
            }
            Kind::Block { stmts, .. } => self.block(stmts),
            Kind::If { cond, then, otherwise } => self.branch(*cond, *then, *otherwise),
            Kind::Match { scrutinee, arms } => {
                self.statement.push(Vec::new());
                self.expr(*scrutinee);
                let before = self.live.clone();
                let mut after = None;
                for arm in arms {
                    self.live = before.clone();
                    self.bind(arm.pat);
                    if let Some(guard) = arm.guard {
                        self.expr(guard);
                    }
                    if self.expr(arm.body).is_none() {
                        self.unbind(arm.pat);
                        join(&mut after, &self.live);
                    }
                }
                let diverged = after.is_none().then_some(Diverged);
                self.live = after.unwrap_or(before);
                self.end_statement();
                diverged
            }
            Kind::Loop { kind, body: block, .. } => self.repeat(kind, *block),
            Kind::Break { value, .. } => {
                if let Some(value) = value {
                    self.expr(*value);
                }
                let live = self.live.clone();
                if let Some(exit) = self.exits.last_mut() {
                    join(exit, &live);
                }
                Some(Diverged)
            }
            Kind::Continue { .. } => Some(Diverged),
            Kind::Return(value) => {
                if let Some(value) = value {
                    self.expr(*value);
                }
                Some(Diverged)
            }
            Kind::Binary { lazy: true, lhs, rhs, .. } => {
                for operand in [*lhs, *rhs] {
                    let chain = matches!(body.kind(operand), Kind::Let { .. } | Kind::Binary { lazy: true, .. });
                    if chain {
                        self.expr(operand);
                    } else {
                        self.statement.push(Vec::new());
                        self.expr(operand);
                        self.end_statement();
                    }
                }
                None
            }
            _ => {
                let mut diverged = None;
                for child in body.children(id) {
                    diverged = self.expr(child).or(diverged);
                    self.moved(id, child);
                }
                diverged
            }
        };
        match body.kind(id) {
            Kind::Await(_) | Kind::Join { .. } | Kind::Select { .. } => {
                self.held.extend(self.live.iter().map(|&guard| Held { guard, at: id }))
            }
            _ => {}
        }
        if self.is_temporary_guard(id) {
            self.temporary(id);
        }
        diverged
    }

    /// It lives until the statement ends.
    fn temporary(&mut self, id: ExprId) {
        self.live.insert(Guard::Temporary(id));
        self.statement.iter_mut().next_back().into_iter().for_each(|guards| guards.push(Guard::Temporary(id)));
    }

    /// A closure or async block runs at another time, with none of these guards.
    fn apart(&mut self, id: ExprId) {
        let live = std::mem::take(&mut self.live);
        let statement = std::mem::take(&mut self.statement);
        for child in self.body.children(id) {
            self.expr(child);
        }
        self.live = live;
        self.statement = statement;
    }

    fn block(&mut self, stmts: &[Stmt]) -> Option<Diverged> {
        let mut diverged = None;
        let mut bound = Vec::new();
        for (at, stmt) in stmts.iter().enumerate() {
            // Before edition 2024 what the end of a block makes lives as long as the statement around it.
            let tail = match stmt.kind {
                StmtKind::Expr { expr, semicolon: false } if at + 1 == stmts.len() => Some(expr),
                _ => None,
            };
            let apart = tail.is_none() || self.edition >= 2024;
            if apart {
                self.statement.push(Vec::new());
            }
            match &stmt.kind {
                StmtKind::Let { pat, init, otherwise, .. } => {
                    if let Some(init) = init {
                        diverged = self.expr(*init).or(diverged);
                        self.live.remove(&Guard::Temporary(*init)); // it has a name now
                    }
                    if let Some(otherwise) = otherwise {
                        let before = self.live.clone();
                        self.expr(*otherwise);
                        self.live = before;
                    }
                    self.bind(*pat);
                    bound.push(*pat);
                }
                StmtKind::Expr { expr, .. } => diverged = self.expr(*expr).or(diverged),
            }
            if apart {
                self.end_statement();
            }
            if let Some(value) = tail.filter(|&value| apart && self.is_temporary_guard(value)) {
                self.temporary(value); // what the block gives outlives it
            }
        }
        bound.into_iter().for_each(|pat| self.unbind(pat));
        diverged
    }

    fn branch(&mut self, cond: ExprId, then: ExprId, otherwise: Option<ExprId>) -> Option<Diverged> {
        self.statement.push(Vec::new());
        self.expr(cond);
        let lets: Vec<PatId> = self
            .body
            .descendants(cond)
            .into_iter()
            .filter_map(|id| match self.body.kind(id) {
                Kind::Let { pat, .. } => Some(*pat),
                _ => None,
            })
            .collect();
        if lets.is_empty() {
            self.end_statement(); // a plain condition drops what it made
            self.statement.push(Vec::new());
        }
        let before = self.live.clone();
        lets.iter().for_each(|&pat| self.bind(pat));
        let mut after = None;
        if self.expr(then).is_none() {
            lets.iter().for_each(|&pat| self.unbind(pat));
            join(&mut after, &self.live);
        }
        self.live = before;
        if self.edition >= 2024 {
            let made = self.statement.last().cloned().unwrap_or_default();
            self.live.retain(|guard| !made.contains(guard));
        }
        let alternative = otherwise.and_then(|otherwise| self.expr(otherwise));
        if alternative.is_none() {
            join(&mut after, &self.live);
        }
        let diverged = after.is_none().then_some(Diverged);
        self.live = after.unwrap_or_else(|| self.live.clone());
        self.end_statement();
        diverged
    }

    fn repeat(&mut self, kind: &LoopKind, block: ExprId) -> Option<Diverged> {
        self.statement.push(Vec::new());
        self.exits.push(None);
        match kind {
            LoopKind::Loop => {}
            LoopKind::While(head) => {
                self.expr(*head);
                for id in self.body.descendants(*head) {
                    if let Kind::Let { pat, .. } = self.body.kind(id) {
                        self.bind(*pat);
                    }
                }
            }
            LoopKind::For { iter, pat } => {
                self.expr(*iter);
                self.bind(*pat);
            }
        }
        if let LoopKind::While(head) = kind
            && !self.body.descendants(*head).into_iter().any(|id| matches!(self.body.kind(id), Kind::Let { .. }))
        {
            self.end_statement(); // a plain condition drops what it made each time
            self.statement.push(Vec::new());
        }
        let entered = self.live.clone();
        let diverged = self.expr(block);
        // Leaving the block ends what was bound in it.
        let mut after = self.exits.pop().flatten().map(|exit| exit.intersection(&entered).copied().collect());
        if !matches!(kind, LoopKind::Loop) {
            join(&mut after, &entered);
            if diverged.is_none() {
                join(&mut after, &self.live);
            }
        }
        let never_ends = after.is_none().then_some(Diverged);
        self.live = after.unwrap_or_default();
        match kind {
            LoopKind::Loop => {}
            LoopKind::While(head) => {
                for id in self.body.descendants(*head) {
                    if let Kind::Let { pat, .. } = self.body.kind(id) {
                        self.unbind(*pat);
                    }
                }
            }
            LoopKind::For { pat, .. } => self.unbind(*pat),
        }
        self.end_statement();
        never_ends
    }

    fn bind(&mut self, pat: PatId) {
        for local in self.body.bindings(pat) {
            if guard_kind(self.typing.local(local)).is_some() || self.evidence.contains_key(&local) {
                self.live.insert(Guard::Named(local));
            }
        }
    }

    fn unbind(&mut self, pat: PatId) {
        for local in self.body.bindings(pat) {
            self.live.remove(&Guard::Named(local));
        }
    }

    fn end_statement(&mut self) {
        for guard in self.statement.pop().unwrap_or_default() {
            self.live.remove(&guard);
        }
    }

    /// A guard handed over by name is no longer held here: `drop(guard)`, `f(guard)`, `return guard`.
    fn moved(&mut self, parent: ExprId, child: ExprId) {
        let Kind::Local(local) = self.body.kind(child) else { return };
        let by_value = match self.body.kind(parent) {
            Kind::Call { args, .. } | Kind::Tuple(args) | Kind::Array(args) => args.contains(&child),
            Kind::Method { args, .. } => args.contains(&child),
            Kind::Struct { .. } | Kind::Break { .. } => true,
            Kind::Assign { rhs, .. } => *rhs == child,
            _ => false,
        };
        if by_value {
            self.live.remove(&Guard::Named(*local));
        }
    }

    /// A guard without a name: made by a call, and neither bound by `let` nor returned.
    fn is_temporary_guard(&self, id: ExprId) -> bool {
        let made = matches!(self.body.kind(id), Kind::Call { .. } | Kind::Method { .. } | Kind::Await(_) | Kind::Try(_));
        made && (guard_kind(self.typing.of(id)).is_some() || locks(self.typing, self.body, id))
    }
}

fn join(into: &mut Option<BTreeSet<Guard>>, other: &BTreeSet<Guard>) {
    match into {
        Some(into) => into.extend(other.iter().copied()),
        None => *into = Some(other.clone()),
    }
}
