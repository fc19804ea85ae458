//! As many things at once as there happen to be.

use super::{Cx, Draft};
use crate::finding::Level;
use crate::flow::{Context, context, enclosing_loops};
use crate::ir::{ExprId, Kind, Lit, LoopKind};

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    for id in cx.body.ids() {
        let found = match cx.body.kind(id) {
            Kind::Call { args, .. } if matches!(cx.called(id), "join_all" | "try_join_all") => {
                args.first().filter(|&&arg| grows(cx, arg)).map(|_| "every item at once, however many there are")
            }
            Kind::Method { name, args, .. } if name.ends_with("for_each_concurrent") => args
                .first()
                .filter(|&&limit| is_none(cx, limit) && args.last().is_some_and(|&work| waits(cx, work)))
                .map(|_| "no limit: every item at once, however many there are"),
            Kind::Method { name, args, .. } if matches!(&**name, "buffered" | "buffer_unordered") => {
                args.first().filter(|&&limit| is_max(cx, limit)).map(|_| "a limit that is none: every item at once")
            }
            Kind::Call { .. } if is_spawn(cx, id) => spawned_in_loop(cx, id),
            _ => None,
        };
        let Some(message) = found else { continue };
        // Mostly the bound lies elsewhere: in what sends the items, or in what they wait for.
        let draft = Draft::new(Level::Pedantic, cx.body.span(id), message)
            .why("a thousand items are a thousand connections, requests or buffers at the same moment, and the other side, the sockets or the memory give out")
            .help(cx.kit().limit_help());
        drafts.push(draft);
    }
}

/// A closure that only logs or counts is done at once.
fn waits(cx: &Cx<'_>, work: ExprId) -> bool {
    let closure = matches!(cx.body.kind(work), Kind::Closure { .. });
    !closure
        || cx
            .body
            .descendants(work)
            .into_iter()
            .any(|id| matches!(cx.body.kind(id), Kind::Await(_) | Kind::Call { .. } | Kind::Method { .. }))
}

/// Made from a collection or stream whose size is not written here.
fn grows(cx: &Cx<'_>, arg: ExprId) -> bool {
    !matches!(cx.body.kind(arg), Kind::Array(_))
        && !cx
            .body
            .descendants(arg)
            .into_iter()
            .any(|id| matches!(cx.body.kind(id), Kind::Range(_, Some(to)) if matches!(cx.body.kind(*to), Kind::Lit(_))))
}

fn is_none(cx: &Cx<'_>, limit: ExprId) -> bool {
    match cx.body.kind(limit) {
        Kind::Path(path) => path.last() == "None",
        Kind::Lit(Lit::Int(n)) => *n == 0, // futures takes zero for "no limit" here
        _ => false,
    }
}

fn is_max(cx: &Cx<'_>, limit: ExprId) -> bool {
    matches!(cx.body.kind(limit), Kind::Path(path) if path.last() == "MAX")
}

fn is_spawn(cx: &Cx<'_>, id: ExprId) -> bool {
    cx.callee(id).is_some_and(|callee| {
        callee.is_any(&["tokio::spawn", "tokio::task::spawn", "tokio::task::spawn_blocking", "async_std::task::spawn", "smol::spawn"])
    })
}

/// A task per item of a collection, with nothing in the loop that makes it wait.
fn spawned_in_loop(cx: &Cx<'_>, id: ExprId) -> Option<&'static str> {
    let innermost = *enclosing_loops(cx.body, id).first()?;
    let Kind::Loop { kind: LoopKind::For { iter, .. }, body, .. } = cx.body.kind(innermost) else { return None };
    if !grows(cx, *iter) || context(cx.function, cx.body, id) != Context::Async {
        return None;
    }
    let held_back = cx.body.descendants(*body).into_iter().any(|inner| match cx.body.kind(inner) {
        Kind::Method { name, .. } => name.contains("acquire") || name.contains("permit"),
        Kind::Await(_) => cx
            .body
            .ancestors(inner)
            .take_while(|&up| up != *body)
            .all(|up| !matches!(cx.body.kind(up), Kind::Async { .. } | Kind::Closure { .. })),
        _ => false,
    });
    (!held_back).then_some("a task for every item, however many there are")
}
