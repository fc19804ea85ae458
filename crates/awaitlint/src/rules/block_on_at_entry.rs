//! `block_on` around everything in `main`.

use super::{Cx, Draft};
use crate::effects::{Waits, blocking_call};
use crate::finding::Level;
use crate::ir::Kind;
use crate::project::TargetKind;

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    let entry = &*cx.item.name == "main" && matches!(cx.target(), TargetKind::Bin | TargetKind::Example);
    if !entry || cx.function.signature.is_async {
        return;
    }
    for id in cx.body.ids() {
        if !matches!(cx.body.kind(id), Kind::Call { .. } | Kind::Method { .. }) {
            continue;
        }
        if blocking_call(&cx.typing, cx.body, id).is_some_and(|call| call.waits == Waits::BlockOn) {
            let draft = Draft::new(Level::Pedantic, cx.body.span(id), "`main` blocks on a future instead of being async")
                .why("everything around the call is code that cannot wait, and grows")
                .help("make `main` async: `#[tokio::main] async fn main()`");
            drafts.push(draft);
        }
    }
}
