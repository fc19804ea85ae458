//! Awaits one after the other that need nothing of each other.

use super::{Cx, Draft};
use crate::effects::Effect;
use crate::finding::Level;
use crate::fix;
use crate::flow::{Context, Group, context, group_of_operands, groups_of_block};
use crate::ir::{ExprId, Kind};

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    for id in cx.body.ids() {
        match cx.body.kind(id) {
            Kind::Block { stmts, .. } => {
                for group in groups_of_block(cx, stmts) {
                    drafts.extend(report(cx, id, &group, false));
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
                    drafts.extend(report(cx, id, &group, true));
                }
            }
            _ => {}
        }
    }
}

fn report(cx: &Cx<'_>, around: ExprId, group: &Group, operands: bool) -> Option<Draft> {
    if context(cx.function, cx.body, group.sites[0].wait) != Context::Async {
        return None;
    }
    let level = level(group)?;
    let names: Vec<String> = group.sites.iter().map(|site| cx.quoted(site.work)).collect();
    let (last, first) = names.split_last()?;
    let where_ = if operands { "in one expression" } else { "one after the other" };
    let waits = group.sites.iter().skip(1).map(|site| cx.body.span(site.wait));
    let mut draft = Draft::new(level, cx.body.span(group.sites[0].wait), format!("{} and {last} are awaited {where_}", first.join(", ")))
        .why(format!(
            "none of the {} needs a result of another: together they would take as long as the slowest, now they take the sum",
            names.len()
        ))
        .help(format!("await them together: {}", cx.kit().join_help(group.sites.iter().any(|site| site.uses.tries))));
    for span in waits {
        draft = draft.label(span, "starts only when the one before it is done");
    }
    Some(draft.fix(if operands { None } else { fix::join::of_group(cx, around, group, level) }))
}

/// Reads are certain, the unknown likely, writes pedantic; where something has an order or nothing waits there is no finding.
fn level(group: &Group) -> Option<Level> {
    let effects = || group.sites.iter().map(|site| site.effect);
    let mut doubts = match effects().max()? {
        Effect::Ordered => return None,
        _ if effects().any(|effect| effect == Effect::Idle) => return None,
        Effect::Idle | Effect::Read => 0,
        Effect::Unknown => 1,
        Effect::Write => 2,
    };
    // A statement whose result nobody looks at is there for its effect, or to stop what follows.
    if group.sites.iter().any(|site| !site.bound) {
        doubts += 2;
    }
    if group.apart || group.sites.iter().any(|site| !site.uses.maybe_writes.is_empty()) {
        doubts = doubts.max(1);
    }
    Some(match doubts {
        0 => Level::Certain,
        1 => Level::Likely,
        _ => Level::Pedantic,
    })
}
