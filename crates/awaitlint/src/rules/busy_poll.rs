//! A loop that asks again and again instead of waiting.

use super::{Cx, Draft};
use crate::finding::Level;
use crate::flow::{Context, awaits, context};
use crate::ir::{ExprId, Kind, Lit, LoopKind};

/// A pause shorter than this, in milliseconds, is no pause for a machine that polls.
const SHORT: u128 = 20;

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    for id in cx.body.ids() {
        let Kind::Loop { kind, body: block, .. } = cx.body.kind(id) else { continue };
        if matches!(kind, LoopKind::For { .. }) || context(cx.function, cx.body, *block) != Context::Async {
            continue;
        }
        let mut waits = awaits(cx.body, *block);
        if let LoopKind::While(cond) = kind {
            waits.extend(awaits(cx.body, *cond));
        }
        let pauses: Vec<Option<Pause>> = waits.iter().map(|&wait| pause(cx, wait)).collect();
        if pauses.is_empty() || pauses.iter().any(Option::is_none) {
            continue; // it waits for something real
        }
        let Some((&wait, pause)) = waits.iter().zip(pauses.into_iter().flatten()).next() else { continue };
        // A loop that does something else besides works, and gives way to others.
        let inner = |id: ExprId| id != *block && matches!(cx.body.kind(id), Kind::Loop { .. });
        let busy = matches!(cx.body.kind(*block), Kind::Block { stmts, .. } if stmts.len() > 3)
            || cx.body.descendants(*block).into_iter().any(inner);
        if busy || !asks(cx, kind, *block) {
            continue;
        }
        let level = match pause {
            // Some hardware tells nobody when it is ready.
            Pause::Yield if cx.is_of_a_device() => Level::Pedantic,
            Pause::Yield => Level::Certain,
            Pause::Sleep => Level::Likely,
        };
        let draft = Draft::new(level, cx.body.span(wait), "the loop asks again and again instead of waiting")
            .label(cx.body.span(id).start(), "nothing in this loop waits for what it asks for")
            .why("it keeps a core busy (or wakes it hundreds of times a second) and still notices late")
            .help("wait for the event: `tokio::sync::Notify`, `watch`, a oneshot channel, or the async form of what is asked");
        drafts.push(draft);
    }
}

enum Pause {
    Yield,
    Sleep,
}

/// A wait that lets others run, or a short sleep of known length.
fn pause(cx: &Cx<'_>, wait: ExprId) -> Option<Pause> {
    let Kind::Await(base) = cx.body.kind(wait) else { return None };
    match cx.called(*base) {
        "yield_now" | "later" => Some(Pause::Yield),
        "sleep" => {
            let Kind::Call { args, .. } = cx.body.kind(*base) else { return None };
            (milliseconds(cx, *args.first()?)? < SHORT).then_some(Pause::Sleep)
        }
        _ => None,
    }
}

fn milliseconds(cx: &Cx<'_>, duration: ExprId) -> Option<u128> {
    let Kind::Call { args, .. } = cx.body.kind(duration) else { return None };
    let Kind::Lit(Lit::Int(n)) = cx.body.kind(*args.first()?) else { return None };
    match cx.called(duration) {
        "from_millis" => Some(*n),
        "from_micros" => Some(n / 1_000),
        "from_nanos" => Some(n / 1_000_000),
        _ => None,
    }
}

/// The loop ends when something that is asked each time says so.
fn asks(cx: &Cx<'_>, kind: &LoopKind, block: ExprId) -> bool {
    let is_question = |id: ExprId| match cx.body.kind(id) {
        Kind::Method { name, .. } => {
            matches!(
                &**name,
                "load"
                    | "compare_exchange"
                    | "try_recv"
                    | "try_lock"
                    | "is_empty"
                    | "is_finished"
                    | "is_closed"
                    | "try_next"
                    | "get"
                    | "is_some"
                    | "is_none"
                    | "len"
                    | "try_acquire"
            ) || name.starts_with("is_")
                || name.starts_with("has_")
        }
        _ => false,
    };
    match kind {
        LoopKind::While(cond) => {
            let takes = matches!(cx.body.kind(*cond), Kind::Let { .. });
            !takes && cx.body.descendants(*cond).into_iter().any(is_question)
        }
        _ => {
            let leaves = cx.body.descendants(block).into_iter().any(|id| matches!(cx.body.kind(id), Kind::Break { .. } | Kind::Return(_)));
            leaves && cx.body.descendants(block).into_iter().any(is_question)
        }
    }
}
