//! A lock, a borrow or a span held while the task waits.

use super::{Cx, Draft};
use crate::finding::Level;
use crate::flow::{Guard, GuardKind, guard_kind, held_guards, says_held};
use crate::hash::HashSet;
use crate::ir::{Kind, StmtKind};
use crate::types::Type;

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    let waits = cx.body.ids().any(|id| matches!(cx.body.kind(id), Kind::Await(_) | Kind::Join { .. } | Kind::Select { .. }));
    if !waits {
        return;
    }
    let mut seen = HashSet::default();
    for held in held_guards(&cx.typing, cx.body, cx.edition()) {
        if !seen.insert(held.guard) {
            continue;
        }
        let (ty, span, name) = match held.guard {
            Guard::Named(local) => {
                let local_info = cx.body.local(local);
                (cx.typing.local(local).clone(), local_info.span, format!("`{}`", local_info.name))
            }
            Guard::Temporary(made) => (cx.typing.of(made).clone(), cx.body.span(made), "an unnamed guard".to_owned()),
        };
        if ty.canon().is_some_and(|canon| canon.last().contains("Permit")) {
            continue; // permits are there to be held
        }
        let kind = guard_kind(&ty).unwrap_or(GuardKind::Blocking);
        let (level, what, why) = describe(&ty, kind);
        let help = match (kind, held.guard) {
            (GuardKind::Async, _) => "copy what is needed out of the lock before waiting, or make the critical section shorter",
            (_, Guard::Temporary(_)) => "bind what is needed with `let` first: the guard then ends with that statement",
            (_, Guard::Named(_)) => "end the guard before waiting: put it in a block of its own or `drop` it",
        };
        let level = if is_meant(cx, &held.guard) { Level::Pedantic } else { level };
        let draft = Draft::new(level, span, format!("{name}, {what}, is held across an await"))
            .label(cx.body.span(held.at), "the task waits here and still holds it")
            .why(why)
            .help(help);
        drafts.push(draft);
    }
}

/// The author knows: clippy's lint is allowed on the function, a comment speaks of it, or the lock is only tried, so that nobody waits for it.
fn is_meant(cx: &Cx<'_>, guard: &Guard) -> bool {
    let span = match guard {
        Guard::Named(local) => cx.body.local(*local).span,
        Guard::Temporary(made) => cx.body.span(*made),
    };
    let tried = cx.body.ids().any(|id| match cx.body.kind(id) {
        Kind::Block { stmts, .. } => stmts.iter().any(|stmt| match &stmt.kind {
            StmtKind::Let { init: Some(init), .. } => {
                stmt.span.contains(span) && cx.body.descendants(*init).into_iter().any(|id| cx.called(id).starts_with("try_"))
            }
            _ => false,
        }),
        _ => false,
    });
    let head = &cx.text()[..cx.item.span.lo as usize];
    let attributes = head.rsplit(['}', ';']).next().unwrap_or_default();
    tried || attributes.contains("await_holding_") || says_held(cx.text(), span)
}

fn describe(ty: &Type, kind: GuardKind) -> (Level, &'static str, &'static str) {
    let Some(canon) = ty.canon().filter(|_| guard_kind(ty).is_some()) else {
        let why = "a task that wants the lock blocks its thread, and if this task needs that thread to go on, both wait forever";
        return (Level::Likely, "the guard of a blocking lock as it seems", why);
    };
    if kind == GuardKind::Async {
        let why = "every other task that wants the lock waits as long as this await takes";
        return (Level::Pedantic, "the guard of an async lock", why);
    }
    match (canon.krate(), canon.last()) {
        ("tracing", _) => (
            Level::Certain,
            "an entered span",
            "the span stays entered on this thread while other tasks run on it, so their events are filed under it",
        ),
        (_, "Ref" | "RefMut") if canon.krate() == "std" => {
            (Level::Certain, "a borrow of a `RefCell`", "whoever borrows it while this task waits panics")
        }
        ("dashmap", _) => (
            Level::Certain,
            "a reference into a sharded map",
            "it locks a shard of the map: a task that touches the shard blocks its thread until this task goes on, which may need that thread",
        ),
        _ => (
            Level::Certain,
            "the guard of a blocking lock",
            "a task that wants the lock blocks its thread, and if this task needs that thread to go on, both wait forever",
        ),
    }
}
