//! `block_on` in code that a runtime runs.

use super::{Cx, Draft};
use crate::effects::{Waits, blocking_call};
use crate::finding::Level;
use crate::flow::{Context, context};
use crate::ir::Kind;

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    for id in cx.body.ids() {
        if !matches!(cx.body.kind(id), Kind::Call { .. } | Kind::Method { .. }) || context(cx.function, cx.body, id) != Context::Async {
            continue;
        }
        let (path, tokio) = match blocking_call(&cx.typing, cx.body, id) {
            Some(call) if call.waits == Waits::BlockOn => (Vec::new(), call.what.starts_with("tokio")),
            Some(_) => continue,
            None => {
                let found = cx.callee(id).and_then(|callee| callee.id()).and_then(|to| cx.session.blocking.get(to));
                let awaited = matches!(cx.body.parent(id).map(|up| cx.body.kind(up)), Some(Kind::Await(_)));
                let Some(found) = found.filter(|found| found.call.waits == Waits::BlockOn && !awaited) else { continue };
                let through = found.through.iter().map(|&id| cx.workspace().index.describe(id));
                (through.chain([found.call.what.clone()]).collect(), found.call.what.starts_with("tokio"))
            }
        };
        let message = if path.is_empty() {
            "`block_on` inside async code".to_owned()
        } else {
            format!("{} runs `block_on` inside async code: {} → {}", cx.quoted(id), cx.called(id), path.join(" → "))
        };
        let why = if tokio {
            "Tokio panics when a runtime is blocked on from within a runtime, and where it does not, the thread's other tasks stand still"
        } else {
            "the thread waits for a future that may need this very thread to go on: a deadlock, and all other tasks stand still"
        };
        let asks = cx.body.ids().any(|id| cx.called(id) == "try_current");
        let level = match path.len() {
            _ if asks || cx.runs_once() || cx.is_of_a_command() => Level::Pedantic,
            0 => Level::Certain,
            _ => Level::Pedantic, // through other functions, of which some take another way where there is a runtime
        };
        drafts.push(
            Draft::new(level, cx.body.span(id), message).why(why).help("`.await` the future; make the plain function on the way async"),
        );
    }
}
