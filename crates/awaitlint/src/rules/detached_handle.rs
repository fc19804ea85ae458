//! A spawned task whose result nobody sees.

use super::{Cx, Draft};
use crate::effects::strip_adapters;
use crate::finding::Level;
use crate::index::Id;
use crate::ir::{Body, ExprId, Kind, LocalId, PatKind, Stmt, StmtKind};
use crate::project::TargetKind;
use crate::types::Type;

/// How many calls deep the log is looked for into which a failure goes.
const DEEP: usize = 2;

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
            _ if is_fallible(&output) && cx.target() != TargetKind::Example && cx.lives() && loses_an_error(cx, task) => (
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
    let says = |error: &Type| match error {
        Type::Tuple(parts) => !parts.is_empty(),
        _ => !error.canon().is_some_and(|canon| matches!(canon.last(), "Aborted" | "Infallible" | "JoinError" | "SendError")),
    };
    output.adt().is_some_and(|adt| adt.canon.last().ends_with("Result") && adt.args.get(1).is_none_or(says))
}

/// Something that may fail ends the task, and nothing in it speaks of that.
fn loses_an_error(cx: &Cx<'_>, task: ExprId) -> bool {
    match *cx.body.kind(task) {
        Kind::Async { body, .. } | Kind::Closure { body, .. } => {
            let ended = end(cx.body, body).map(|end| strip_adapters(cx.body, end));
            let passed_on = ended.is_some_and(|end| lost_by(cx, end) == Some(true));
            (passed_on || gives_up(cx, body)) && !only_sends(cx, task) && !says_so(cx.body, body)
        }
        Kind::Call { .. } | Kind::Method { .. } => lost_by(cx, task) == Some(true),
        Kind::Local(local) => !told_where_made(cx, local),
        _ => true, // a connection, a driver: it is known by its type alone
    }
}

/// `let task = connect().map_err(|error| log::error!("{error}"))`
fn told_where_made(cx: &Cx<'_>, task: LocalId) -> bool {
    let made = |stmt: &Stmt| match &stmt.kind {
        StmtKind::Let { pat, init: Some(init), .. } => cx.body.bindings(*pat).contains(&task) && says_so(cx.body, *init),
        _ => false,
    };
    cx.body.ids().any(|id| matches!(cx.body.kind(id), Kind::Block { stmts, .. } if stmts.iter().any(made)))
}

/// Whether the function of the workspace that is called fails without telling a log; nothing if it is somebody else's.
fn lost_by(cx: &Cx<'_>, call: ExprId) -> Option<bool> {
    let bodies = cx.typing.bodies(call);
    let mut known = bodies.iter().filter_map(|&id| Some((id, cx.body_of(id)?))).peekable();
    known.peek()?;
    Some(known.all(|(id, body)| !tells(cx, id, DEEP) && may_fail(body)))
}

/// The function, or one that it calls within so many calls, tells a log what went wrong.
fn tells(cx: &Cx<'_>, id: Id, deep: usize) -> bool {
    let calls = || cx.session.summaries.get(id).into_iter().flat_map(|summary| &summary.calls);
    cx.body_of(id).is_some_and(|body| says_so(body, body.root)) || deep > 0 && calls().any(|call| tells(cx, call.to, deep - 1))
}

/// Its errors are others than that nobody receives what it sends.
fn may_fail(body: &Body) -> bool {
    let fails = |id: ExprId| match body.kind(id) {
        Kind::Try(inner) => !sends(body, *inner),
        Kind::Call { callee, .. } => {
            let told = body.ancestors(id).any(|up| matches!(body.kind(up), Kind::Method { .. }) && sends(body, up));
            !told && matches!(body.kind(*callee), Kind::Path(path) if path.last() == "Err")
        }
        _ => false,
    };
    let passed_on = |end: ExprId| matches!(body.kind(awaited(body, end)), Kind::Call { .. } | Kind::Method { .. }) && !sends(body, end);
    body.ids().any(fails) || end(body, body.root).is_some_and(passed_on)
}

/// There is a `?` on something else than the sending of a message, and on nothing that tells a log by itself.
fn gives_up(cx: &Cx<'_>, block: ExprId) -> bool {
    cx.body.descendants(block).into_iter().any(|id| match cx.body.kind(id) {
        Kind::Try(inner) => !sends(cx.body, *inner) && lost_by(cx, awaited(cx.body, *inner)) != Some(false),
        _ => false,
    })
}

/// The call under `.await` and adapters.
fn awaited(body: &Body, expr: ExprId) -> ExprId {
    let stripped = strip_adapters(body, expr);
    match body.kind(stripped) {
        Kind::Await(inner) => strip_adapters(body, *inner),
        _ => stripped,
    }
}

/// Sending fails only when nobody receives any more.
fn sends(body: &Body, tried: ExprId) -> bool {
    let name = match body.kind(awaited(body, tried)) {
        Kind::Method { name, .. } => &**name,
        Kind::Call { callee, .. } => match body.kind(*callee) {
            Kind::Path(path) => path.last(),
            _ => return false,
        },
        _ => return false,
    };
    matches!(name, "send" | "send_event" | "try_send" | "closed")
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
