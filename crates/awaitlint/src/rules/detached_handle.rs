//! A spawned task whose result nobody sees.

use super::{Cx, Draft};
use crate::effects::strip_adapters;
use crate::finding::Level;
use crate::ir::{Body, ExprId, Kind, PatKind, StmtKind};
use crate::project::TargetKind;
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
            _ if is_fallible(&output) && cx.target() != TargetKind::Example && loses_an_error(cx, task) => (
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

/// A `Result` with an error that says more than that nobody listens.
fn is_fallible(output: &Type) -> bool {
    let told =
        |error: &Type| !error.canon().is_some_and(|canon| matches!(canon.last(), "Aborted" | "Infallible" | "JoinError" | "SendError"));
    output.adt().is_some_and(|adt| adt.canon.last().ends_with("Result") && adt.args.get(1).is_none_or(told))
}

/// Something that may fail ends the task, and nothing in it speaks of that.
fn loses_an_error(cx: &Cx<'_>, task: ExprId) -> bool {
    match *cx.body.kind(task) {
        Kind::Async { body, .. } | Kind::Closure { body, .. } => {
            let ended = end(cx.body, body).map(|end| strip_adapters(cx.body, end));
            let passed_on = ended.is_some_and(|end| is_told_of(cx, end) == Some(false));
            (passed_on || gives_up(cx.body, body)) && !only_sends(cx, task) && !says_so(cx.body, body)
        }
        Kind::Call { .. } | Kind::Method { .. } => is_told_of(cx, task) == Some(false),
        _ => true, // a connection, a driver: it is known by its type alone
    }
}

/// Whether the function of the workspace that is called tells a log what went wrong; nothing if it is somebody else's.
fn is_told_of(cx: &Cx<'_>, call: ExprId) -> Option<bool> {
    let bodies = cx.typing.bodies(call);
    let mut bodies = bodies.iter().filter_map(|&id| cx.body_of(id)).peekable();
    bodies.peek()?;
    Some(bodies.any(|body| says_so(body, body.root)))
}

/// There is a `?` on something else than the sending of a message.
fn gives_up(body: &Body, block: ExprId) -> bool {
    body.descendants(block).into_iter().any(|id| match body.kind(id) {
        Kind::Try(inner) => {
            let tried = match body.kind(strip_adapters(body, *inner)) {
                Kind::Await(inner) => strip_adapters(body, *inner),
                _ => *inner,
            };
            !matches!(body.kind(tried), Kind::Method { name, .. } if matches!(&**name, "send" | "try_send" | "closed"))
        }
        _ => false,
    })
}

/// What a block ends with, without `.await`.
fn end(body: &Body, block: ExprId) -> Option<ExprId> {
    let end = match body.kind(block) {
        Kind::Block { stmts, .. } => match stmts.last().map(|stmt| &stmt.kind) {
            Some(StmtKind::Expr { expr, semicolon: false }) => *expr,
            _ => return None,
        },
        _ => block,
    };
    Some(match body.kind(end) {
        Kind::Await(inner) => *inner,
        _ => end,
    })
}

/// The only error is that nobody receives any more what the task sends at its end.
fn only_sends(cx: &Cx<'_>, task: ExprId) -> bool {
    let (Kind::Async { body, .. } | Kind::Closure { body, .. }) = *cx.body.kind(task) else { return false };
    let Some(sent) = end(cx.body, body) else { return false };
    let fails = cx.body.descendants(body).into_iter().any(|id| matches!(cx.body.kind(id), Kind::Try(_)));
    matches!(cx.body.kind(sent), Kind::Method { name, .. } if &**name == "send") && !fails
}

/// The task tells a log what went wrong.
fn says_so(body: &Body, task: ExprId) -> bool {
    let told =
        |id: ExprId| matches!(body.kind(id), Kind::Macro { path, .. } if matches!(path.last(), "warn" | "error" | "warning" | "eprintln"));
    body.descendants(task).into_iter().any(told)
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
