//! A buffered stream that stands still while its consumer waits.

use super::{Cx, Draft};
use crate::effects::Reach;
use crate::finding::Level;
use crate::flow::awaits;
use crate::ir::{ExprId, Kind, LocalId, LoopKind, StmtKind};

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    for id in cx.body.ids() {
        let Kind::Loop { kind: LoopKind::While(cond), body: block, .. } = cx.body.kind(id) else { continue };
        let Some(stream) = stream_of(cx, *cond) else { continue };
        let Some(buffered) = buffered(cx, stream) else { continue };
        let others: Vec<ExprId> = awaits(cx.body, *block).into_iter().filter(|&wait| !is_next(cx, wait, stream)).collect();
        // A lock is mostly held for a moment only.
        let slow = others.iter().find(|&&wait| cx.reach(wait) != Reach::Nothing);
        let level = if slow.is_some() { Level::Likely } else { Level::Pedantic };
        let Some(&wait) = slow.or(others.first()) else { continue };
        let name = &cx.body.local(stream).name;
        let draft = Draft::new(level, cx.body.span(wait), format!("while this waits, nothing in `{name}` goes on"))
            .label(cx.body.span(buffered), "the futures in here run only while the stream is asked for its next item")
            .why("requests in flight are not polled meanwhile: they time out, lose their connection, or hold a lock that this await needs")
            .help("spawn the futures, do the work inside the stream (`.map(..).buffered(n)`), or use `for_each_concurrent`");
        drafts.push(draft);
    }
}

/// `while let Some(x) = stream.next().await`
fn stream_of(cx: &Cx<'_>, cond: ExprId) -> Option<LocalId> {
    let Kind::Let { scrutinee, .. } = cx.body.kind(cond) else { return None };
    let scrutinee = crate::effects::strip_adapters(cx.body, *scrutinee);
    let Kind::Await(base) = cx.body.kind(scrutinee) else { return None };
    let Kind::Method { receiver, name, .. } = cx.body.kind(*base) else { return None };
    if !matches!(&**name, "next" | "try_next") {
        return None;
    }
    match cx.body.kind(*receiver) {
        Kind::Local(local) => Some(*local),
        _ => None,
    }
}

/// The `.buffered(n)` in what the local is bound to, unless what it buffers are spawned tasks.
fn buffered(cx: &Cx<'_>, stream: LocalId) -> Option<ExprId> {
    for id in cx.body.ids() {
        let Kind::Block { stmts, .. } = cx.body.kind(id) else { continue };
        for stmt in stmts {
            let StmtKind::Let { pat, init: Some(init), .. } = &stmt.kind else { continue };
            if cx.body.bindings(*pat) != [stream] {
                continue;
            }
            let inner = cx.body.descendants(*init);
            let spawns = |id: &ExprId| cx.called(*id).contains("spawn");
            let spawned = inner.iter().any(spawns) || inner.iter().any(|&id| closure_behind(cx, id).iter().any(spawns));
            let found = inner.into_iter().find(|&id| matches!(cx.body.kind(id), Kind::Method { name, .. } if matches!(&**name, "buffered" | "buffer_unordered" | "try_buffered" | "try_buffer_unordered")));
            return found.filter(|_| !spawned);
        }
    }
    None
}

/// Everything in the closure that a local is bound to: `stream.map(fetch)`.
fn closure_behind(cx: &Cx<'_>, id: ExprId) -> Vec<ExprId> {
    let Kind::Local(local) = cx.body.kind(id) else { return Vec::new() };
    for block in cx.body.ids() {
        let Kind::Block { stmts, .. } = cx.body.kind(block) else { continue };
        for stmt in stmts {
            if let StmtKind::Let { pat, init: Some(init), .. } = &stmt.kind
                && matches!(cx.body.kind(*init), Kind::Closure { .. })
                && cx.body.bindings(*pat) == [*local]
            {
                return cx.body.descendants(*init);
            }
        }
    }
    Vec::new()
}

fn is_next(cx: &Cx<'_>, wait: ExprId, stream: LocalId) -> bool {
    let Kind::Await(base) = cx.body.kind(wait) else { return false };
    matches!(cx.body.kind(*base), Kind::Method { receiver, .. } if matches!(cx.body.kind(*receiver), Kind::Local(local) if *local == stream))
}
