//! An await in a `for` loop whose iterations do not depend on each other.

use super::{Cx, Draft};
use crate::effects::{Effect, Reach, is_gate, sql_changes, strip_adapters};
use crate::finding::Level;
use crate::fix;
use crate::flow::{Context, Place, Uses, awaits, context, place_of, says_on_purpose};
use crate::hash::HashSet;
use crate::ir::{Body, ExprId, Kind, Lit, LocalId, LoopKind, PatId, StmtKind};
use crate::names::Known;
use crate::project::TargetKind;
use crate::types::JOIN_HANDLES;

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    let mut reported: Vec<ExprId> = Vec::new();
    // Inner loops come first: of nested loops the innermost is reported.
    for id in cx.body.ids() {
        let Kind::Loop { kind: LoopKind::For { pat, .. }, body: block, .. } = cx.body.kind(id) else { continue };
        let nested = reported.iter().any(|&inner| cx.body.ancestors(inner).any(|up| up == id));
        if !nested && let Some(draft) = check_loop(cx, id, *pat, *block) {
            reported.push(id);
            drafts.push(draft);
        }
    }
}

/// Whether the iterations of a `for` loop need nothing of each other and change nothing, as far as this rule can tell.
pub(crate) fn runs_at_once(cx: &Cx<'_>, id: ExprId) -> bool {
    match cx.body.kind(id) {
        Kind::Loop { kind: LoopKind::For { pat, .. }, body, .. } => {
            let looks = |wait: ExprId| cx.effect(wait) <= Effect::Unknown && !is_unused(cx.body, wait);
            check_loop(cx, id, *pat, *body).is_some() && awaits(cx.body, *body).into_iter().all(looks) && !shows_order(cx, *body)
        }
        _ => false,
    }
}

fn check_loop(cx: &Cx<'_>, id: ExprId, pat: PatId, block: ExprId) -> Option<Draft> {
    let body = cx.body;
    let waits = awaits(body, block);
    if waits.is_empty() || context(cx.function, body, block) != Context::Async || leaves_early(body, id, block) {
        return None;
    }
    let items: HashSet<LocalId> = body.bindings(pat).into_iter().collect();
    let fed = fed_by(cx, block, items);
    if drains(cx, &waits, &fed) || !waits.iter().any(|&wait| depends(cx, wait, &fed)) {
        return None;
    }
    let uses = cx.uses(block);
    let own: HashSet<LocalId> = body.bindings(pat).into_iter().collect();
    let outer: Vec<&Place> = uses.writes.iter().filter(|place| !own.contains(&place.local)).collect();
    if !outer.iter().all(|place| only_collects(body, block, place)) {
        return None;
    }
    let effects: Vec<Effect> = waits.iter().map(|&wait| cx.effect(wait)).collect();
    let doubts = doubts(cx, id, &waits, &effects, &uses, &own)?;
    let reads = effects.iter().all(|&effect| effect <= Effect::Read);
    let slowest = waits.iter().zip(&effects).max_by_key(|(_, effect)| **effect != Effect::Idle).map(|(&wait, _)| wait)?;
    let work = match body.kind(slowest) {
        Kind::Await(base) => strip_adapters(body, *base),
        _ => slowest,
    };
    let name = cx.quoted(work);
    let collected = if outer.is_empty() { "" } else { ", and what they make is only collected" };
    let draft =
        Draft::new(level(cx, doubts, reads), body.span(slowest), format!("{name} is awaited once per iteration, one after the other"))
            .label(loop_head(cx, id, block), "each iteration waits for the one before it")
            .why(format!("no iteration needs what another one made{collected}: n items take n times as long as one"))
            .help(cx.kit().map_help())
            .fix(fix::map::of_loop(cx, id, reads && doubts == 0));
    Some(draft)
}

