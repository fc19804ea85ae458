//! A future that is made early and awaited late, in the belief that it runs in between.

use super::{Cx, Draft};
use crate::finding::Level;
use crate::flow::awaits;
use crate::ir::{ExprId, Kind, LocalId, LoopKind, PatKind, Stmt, StmtKind};
use crate::types::Type;

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    for id in cx.body.ids() {
        match cx.body.kind(id) {
            Kind::Block { stmts, .. } => {
                for (at, stmt) in stmts.iter().enumerate() {
                    drafts.extend(bound(cx, stmt, &stmts[at + 1..]));
                }
            }
            Kind::Loop { kind: LoopKind::For { pat, iter }, body, .. } => drafts.extend(one_by_one(cx, *pat, *iter, *body)),
            _ => {}
        }
    }
}

/// `let b = g(); a.await; b.await`
fn bound(cx: &Cx<'_>, stmt: &Stmt, rest: &[Stmt]) -> Option<Draft> {
    let StmtKind::Let { pat, init: Some(init), .. } = &stmt.kind else { return None };
    let PatKind::Bind(local, _) = cx.body.pat(*pat).kind else { return None };
    let level = lazy(cx, *init)?;
    let wait = only_use(cx, local, *init)?;
    let mut before = Vec::new();
    for stmt in rest {
        let expr = match &stmt.kind {
            StmtKind::Let { init: Some(init), .. } => *init,
            StmtKind::Expr { expr, .. } => *expr,
            StmtKind::Let { .. } => continue,
        };
        let here = awaits(cx.body, expr);
        if let Some(at) = here.iter().position(|&id| id == wait) {
            before.extend(&here[..at]);
            let &first = before.first()?;
            let name = &cx.body.local(local).name;
            let draft = Draft::new(level, cx.body.span(wait), format!("`{name}` starts only here, after another await"))
                .label(cx.body.span(*init), "made here, but nothing of it runs before it is awaited")
                .label(cx.body.span(first), "this is waited for first")
                .why("a future does nothing until it is polled: the two run one after the other, not at the same time")
                .help(format!("await them together: {}", cx.kit().join_help(false)));
            return Some(draft);
        }
        before.extend(here);
    }
    None
}

/// `for future in futures { future.await }`: what seems to be a list of futures is mostly one of tasks that run already.
fn one_by_one(cx: &Cx<'_>, pat: crate::ir::PatId, iter: ExprId, body: ExprId) -> Option<Draft> {
    let [local] = cx.body.bindings(pat)[..] else { return None };
    if !matches!(cx.typing.local(local), Type::Future(_)) {
        return None;
    }
    let wait = awaits(cx.body, body).into_iter().find(|&wait| awaited_local(cx, wait) == Some(local))?;
    let draft = Draft::new(Level::Pedantic, cx.body.span(wait), "the futures of a list are awaited one after the other")
        .label(cx.body.span(iter), "none of these has started")
        .why("a future does nothing until it is polled: the second starts when the first is done")
        .help(cx.kit().map_help());
    Some(draft)
}

fn lazy(cx: &Cx<'_>, expr: ExprId) -> Option<Level> {
    if !matches!(cx.typing.of(expr), Type::Future(_)) {
        return None;
    }
    match cx.body.kind(expr) {
        Kind::Async { stream: false, .. } => Some(Level::Likely),
        Kind::Call { .. } | Kind::Method { .. } => {
            let callee = cx.callee(expr)?;
            let listens = callee.name.split('_').any(|word| word == "notified");
            if listens || callee.name.contains("spawn") || matches!(&*callee.name, "sleep" | "sleep_until" | "shared") {
                return None; // made early on purpose: it begins when it is made
            }
            let signature = callee.id().map(|id| &cx.workspace().index.function(id).signature);
            match signature {
                Some(signature) if signature.altered => None,
                Some(signature) if signature.is_async => Some(Level::Likely),
                // A plain function may have begun the work before it returned.
                _ => callee.id().is_none_or(|id| cx.only_makes_a_future(id)).then_some(Level::Pedantic),
            }
        }
        _ => None,
    }
}

/// The await of a local that is used for nothing else.
fn only_use(cx: &Cx<'_>, local: LocalId, init: ExprId) -> Option<ExprId> {
    let mut uses = cx.body.ids().filter(|id| match cx.body.kind(*id) {
        Kind::Local(found) => *found == local,
        Kind::Macro { captured, .. } => captured.contains(&local),
        _ => false,
    });
    let only = uses.find(|id| id.0 > init.0)?;
    let wait = cx.body.parent(only)?;
    (uses.next().is_none() && matches!(cx.body.kind(wait), Kind::Await(_))).then_some(wait)
}

fn awaited_local(cx: &Cx<'_>, wait: ExprId) -> Option<LocalId> {
    let Kind::Await(base) = cx.body.kind(wait) else { return None };
    match cx.body.kind(*base) {
        Kind::Local(local) => Some(*local),
        _ => None,
    }
}
