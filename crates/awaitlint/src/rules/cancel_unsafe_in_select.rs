//! An operation in `select!` that loses data when another arm is faster.

use super::{Cx, Draft};
use crate::effects::strip_adapters;
use crate::finding::Level;
use crate::flow::enclosing_loops;
use crate::ir::{ExprId, Kind};
use crate::types::Type;

/// Methods that keep what they have done so far in the future itself.
const LOSES: &[(&str, &str)] = &[
    ("read_exact", "the bytes read so far are lost"),
    ("read_to_end", "the bytes read so far stay in the buffer, but nobody knows how many"),
    ("read_to_string", "the text read so far is lost"),
    ("read_line", "the part of the line read so far is lost or stays behind"),
    ("write_all", "a part has been written, and nobody knows how much"),
    ("write_all_buf", "a part has been written"),
    ("copy", "a part has been copied"),
    ("copy_bidirectional", "a part has been copied"),
];

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    for id in cx.body.ids() {
        let Kind::Select { arms, .. } = cx.body.kind(id) else { continue };
        let repeated = !enclosing_loops(cx.body, id).is_empty();
        if arms.len() < 2 || !repeated {
            continue; // without a next round nothing is missed
        }
        for arm in arms {
            let work = strip_adapters(cx.body, arm.future);
            if let Some((level, name, loss)) = loses(cx, work) {
                let draft = Draft::new(
                    level,
                    cx.body.span(arm.future),
                    format!("`{name}` is cancelled here whenever another arm is faster"),
                )
                .label(cx.body.span(id).start(), "each round drops the futures of the arms that lost")
                .why(format!("{loss}, and the next round begins anew"))
                .help("make the future once before the loop, `pin!` it and select on `&mut` it, or give the operation a task of its own");
                drafts.push(draft);
            }
        }
    }
}

fn loses(cx: &Cx<'_>, work: ExprId) -> Option<(Level, &'static str, &'static str)> {
    match cx.body.kind(work) {
        Kind::Method { receiver, name, args, .. } => {
            let ty = cx.typing.of(*receiver).peel_refs();
            if &**name == "send" && ty.is_any(&["tokio::sync::mpsc::Sender"]) {
                return Some((Level::Pedantic, "send", "the value that was to be sent is dropped")); // mostly given up on purpose, at an end
            }
            if &**name == "lock" && args.is_empty() && ty.is("tokio::sync::Mutex") {
                return Some((Level::Pedantic, "lock", "its place in the queue for the lock is lost"));
            }
            let (name, loss) = LOSES.iter().find(|(known, _)| *known == &**name).copied()?;
            // Another writer may keep what it has been given, and another reader what it has read.
            let known =
                matches!(ty, Type::Adt(adt) if matches!(adt.canon.krate(), "tokio" | "tokio_util" | "tokio_rustls" | "async_std" | "smol"));
            Some((if known { Level::Certain } else { Level::Likely }, name, loss))
        }
        Kind::Call { callee, .. } => {
            let Kind::Path(path) = cx.body.kind(*callee) else { return None };
            let (name, loss) = LOSES.iter().find(|(known, _)| *known == path.last()).copied()?;
            let io = cx
                .callee(work)
                .is_some_and(|callee| callee.canon.as_ref().is_some_and(|canon| canon.krate() == "tokio" || canon.krate() == "futures"));
            io.then_some((Level::Certain, name, loss))
        }
        Kind::Async { body, .. } => {
            let waits = crate::flow::awaits(cx.body, *body);
            let _: &Type = cx.typing.of(work);
            (waits.len() > 1).then_some((Level::Pedantic, "async", "what the block has done before its current await is lost"))
        }
        _ => None,
    }
}
