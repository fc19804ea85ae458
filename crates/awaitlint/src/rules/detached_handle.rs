//! A spawned task whose result nobody sees.

use super::{Cx, Draft};
use crate::finding::Level;
use crate::ir::{Body, ExprId, Kind, PatKind, StmtKind};
use crate::types::Type;

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    for id in cx.body.ids() {
        let Kind::Call { args, .. } = cx.body.kind(id) else { continue };
        let Some(kind) = spawn(cx, id) else { continue };
        let Some(&task) = args.first().filter(|_| is_dropped(cx.body, id)) else { continue };
        let output = match kind {
            Spawn::Blocking => match cx.typing.of(task) {
                Type::Fn(returns) => (**returns).clone(),
                _ => Type::Unknown,
            },
            _ => cx.typing.of(task).output(&cx.workspace().index).unwrap_or(Type::Unknown),
        };
        let (level, message, why) = match kind {
            Spawn::Cancels => (
                Level::Certain,
                "the task is dropped as soon as it is spawned",
                "dropping this handle cancels the task: it never gets further than its first wait",
            ),
            _ if output.canon().is_some_and(|canon| canon.last().ends_with("Result")) && !only_sends(cx, task) && !says_so(cx, task) => (
                Level::Likely,
                "the error of this task is lost",
                "the task returns a `Result` that nobody looks at, and its panics go unseen as well",
            ),
            _ => (
                Level::Pedantic,
                "nobody waits for this task",
                "a panic in it goes unseen, and nothing stops it or waits for it at the end",
            ),
        };
        let draft = Draft::new(level, cx.body.span(id), message)
            .why(why)
            .help("keep the handle (or a `JoinSet`) and await it, or handle the error inside the task");
        drafts.push(draft);
    }
}

enum Spawn {
    Detaches,
    Blocking,
    /// Dropping the handle cancels.
    Cancels,
}

fn spawn(cx: &Cx<'_>, id: ExprId) -> Option<Spawn> {
    let callee = cx.callee(id)?;
    if callee.is_any(&["tokio::spawn", "tokio::task::spawn", "tokio::task::spawn_local", "async_std::task::spawn"]) {
        Some(Spawn::Detaches)
    } else if callee.is_any(&["tokio::task::spawn_blocking"]) {
        Some(Spawn::Blocking)
    } else if callee.is_any(&["smol::spawn", "awaitkit::spawn", "smol::unblock"]) {
        Some(Spawn::Cancels)
    } else {
        None
    }
}

/// The only error is that nobody receives any more what the task sends at its end.
fn only_sends(cx: &Cx<'_>, task: ExprId) -> bool {
    let (Kind::Async { body, .. } | Kind::Closure { body, .. }) = *cx.body.kind(task) else { return false };
    let end = match cx.body.kind(body) {
        Kind::Block { stmts, .. } => match stmts.last().map(|stmt| &stmt.kind) {
            Some(StmtKind::Expr { expr, semicolon: false }) => *expr,
            _ => return false,
        },
        _ => body,
    };
    let sent = match cx.body.kind(end) {
        Kind::Await(inner) => *inner,
        _ => end,
    };
    let fails = cx.body.descendants(body).into_iter().any(|id| matches!(cx.body.kind(id), Kind::Try(_)));
    matches!(cx.body.kind(sent), Kind::Method { name, .. } if &**name == "send") && !fails
}

/// The task tells a log what went wrong.
fn says_so(cx: &Cx<'_>, task: ExprId) -> bool {
    let told = |id: ExprId| matches!(cx.body.kind(id), Kind::Macro { path, .. } if matches!(path.last(), "warn" | "error" | "warning" | "eprintln"));
    matches!(cx.body.kind(task), Kind::Async { .. } | Kind::Closure { .. }) && cx.body.descendants(task).into_iter().any(told)
}

/// The handle is a statement of its own, or bound to `_`.
fn is_dropped(body: &Body, id: ExprId) -> bool {
    let Some(Kind::Block { stmts, .. }) = body.parent(id).map(|up| body.kind(up)) else { return false };
    stmts.iter().any(|stmt| match &stmt.kind {
        StmtKind::Expr { expr, semicolon: true } => *expr == id,
        StmtKind::Let { pat, init: Some(init), .. } => *init == id && matches!(body.pat(*pat).kind, PatKind::Wild),
        _ => false,
    })
}