/// Nothing but a request says that the loop is waited for so often that it matters. A value that lives on is half of that evidence: there what
/// is awaited must lie outside the machine without a doubt.
fn level(cx: &Cx<'_>, doubts: u8, reads: bool) -> Level {
    match doubts {
        0 if reads && cx.is_asked() => Level::Certain,
        0 if cx.is_waited_for() => Level::Likely,
        1 if reads && cx.is_asked() && cx.is_waited_for() => Level::Likely,
        _ => Level::Pedantic,
    }
}

/// Reasons to doubt that the iterations would gain from running together, if there is anything to report: none where everything is known to lie
/// outside the machine, one for reads of files and of what is named so. What writes, or may be answered from memory, is doubted twice, and what
/// has an order is left alone.
fn doubts(cx: &Cx<'_>, id: ExprId, waits: &[ExprId], effects: &[Effect], uses: &Uses, own: &HashSet<LocalId>) -> Option<u8> {
    let Kind::Loop { kind: LoopKind::For { iter, .. }, body: block, .. } = *cx.body.kind(id) else { return None };
    let waiting = || waits.iter().zip(effects).filter(|(_, effect)| **effect != Effect::Idle).map(|(&wait, _)| wait);
    let (nearest, farthest) = (waiting().map(|wait| cx.reach(wait)).min()?, waiting().map(|wait| cx.reach(wait)).max()?);
    let mut doubts = match effects.iter().max()? {
        Effect::Idle | Effect::Ordered => return None,
        Effect::Read | Effect::Unknown if nearest == Reach::Outside => 0,
        Effect::Read if waiting().any(|wait| cx.is_seen_outside(wait)) => 1,
        Effect::Read | Effect::Unknown | Effect::Write => 2,
    };
    let unsure = uses.maybe_writes.iter().any(|place| !own.contains(&place.local));
    let counted = matches!(cx.body.kind(iter), Kind::Range(..));
    if unsure || counted {
        doubts = doubts.max(1);
    }
    // Files are mostly few, small and read once; a request is waited for.
    doubts += u8::from(farthest == Reach::Files && !cx.is_asked());
    // What nobody uses was awaited for its effect.
    let unused = waits.iter().any(|&wait| is_unused(cx.body, wait));
    doubts += 2 * u8::from(unused) + u8::from(shows_order(cx, block)) + u8::from(cx.after_a_failure(id));
    doubts += waiting().map(|wait| cx.doubts(wait)).max().unwrap_or(0) + cx.doubts_of_place();
    doubts += u8::from(cx.target() == TargetKind::Example) + u8::from(is_bundled(cx, id)) + u8::from(decides(cx, waits, block));
    doubts += 2 * u8::from(says_on_purpose(cx.text(), cx.body.span(id)) || lists_statements(cx, iter) || cx.in_the_background(id));
    Some(doubts)
}

/// `for statement in ["DROP TABLE a", "CREATE TABLE a …"]`: a script, in its order.
fn lists_statements(cx: &Cx<'_>, iter: ExprId) -> bool {
    cx.body.descendants(iter).into_iter().any(|id| match cx.body.kind(id) {
        Kind::Lit(Lit::Str(text)) => text.split_whitespace().nth(2).is_some() && sql_changes(text),
        _ => false,
    })
}

/// The loop stands in one of several futures that run together already: `stream.map(|batch| async { for … }).buffered(n)`.
fn is_bundled(cx: &Cx<'_>, id: ExprId) -> bool {
    let mut inside = false;
    for up in cx.body.ancestors(id) {
        match cx.body.kind(up) {
            Kind::Async { .. } | Kind::Closure { .. } => inside = true,
            Kind::Method { name, .. }
                if inside && matches!(&**name, "buffered" | "buffer_unordered" | "try_buffered" | "try_buffer_unordered") =>
            {
                return true;
            }
            Kind::Method { name, .. } if inside && name.ends_with("for_each_concurrent") => return true,
            Kind::Call { .. } if inside && matches!(cx.called(up), "join_all" | "try_join_all") => return true,
            Kind::Block { .. } | Kind::Loop { .. } if !inside => {}
            _ => {}
        }
    }
    false
}

