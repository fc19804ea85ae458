//! Look, wait, store: two tasks do the same work.

use super::{Cx, Draft};
use crate::effects::{Effect, Reach, is_startup};
use crate::finding::Level;
use crate::flow::{Place, accepts_twice, held_guards, place_of, root_of};
use crate::ir::{ExprId, Kind, PatKind, Receiver, StmtKind};
use crate::names::Known;
use crate::types::Type;

/// A look into, or a store to, something that may be a cache.
struct Access {
    at: ExprId,
    /// The text of the place: `self.cache`, `CACHE`.
    place: String,
    key: Option<String>,
}

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    let waits: Vec<ExprId> = cx.body.ids().filter(|&id| matches!(cx.body.kind(id), Kind::Await(_))).collect();
    if waits.is_empty() {
        return;
    }
    let stores: Vec<Access> = cx.body.ids().filter_map(|id| store(cx, id)).collect();
    if stores.is_empty() {
        return;
    }
    let looks: Vec<Access> = cx.body.ids().filter_map(|id| look(cx, id)).collect();
    let held = held_guards(&cx.typing, cx.body, cx.edition());
    for store in &stores {
        let fits = |look: &&Access| {
            look.place == store.place
                && look.at < store.at
                && (look.key.is_none() || store.key.is_none() || look.key == store.key)
                && same_task(cx, look.at, store.at)
        };
        let Some(look) = looks.iter().find(fits) else { continue };
        // A second look after waiting is the cure for storing twice, not for working twice; a guard held all along is single flight.
        let between = |wait: &&ExprId| {
            look.at < **wait
                && **wait < store.at
                && same_task(cx, **wait, store.at)
                && !is_lock(cx, **wait)
                && !leaves(cx, **wait, store.at)
                && !touches(cx, **wait, &store.place)
                && !held.iter().any(|held| held.at == **wait)
                && !guarded(cx, store.at, **wait)
                && made_by(cx, store.at, **wait)
        };
        let Some(&wait) = waits.iter().find(between) else { continue };
        let whole = cx.body.span(look.at).to(cx.body.span(store.at));
        let settled = ["in_flight", "inflight", "generation"].iter().any(|word| cx.source(cx.item.span).contains(word));
        let replaced = cx.body.ids().any(|id| look.at < id && id < store.at && removes(cx, id, &store.place));
        let accepted = replaced
            || settled
            || is_startup(&cx.item.name)
            || accepts_twice(cx.text(), whole)
            || store.place.contains("pool")
            || used_by_one_task(cx);
        let same = look.key.is_some() && look.key == store.key || store.key.is_none();
        // A single value may be a state as well as a cache: only what is fetched is worth fetching once.
        let fetched = cx.reach(wait) >= Reach::Named && cx.effect(wait) <= Effect::Unknown || cx.effect(wait) <= Effect::Read;
        let level = if same && (store.key.is_some() || fetched) && !accepted && cx.farthest() >= Some(Reach::Named) {
            Level::Likely
        } else {
            Level::Pedantic
        };
        let draft =
            Draft::new(level, cx.body.span(wait), format!("two tasks that miss in `{}` at the same time both do this", store.place))
                .label(cx.body.span(look.at), "looked up here")
                .label(cx.body.span(store.at), "stored here, after waiting")
                .why("between the look and the store the task waits, and others look, miss and start the same work")
                .help(cx.kit().memo_help());
        drafts.push(draft);
        return;
    }
}

/// What is there is taken away first: it is replaced each time, not looked up.
fn removes(cx: &Cx<'_>, id: ExprId, place: &str) -> bool {
    match cx.body.kind(id) {
        Kind::Method { receiver, name, .. } => &**name == "remove" && shared(cx, *receiver).as_deref() == Some(place),
        _ => false,
    }
}

/// The await stands in a branch that ends with `return`, so that nothing is stored after it.
fn leaves(cx: &Cx<'_>, wait: ExprId, store: ExprId) -> bool {
    let around = |up: &ExprId| !cx.body.ancestors(store).any(|of_store| of_store == *up);
    cx.body.ancestors(wait).take_while(around).any(|up| match cx.body.kind(up) {
        Kind::Block { stmts, .. } => matches!(
            stmts.last().map(|stmt| &stmt.kind),
            Some(StmtKind::Expr { expr, .. }) if matches!(cx.body.kind(*expr), Kind::Return(_))
        ),
        _ => false,
    })
}

