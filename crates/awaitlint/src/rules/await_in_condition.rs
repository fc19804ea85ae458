//! An await in an operand that is evaluated only sometimes.

use super::{Cx, Draft};
use crate::finding::Level;
use crate::flow::awaits;
use crate::ir::Kind;

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    for id in cx.body.ids() {
        let Kind::Binary { lazy: true, op, rhs, .. } = cx.body.kind(id) else { continue };
        let Some(&wait) = awaits(cx.body, *rhs).first() else { continue };
        // `a && b && c.await`: one report, for the innermost operator that guards the await
        if cx
            .body
            .descendants(*rhs)
            .into_iter()
            .any(|inner| matches!(cx.body.kind(inner), Kind::Binary { lazy: true, rhs, .. } if !awaits(cx.body, *rhs).is_empty()))
        {
            continue;
        }
        let when = if *op == "&&" { "true" } else { "false" };
        let draft = Draft::new(Level::Pedantic, cx.body.span(wait), format!("whether this waits depends on the left side of `{op}`"))
            .label(cx.body.span(id), format!("the right side runs only if the left side is {when}"))
            .why("the wait hides inside a condition, where a reader looks for a value and no place is left to run it beside others")
            .help("await it in a `let` before, together with other awaits, or write the branch out with `if`");
        drafts.push(draft);
    }
}
