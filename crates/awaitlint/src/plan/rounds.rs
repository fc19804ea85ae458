//! How often a piece of code waits one after the other.

use std::fmt;
use std::ops::Add;

use crate::flow::awaits;
use crate::ir::{ExprId, Kind, LoopKind, Stmt, StmtKind};
use crate::rules::{Cx, runs_at_once};

/// So many rounds once, and so many for each item of a loop.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Rounds {
    each: usize,
    once: usize,
}

impl Rounds {
    fn each(self) -> Rounds {
        Rounds { each: self.each + self.once, once: 0 }
    }
}

impl Add for Rounds {
    type Output = Rounds;

    fn add(self, other: Rounds) -> Rounds {
        Rounds { each: self.each + other.each, once: self.once + other.once }
    }
}

impl PartialOrd for Rounds {
    fn partial_cmp(&self, other: &Rounds) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rounds {
    fn cmp(&self, other: &Rounds) -> std::cmp::Ordering {
        (self.each, self.once).cmp(&(other.each, other.once))
    }
}

impl fmt::Display for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.once, self.each) {
            (once, 0) => write!(f, "{once}"),
            (0, 1) => write!(f, "n"),
            (0, each) => write!(f, "{each}n"),
            (once, 1) => write!(f, "{once} + n"),
            (once, each) => write!(f, "{once} + {each}n"),
        }
    }
}

/// The rounds of a statement as it is written.
pub(super) fn now(cx: &Cx<'_>, stmt: &Stmt) -> Rounds {
    of_stmt(cx, stmt, false)
}

/// The rounds of a statement if loops whose iterations do not depend on each other run at once.
pub(super) fn at_best(cx: &Cx<'_>, stmt: &Stmt) -> Rounds {
    of_stmt(cx, stmt, true)
}

fn of_stmt(cx: &Cx<'_>, stmt: &Stmt, best: bool) -> Rounds {
    match &stmt.kind {
        StmtKind::Let { init, otherwise, .. } => {
            let parts = init.iter().chain(otherwise).map(|&expr| of(cx, expr, best));
            parts.fold(Rounds::default(), Rounds::add)
        }
        StmtKind::Expr { expr, .. } => of(cx, *expr, best),
    }
}

fn of(cx: &Cx<'_>, expr: ExprId, best: bool) -> Rounds {
    let longest = |parts: &mut dyn Iterator<Item = ExprId>| parts.map(|part| of(cx, part, best)).max().unwrap_or_default();
    let sum = |parts: Vec<ExprId>| parts.into_iter().map(|part| of(cx, part, best)).fold(Rounds::default(), Rounds::add);
    match cx.body.kind(expr) {
        Kind::Closure { .. } | Kind::Async { .. } => Rounds::default(),
        Kind::If { cond, then, otherwise } => of(cx, *cond, best) + longest(&mut std::iter::once(*then).chain(*otherwise)),
        Kind::Match { scrutinee, arms } => of(cx, *scrutinee, best) + longest(&mut arms.iter().map(|arm| arm.body)),
        Kind::Loop { kind, body, .. } => {
            let head = match kind {
                LoopKind::For { iter, .. } => of(cx, *iter, best),
                _ => Rounds::default(),
            };
            let inside = of(cx, *body, best);
            head + if best && runs_at_once(cx, expr) { inside } else { inside.each() }
        }
        Kind::Join { .. } => sum(cx.body.children(expr)) + Rounds { once: 1, each: 0 },
        Kind::Select { arms, .. } => longest(&mut arms.iter().map(|arm| arm.handler)) + Rounds { once: 1, each: 0 },
        Kind::Await(base) => sum(vec![*base]) + Rounds { once: 1, each: 0 },
        _ if awaits(cx.body, expr).is_empty() && !has_join(cx, expr) => Rounds::default(),
        _ => sum(cx.body.children(expr)),
    }
}

fn has_join(cx: &Cx<'_>, expr: ExprId) -> bool {
    cx.body.descendants(expr).into_iter().any(|id| matches!(cx.body.kind(id), Kind::Join { .. } | Kind::Select { .. }))
}