/// The cache belongs to a transaction or the like, of which every task has its own.
fn used_by_one_task(cx: &Cx<'_>) -> bool {
    let own = ["Transaction", "Query", "Request", "Expr"];
    cx.typing.self_name().is_some_and(|name| own.iter().any(|part| name.contains(part)))
}

fn look(cx: &Cx<'_>, id: ExprId) -> Option<Access> {
    let Kind::Method { receiver, name, args, .. } = cx.body.kind(id) else {
        // `if let Some(value) = &self.value`, `*self.value.lock()`
        let Kind::Let { pat, scrutinee } = cx.body.kind(id) else { return None };
        let PatKind::TupleStruct(path, _) = &cx.body.pat(*pat).kind else { return None };
        let place = shared(cx, *scrutinee).filter(|_| path.last() == "Some")?;
        return Some(Access { at: id, place, key: None });
    };
    if !Known::Look.has(name) {
        return None;
    }
    Some(Access { at: id, place: shared(cx, *receiver)?, key: args.first().map(|&key| bare(cx, key)) })
}

fn store(cx: &Cx<'_>, id: ExprId) -> Option<Access> {
    match cx.body.kind(id) {
        Kind::Method { receiver, name, args, .. } if Known::Store.has(name) && !args.is_empty() => {
            let key = (args.len() > 1).then(|| bare(cx, args[0]));
            Some(Access { at: id, place: shared(cx, *receiver)?, key })
        }
        // `*self.value.lock().await = Some(value)`
        Kind::Assign { compound: false, lhs, rhs } => {
            let some = matches!(cx.body.kind(*rhs), Kind::Call { callee, .. } if matches!(cx.body.kind(*callee), Kind::Path(path) if path.last() == "Some"));
            Some(Access { at: id, place: shared(cx, *lhs).filter(|_| some)?, key: None })
        }
        _ => None,
    }
}

/// The place behind locks and guards, if other tasks can reach it too.
fn shared(cx: &Cx<'_>, expr: ExprId) -> Option<String> {
    let mut at = expr;
    let mut locked = false;
    loop {
        at = match cx.body.kind(at) {
            Kind::Method { receiver, name, .. } => {
                let opens = matches!(
                    &**name,
                    "lock" | "read" | "write" | "unwrap" | "expect" | "borrow" | "borrow_mut" | "as_ref" | "load" | "as_mut" | "as_deref"
                );
                if !opens {
                    return None;
                }
                locked |= matches!(&**name, "lock" | "read" | "write" | "borrow" | "borrow_mut" | "load");
                *receiver
            }
            Kind::Await(base) | Kind::Try(base) | Kind::Deref(base) | Kind::Ref { inner: base, .. } => *base,
            _ => break,
        };
    }
    if let Kind::Path(path) = cx.body.kind(at) {
        let constant = path.last().chars().all(|c| !c.is_lowercase());
        return (constant && !path.last().is_empty()).then(|| path.last().to_owned());
    }
    let place = place_of(cx.body, at)?;
    if let Some(behind) = guard_of(cx, &place) {
        return Some(behind);
    }
    let local = cx.body.local(place.local);
    let ty = cx.typing.local(place.local);
    let exclusive = matches!(ty, Type::Ref { mutable: true, .. })
        || local.mutable
        || &*local.name == "self" && cx.function.signature.receiver != Receiver::Ref;
    let field = !place.fields.is_empty() || locked;
    (!exclusive && !is_lent(cx, &place) && field).then(|| cx.source(cx.body.span(at)).split_whitespace().collect())
}

/// The local is a part of something borrowed mutably: `let entry = self.map.entry(key).or_default()`.
fn is_lent(cx: &Cx<'_>, place: &Place) -> bool {
    cx.body.ids().any(|id| match cx.body.kind(id) {
        Kind::Block { stmts, .. } => stmts.iter().any(|stmt| match &stmt.kind {
            StmtKind::Let { pat, init: Some(init), .. } => {
                let lends = |id: ExprId| matches!(cx.called(id), "entry" | "get_mut" | "iter_mut" | "values_mut" | "or_default");
                cx.body.bindings(*pat) == [place.local] && cx.body.descendants(*init).into_iter().any(lends)
            }
            _ => false,
        }),
        _ => false,
    })
}

