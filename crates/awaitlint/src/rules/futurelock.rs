//! A future that `select!` stops polling while it may hold what an arm waits for.

use super::{Cx, Draft};
use crate::finding::Level;
use crate::flow::awaits;
use crate::ir::{ExprId, Kind, LocalId};

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    for id in cx.body.ids() {
        let Kind::Select { arms, .. } = cx.body.kind(id) else { continue };
        for arm in arms {
            let Some(parked) = borrowed(cx, arm.future) else { continue };
            for other in arms.iter().filter(|other| other.future != arm.future) {
                let waits = awaits(cx.body, other.handler);
                let Some(&wait) = waits.first() else { continue };
                let lock = waits.iter().find(|&&wait| is_lock(cx, wait));
                let level = if lock.is_some() { Level::Likely } else { Level::Pedantic };
                let name = &cx.body.local(parked).name;
                let draft =
                    Draft::new(level, cx.body.span(lock.copied().unwrap_or(wait)), format!("while this waits, `{name}` is not polled"))
                        .label(cx.body.span(arm.future), "kept for later, with whatever lock or place in a queue it has")
                        .why(format!("if `{name}` holds, or is next in line for, a lock that this await needs, both wait for ever"))
                        .help(format!("spawn `{name}` so that it goes on by itself, or do the waiting after the `select!`"));
                drafts.push(draft);
                return;
            }
        }
    }
}

/// `&mut future`, or `future.as_mut()`: the future outlives the `select!`.
fn borrowed(cx: &Cx<'_>, future: ExprId) -> Option<LocalId> {
    let inner = match cx.body.kind(future) {
        Kind::Ref { mutable: true, inner } => *inner,
        Kind::Method { receiver, name, .. } if &**name == "as_mut" => *receiver,
        _ => return None,
    };
    let Kind::Local(local) = cx.body.kind(inner) else { return None };
    // Handles of tasks go on by themselves, and timers hold nothing.
    let ty = cx.typing.local(*local).peel_refs();
    let name = &cx.body.local(*local).name;
    let harmless = ty.is_any(crate::types::JOIN_HANDLES)
        || ty.canon().is_some_and(|canon| matches!(canon.last(), "Sleep" | "Receiver" | "Interval"))
        || ["handle", "task", "sleep", "timeout", "timer", "deadline", "shutdown", "signal", "cancel", "rx", "receiver", "stop"]
            .iter()
            .any(|word| name.contains(word));
    (!harmless).then_some(*local)
}

fn is_lock(cx: &Cx<'_>, wait: ExprId) -> bool {
    let Kind::Await(base) = cx.body.kind(wait) else { return false };
    match cx.body.kind(*base) {
        Kind::Method { name, args, .. } => args.is_empty() && matches!(&**name, "lock" | "read" | "write") || name.contains("acquire"),
        _ => false,
    }
}
