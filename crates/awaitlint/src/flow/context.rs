//! Where an expression runs: in a task, beside it, or somewhere that cannot be told.

use crate::ir::{Body, ExprId, Function, Kind, LoopKind};
use crate::names::Known;

/// Who runs an expression.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Context {
    /// A task: an async function or block.
    Async,
    /// A plain function, or a closure that runs on another thread.
    Sync,
    /// A closure handed to something unknown.
    Unclear,
}

/// Whether a closure passed to a call of this name runs on a thread of its own.
pub(crate) fn run_elsewhere(name: &str) -> bool {
    Known::Elsewhere.has(name) || name.contains("blocking") || name.contains("thread")
}

/// Who runs `expr`.
pub(crate) fn context(function: &Function, body: &Body, expr: ExprId) -> Context {
    for up in body.ancestors(expr) {
        match body.kind(up) {
            Kind::Async { .. } => return Context::Async,
            Kind::Closure { is_async: true, .. } => return Context::Async,
            Kind::Closure { .. } => match body.parent(up).map(|call| body.kind(call)) {
                Some(Kind::Method { name, receiver, .. }) if *receiver != up => {
                    if run_elsewhere(name) || name.starts_with("par_") || in_parallel(body, *receiver) {
                        return Context::Sync;
                    }
                    if !Known::InPlace.has(name) {
                        return Context::Unclear;
                    }
                }
                Some(Kind::Call { callee, .. }) => {
                    let name = match body.kind(*callee) {
                        Kind::Path(path) if path.last_two() == ("thread", "spawn") => return Context::Sync,
                        Kind::Path(path) => path.last(),
                        _ => "",
                    };
                    return if run_elsewhere(name) { Context::Sync } else { Context::Unclear };
                }
                _ => return Context::Unclear,
            },
            _ => {}
        }
    }
    if function.signature.is_async { Context::Async } else { Context::Sync }
}

fn in_parallel(body: &Body, receiver: ExprId) -> bool {
    body.descendants(receiver).into_iter().any(|id| matches!(body.kind(id), Kind::Method { name, .. } if name.contains("par_")))
}

/// The awaits that run when `expr` runs, in order; those of closures and async blocks inside are somebody else's.
pub(crate) fn awaits(body: &Body, expr: ExprId) -> Vec<ExprId> {
    let mut found = Vec::new();
    collect_awaits(body, expr, &mut found);
    found
}

fn collect_awaits(body: &Body, expr: ExprId, to: &mut Vec<ExprId>) {
    // Bodies are at most as deep as the front end allows, and workers have the stack for it.
    if matches!(body.kind(expr), Kind::Closure { .. } | Kind::Async { .. }) {
        return;
    }
    for child in body.children(expr) {
        collect_awaits(body, child, to);
    }
    if matches!(body.kind(expr), Kind::Await(_)) {
        to.push(expr);
    }
}

/// The loops around `expr` in the same function, closure or async block, innermost first.
pub(crate) fn enclosing_loops(body: &Body, expr: ExprId) -> Vec<ExprId> {
    let mut found = Vec::new();
    let mut inner = expr;
    for up in body.ancestors(expr) {
        match body.kind(up) {
            Kind::Loop { kind, body: block, .. } => {
                let repeated = inner == *block || matches!(kind, LoopKind::While(cond) if inner == *cond);
                if repeated {
                    found.push(up);
                }
            }
            Kind::Closure { .. } | Kind::Async { .. } => break,
            _ => {}
        }
        inner = up;
    }
    found
}

/// Whether `expr` is evaluated only if something else inside `within` turns out so.
pub(crate) fn in_condition(body: &Body, expr: ExprId, within: ExprId) -> bool {
    let mut inner = expr;
    for up in body.ancestors(expr) {
        let conditional = match body.kind(up) {
            Kind::If { cond, .. } => inner != *cond,
            Kind::Match { scrutinee, .. } => inner != *scrutinee,
            Kind::Binary { lazy: true, rhs, .. } => inner == *rhs,
            Kind::Loop { kind, .. } => !matches!(kind, LoopKind::For { iter, .. } if inner == *iter),
            Kind::Closure { .. } | Kind::Async { .. } | Kind::Select { .. } => true,
            _ => false,
        };
        if conditional {
            return true;
        }
        if up == within {
            return false;
        }
        inner = up;
    }
    false
}