/// What a guard bound to a local guards: `let mut cache = self.cache.lock().await`.
fn guard_of(cx: &Cx<'_>, place: &Place) -> Option<String> {
    for id in cx.body.ids() {
        let Kind::Block { stmts, .. } = cx.body.kind(id) else { continue };
        for stmt in stmts {
            let StmtKind::Let { pat, init: Some(init), .. } = &stmt.kind else { continue };
            let opened = |id: ExprId| matches!(cx.body.kind(id), Kind::Method { name, args, .. } if args.is_empty() && matches!(&**name, "lock" | "read" | "write"));
            if cx.body.bindings(*pat) == [place.local] && cx.body.descendants(*init).into_iter().any(opened) {
                return shared(cx, *init);
            }
        }
    }
    None
}

/// A key without what is done to hand it over.
fn bare(cx: &Cx<'_>, key: ExprId) -> String {
    match cx.body.kind(key) {
        Kind::Ref { inner, .. } | Kind::Deref(inner) => bare(cx, *inner),
        Kind::Method { receiver, name, args, .. }
            if args.is_empty() && matches!(&**name, "clone" | "to_string" | "to_owned" | "as_str" | "into" | "as_ref") =>
        {
            bare(cx, *receiver)
        }
        _ => cx.source(cx.body.span(key)).split_whitespace().collect(),
    }
}

fn is_lock(cx: &Cx<'_>, wait: ExprId) -> bool {
    let Kind::Await(base) = cx.body.kind(wait) else { return false };
    matches!(cx.body.kind(*base), Kind::Method { name, args, .. } if args.is_empty() && matches!(&**name, "lock" | "read" | "write"))
}

/// The await is of the cache itself (`cache.get(&key).await`).
fn touches(cx: &Cx<'_>, wait: ExprId, place: &str) -> bool {
    let Kind::Await(base) = cx.body.kind(wait) else { return false };
    match cx.body.kind(*base) {
        Kind::Method { receiver, name, .. } => {
            (Known::Look.has(name) || Known::Store.has(name)) && shared(cx, *receiver).as_deref() == Some(place)
                || root_of(cx.body, *receiver).is_none() && cx.source(cx.body.span(*receiver)).starts_with(place)
        }
        _ => false,
    }
}

/// What is stored comes from what was waited for.
fn made_by(cx: &Cx<'_>, store: ExprId, wait: ExprId) -> bool {
    let mut made: Vec<crate::ir::LocalId> = Vec::new();
    let comes_from = |made: &[crate::ir::LocalId], expr: ExprId| {
        cx.body.descendants(expr).into_iter().any(|id| id == wait || matches!(cx.body.kind(id), Kind::Local(local) if made.contains(local)))
    };
    for id in cx.body.ids() {
        match cx.body.kind(id) {
            Kind::Block { stmts, .. } => {
                for stmt in stmts {
                    if let StmtKind::Let { pat, init: Some(init), .. } = &stmt.kind
                        && comes_from(&made, *init)
                    {
                        made.extend(cx.body.bindings(*pat));
                    }
                }
            }
            Kind::Match { scrutinee, arms } if comes_from(&made, *scrutinee) => {
                arms.iter().for_each(|arm| made.extend(cx.body.bindings(arm.pat)))
            }
            Kind::Let { pat, scrutinee } if comes_from(&made, *scrutinee) => made.extend(cx.body.bindings(*pat)),
            _ => {}
        }
    }
    comes_from(&made, store)
}

fn same_task(cx: &Cx<'_>, a: ExprId, b: ExprId) -> bool {
    let task = |id: ExprId| cx.body.ancestors(id).find(|&up| matches!(cx.body.kind(up), Kind::Async { .. } | Kind::Closure { .. }));
    task(a) == task(b)
}

/// What is stored to is a guard that was taken before the wait: the lock is held all along.
fn guarded(cx: &Cx<'_>, store: ExprId, wait: ExprId) -> bool {
    let target = match cx.body.kind(store) {
        Kind::Method { receiver, .. } => *receiver,
        Kind::Assign { lhs, .. } => *lhs,
        _ => return false,
    };
    let Some(place) = root_of(cx.body, target) else { return false };
    let taken = |id: ExprId| match cx.body.kind(id) {
        Kind::Block { stmts, .. } => stmts.iter().any(|stmt| match &stmt.kind {
            StmtKind::Let { pat, init: Some(init), .. } => *init < wait && cx.body.bindings(*pat) == [place.local],
            _ => false,
        }),
        _ => false,
    };
    guard_of(cx, &place).is_some() && cx.body.ids().any(taken)
}
