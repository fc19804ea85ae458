//! A limit of zero: nothing ever runs.

use super::{Cx, Draft};
use crate::finding::Level;
use crate::ir::{ExprId, Kind, Lit};

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    for id in cx.body.ids() {
        let (limit, what) = match cx.body.kind(id) {
            Kind::Method { name, args, .. }
                if matches!(&**name, "buffered" | "buffer_unordered" | "try_buffered" | "try_buffer_unordered") =>
            {
                let Some(&limit) = args.first() else { continue };
                (limit, format!("`{name}`"))
            }
            Kind::Call { args, .. } if cx.callee(id).is_some_and(|callee| callee.is("tokio::sync::Semaphore::new")) => {
                let Some(&limit) = args.first() else { continue };
                if !matches!(cx.body.kind(limit), Kind::Lit(Lit::Int(0))) || permits_come(cx) {
                    continue;
                }
                (limit, "`Semaphore::new`".to_owned())
            }
            Kind::Call { args, .. } if cx.callee(id).is_some_and(|callee| callee.is("tokio::sync::mpsc::channel")) => {
                let Some(&limit) = args.first() else { continue };
                (limit, "`mpsc::channel`".to_owned())
            }
            _ => continue,
        };
        let channel = what.contains("channel");
        let (level, message) = if matches!(cx.body.kind(limit), Kind::Lit(Lit::Int(0))) {
            (Level::Certain, format!("{what} with a limit of zero"))
        } else if !channel && is_length(cx, limit) {
            (Level::Likely, format!("{what} with the length of a list: zero when the list is empty"))
        } else {
            continue;
        };
        let why = if channel {
            "a channel of capacity zero panics when it is made"
        } else {
            "with a limit of zero nothing is ever started, and the wait never ends"
        };
        drafts.push(Draft::new(level, cx.body.span(limit), message).why(why).help("use a fixed limit, or `.max(1)`"));
    }
}

fn is_length(cx: &Cx<'_>, limit: ExprId) -> bool {
    matches!(cx.body.kind(limit), Kind::Method { name, args, .. } if &**name == "len" && args.is_empty())
}

/// Somewhere in the file permits are added, or whoever waits is woken by closing.
fn permits_come(cx: &Cx<'_>) -> bool {
    cx.text().contains("add_permits") || cx.text().contains(".close()")
}
