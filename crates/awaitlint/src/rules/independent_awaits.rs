//! Awaits one after the other that need nothing of each other.

use super::{Cx, Draft};
use crate::effects::{Effect, Reach, is_gate};
use crate::finding::Level;
use crate::fix;
use crate::flow::{Context, Group, Place, Site, context, group_of_operands, groups_of_block, says_why_first};
use crate::ir::Kind;
use crate::project::TargetKind;

/// Awaits that are pointed at one by one.
const MAX_LABELS: usize = 8;

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    for id in cx.body.ids() {
        match cx.body.kind(id) {
            Kind::Block { stmts, .. } => {
                for group in groups_of_block(cx, stmts) {
                    drafts.extend(report(cx, &group, false));
                }
            }
            Kind::Call { .. }
            | Kind::Method { .. }
            | Kind::Struct { .. }
            | Kind::Tuple(_)
            | Kind::Array(_)
            | Kind::Binary { .. }
            | Kind::Macro { .. } => {
                if let Some(group) = group_of_operands(cx, id) {
                    drafts.extend(report(cx, &group, true));
                }
            }
            _ => {}
        }
    }
}

fn report(cx: &Cx<'_>, group: &Group, operands: bool) -> Option<Draft> {
    if context(cx.function, cx.body, group.sites[0].wait) != Context::Async {
        return None;
    }
    let doubts = doubts(cx, group)?;
    let level = level(cx, doubts);
    let names: Vec<String> = group.sites.iter().map(|site| cx.quoted(site.work)).collect();
    let (last, first) = names.split_last()?;
    let where_ = if operands { "in one expression" } else { "one after the other" };
    let waits = group.sites.iter().skip(1).take(MAX_LABELS).map(|site| cx.body.span(site.wait));
    let mut draft = Draft::new(level, cx.body.span(group.sites[0].wait), format!("{} and {last} are awaited {where_}", first.join(", ")))
        .why(format!(
            "none of the {} needs a result of another: together they would take as long as the slowest, now they take the sum",
            names.len()
        ))
        .help(format!("await them together: {}", cx.kit().join_help(group.sites.iter().any(|site| site.uses.tries))));
    for span in waits {
        draft = draft.label(span, "starts only when the one before it is done");
    }
    Some(draft.fix(if operands { None } else { fix::join::of_group(cx, group, doubts == 0) }))
}

/// Nothing but a request says that they are waited for so often that it matters; a value that lives on is half of that evidence.
fn level(cx: &Cx<'_>, doubts: u8) -> Level {
    match doubts {
        0 if cx.is_asked() => Level::Certain,
        0 | 1 if cx.is_waited_for() => Level::Likely,
        _ => Level::Pedantic,
    }
}

/// Reasons to doubt that they would gain from running together: none for reads from what is known to lie outside the process, one for those
/// from what is named so, and for what is outside but may be more than a read. What writes, or may be answered from memory, is doubted twice.
/// Where something has an order or nothing waits there is no finding.
fn doubts(cx: &Cx<'_>, group: &Group) -> Option<u8> {
    let effects = || group.sites.iter().map(|site| site.effect);
    let reaches = || group.sites.iter().map(|site| cx.reach(site.wait));
    let (nearest, farthest) = (reaches().min()?, reaches().max()?);
    let mut doubts = match effects().max()? {
        Effect::Ordered => return None,
        _ if effects().any(|effect| effect == Effect::Idle) => return None,
        Effect::Idle | Effect::Read if nearest == Reach::Outside => 0,
        Effect::Idle | Effect::Read if nearest >= Reach::Named => 1,
        Effect::Unknown if nearest >= Reach::Files => 1,
        Effect::Idle | Effect::Read | Effect::Unknown | Effect::Write => 2,
    };
    // Files are mostly few, small and read once; a request is waited for.
    doubts += u8::from(farthest == Reach::Files && !cx.is_asked());
    // A statement whose result nobody looks at is there for its effect, or to stop what follows.
    if group.sites.iter().any(|site| !site.bound || is_ignored(cx, site)) {
        doubts += 2;
    }
    // `check_login(…).await?` is meant to stop what follows.
    let (last, before) = group.sites.split_last()?;
    if before.iter().any(|site| site.uses.tries && is_gate(cx.called(site.work))) {
        doubts += 2;
    }
    doubts += u8::from(one_connection(cx, last, before)) + u8::from(cx.target() == TargetKind::Example);
    doubts += group.sites.iter().map(|site| cx.doubts(site.wait)).max().unwrap_or(0) + cx.doubts_of_place();
    let whole = group.sites.iter().fold(last.span, |whole, site| whole.to(site.span));
    doubts += 2 * u8::from(says_why_first(cx.text(), whole) || cx.in_the_background(last.wait));
    if group.apart || group.sites.iter().any(|site| !site.uses.maybe_writes.is_empty()) {
        doubts = doubts.max(1);
    }
    Some(doubts)
}

/// What it gives gets a name that says that nobody looks at it: `let _created = …`.
fn is_ignored(cx: &Cx<'_>, site: &Site) -> bool {
    !site.uses.declares.is_empty() && site.uses.declares.iter().all(|&local| cx.body.local(local).name.starts_with('_'))
}

/// Two of them use a transaction or a single connection, which does one thing after the other anyway.
fn one_connection(cx: &Cx<'_>, last: &Site, before: &[Site]) -> bool {
    let single = |site: &Site| -> Vec<crate::ir::LocalId> {
        let names = |place: &&Place| {
            let name = &cx.body.local(place.local).name;
            let ty = cx.typing.local(place.local).peel_refs();
            name.split('_').any(|word| matches!(word, "tx" | "txn" | "trx" | "transaction" | "conn" | "connection"))
                || ty.canon().is_some_and(|canon| canon.last().contains("Transaction") || canon.last().ends_with("Connection"))
        };
        site.uses.reads.iter().filter(names).map(|place| place.local).collect()
    };
    let of_last = single(last);
    before.iter().any(|site| single(site).iter().any(|local| of_last.contains(local)))
}