/// `check(item).await` and a `return Err(…)`, or `if !holds(item).await { return Err(…) }`: the first that fails is meant to decide.
fn decides(cx: &Cx<'_>, waits: &[ExprId], block: ExprId) -> bool {
    let gate = |wait: ExprId| matches!(cx.body.kind(wait), Kind::Await(base) if is_gate(cx.called(strip_adapters(cx.body, *base))));
    let refuses = |id: ExprId| matches!(cx.body.kind(id), Kind::Return(Some(value)) if is_error(cx.body, *value));
    let inside = cx.body.descendants(block);
    let asked = |id: ExprId| match cx.body.kind(id) {
        Kind::If { cond, then, .. } if !matches!(cx.body.kind(*cond), Kind::Let { .. }) => {
            cx.body.descendants(*cond).iter().any(|id| waits.contains(id)) && cx.body.descendants(*then).into_iter().any(refuses)
        }
        _ => false,
    };
    waits.iter().any(|&wait| gate(wait)) && inside.iter().any(|&id| refuses(id)) || inside.iter().any(|&id| asked(id))
}

/// The result of an await is a statement, or goes to `_`.
fn is_unused(body: &Body, wait: ExprId) -> bool {
    let mut at = wait;
    while let Some(up) = body.parent(at) {
        match body.kind(up) {
            Kind::Try(_) => at = up,
            Kind::Method { receiver, .. } if strip_adapters(body, up) != up && *receiver == at => at = up,
            Kind::Block { stmts, .. } => {
                return stmts.iter().any(|stmt| match &stmt.kind {
                    StmtKind::Expr { expr, semicolon } => *expr == at && *semicolon,
                    StmtKind::Let { pat, init, .. } => *init == Some(at) && body.bindings(*pat).is_empty(),
                });
            }
            _ => return false,
        }
    }
    false
}

/// `break`, `return` of anything but an error, or a way out to an outer loop: the loop looks for something or gives up.
fn leaves_early(body: &Body, id: ExprId, block: ExprId) -> bool {
    body.descendants(block).into_iter().any(|inner| match body.kind(inner) {
        Kind::Break { label, .. } => label.is_some() || nearest_loop(body, inner) == Some(id),
        Kind::Continue { label: Some(_) } => nearest_loop(body, inner) != Some(id),
        Kind::Return(value) => !in_nested(body, inner, block) && !value.is_some_and(|value| is_error(body, value)),
        _ => false,
    })
}

fn nearest_loop(body: &Body, inner: ExprId) -> Option<ExprId> {
    body.ancestors(inner).find(|&up| matches!(body.kind(up), Kind::Loop { .. } | Kind::Closure { .. } | Kind::Async { .. }))
}

fn in_nested(body: &Body, inner: ExprId, block: ExprId) -> bool {
    body.ancestors(inner).take_while(|&up| up != block).any(|up| matches!(body.kind(up), Kind::Closure { .. } | Kind::Async { .. }))
}

fn is_error(body: &Body, value: ExprId) -> bool {
    matches!(body.kind(value), Kind::Call { callee, .. } if matches!(body.kind(*callee), Kind::Path(path) if path.last() == "Err"))
}

/// The loop's variable and the locals of the block that are made from it.
fn fed_by(cx: &Cx<'_>, block: ExprId, mut fed: HashSet<LocalId>) -> HashSet<LocalId> {
    for id in cx.body.descendants(block) {
        match cx.body.kind(id) {
            Kind::Block { stmts, .. } => {
                for stmt in stmts {
                    if let StmtKind::Let { pat, init: Some(init), .. } = &stmt.kind
                        && depends(cx, *init, &fed)
                    {
                        fed.extend(cx.body.bindings(*pat));
                    }
                }
            }
            Kind::Let { pat, scrutinee } if depends(cx, *scrutinee, &fed) => fed.extend(cx.body.bindings(*pat)),
            Kind::Match { scrutinee, arms } if depends(cx, *scrutinee, &fed) => {
                arms.iter().for_each(|arm| fed.extend(cx.body.bindings(arm.pat)));
            }
            Kind::Loop { kind: LoopKind::For { pat, iter }, .. } if depends(cx, *iter, &fed) => fed.extend(cx.body.bindings(*pat)),
            _ => {}
        }
    }
    fed
}

fn depends(cx: &Cx<'_>, expr: ExprId, on: &HashSet<LocalId>) -> bool {
    cx.body.descendants(expr).into_iter().any(|id| match cx.body.kind(id) {
        Kind::Local(local) => on.contains(local),
        Kind::Macro { captured, .. } => captured.iter().any(|local| on.contains(local)),
        _ => false,
    })
}

/// `for handle in handles { handle.await }`: the tasks run already, or another rule speaks of the futures.
fn drains(cx: &Cx<'_>, waits: &[ExprId], items: &HashSet<LocalId>) -> bool {
    waits.iter().any(|&wait| {
        let Kind::Await(base) = cx.body.kind(wait) else { return false };
        let work = strip_adapters(cx.body, *base);
        let local = place_of(cx.body, work).map(|place| place.local);
        let handle = cx.typing.of(work).peel_refs().is_any(JOIN_HANDLES);
        handle || local.is_some_and(|local| items.contains(&local))
    })
}

/// The place is only added to: what an iteration does to it does not matter to another one.
fn only_collects(body: &Body, block: ExprId, place: &Place) -> bool {
    body.descendants(block).into_iter().filter(|&id| touches(body, id, place)).all(|mut id| {
        while let Some(up) = body.parent(id).filter(|&up| matches!(body.kind(up), Kind::Deref(_))) {
            id = up;
        }
        match body.parent(id).map(|up| body.kind(up)) {
            Some(Kind::Method { receiver, name, .. }) => *receiver == id && Known::Collector.has(name),
            Some(Kind::Assign { compound: true, lhs, .. }) => *lhs == id,
            _ => false,
        }
    })
}

/// The whole of an expression that names the place, a part of it, or something it is part of.
fn touches(body: &Body, id: ExprId, place: &Place) -> bool {
    let names = matches!(body.kind(id), Kind::Local(_) | Kind::Field(..));
    let part = matches!(body.parent(id).map(|up| body.kind(up)), Some(Kind::Field(..)));
    names && !part && place_of(body, id).is_some_and(|touched| touched.overlaps(place))
}

/// Something in the block shows its order to the outside: printing, sending, writing to what others see.
fn shows_order(cx: &Cx<'_>, block: ExprId) -> bool {
    cx.body.descendants(block).into_iter().any(|id| match cx.body.kind(id) {
        Kind::Macro { path, .. } => matches!(path.last(), "println" | "print" | "eprintln" | "eprint" | "write" | "writeln"),
        Kind::Method { name, .. } => {
            let awaited = cx.body.ancestors(id).take(3).any(|up| matches!(cx.body.kind(up), Kind::Await(_)));
            !awaited && matches!(&**name, "send" | "try_send" | "write_all" | "println" | "set_message" | "set_position")
        }
        _ => false,
    })
}

/// From `for` to the brace of the body.
fn loop_head(cx: &Cx<'_>, id: ExprId, block: ExprId) -> crate::source::Span {
    let (whole, block) = (cx.body.span(id), cx.body.span(block));
    let head = crate::source::Span { lo: whole.lo, hi: block.lo };
    let trimmed = cx.source(head).trim_end().len() as u32;
    crate::source::Span { lo: whole.lo, hi: whole.lo + trimmed }
}
