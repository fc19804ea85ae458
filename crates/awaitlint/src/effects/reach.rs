//! How far away what a call waits for is.

use super::call::{chain, strip_adapters};
use crate::ir::{Body, ExprId, Kind};
use crate::names::Known;
use crate::types::{Type, Typing};

use super::Summaries;

/// How far away what is waited for is, in the order in which one hides the other.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Reach {
    /// It does not wait; locks alone do not count.
    Nothing,
    /// Other tasks of the same program, through channels.
    Inside,
    /// That cannot be told.
    Unknown,
    /// Something outside the process by its name: `self.client.get(…)`, `client.put(…).send()`.
    Named,
    /// Files: of one machine, and mostly soon over.
    Files,
    /// The network, a database, another process: by the crate, the type, the SQL.
    Outside,
}

/// Types through which tasks of one program talk to each other.
const CHANNELS: &[&str] = &["mpsc", "oneshot", "broadcast", "watch", "async_channel", "flume", "async_broadcast", "kanal", "Notify"];

/// How far away what awaiting `base` waits for is.
pub(crate) fn reach_of_await(typing: &Typing<'_>, summaries: &Summaries, body: &Body, base: ExprId) -> Reach {
    let work = strip_adapters(body, base);
    match body.kind(work) {
        Kind::Call { .. } | Kind::Method { .. } => {
            let bodies = typing.bodies(work);
            let known = || bodies.iter().filter_map(|&id| summaries.get(id)).map(|summary| summary.reach);
            // One implementation waits for something, another one looks into memory: which it is cannot be told.
            let mixed = known().min() <= Some(Reach::Inside) && known().max() >= Some(Reach::Named);
            let known = if mixed { Some(Reach::Unknown) } else { known().max() };
            known.unwrap_or_else(|| beyond(typing, body, work))
        }
        Kind::Async { .. } | Kind::Join { .. } | Kind::Block { .. } | Kind::If { .. } | Kind::Match { .. } => {
            let parts = body.descendants(work).into_iter().filter_map(|id| match body.kind(id) {
                Kind::Await(inner) => Some(reach_of_await(typing, summaries, body, *inner)),
                _ => None,
            });
            parts.max().unwrap_or(Reach::Unknown)
        }
        _ => beyond(typing, body, work),
    }
}

/// The same for what no body of the workspace says.
pub(super) fn beyond(typing: &Typing<'_>, body: &Body, work: ExprId) -> Reach {
    if is_lock(body, work) || typing.is_idle(work) {
        return Reach::Nothing;
    }
    if is_channel(typing, body, work) {
        return Reach::Inside;
    }
    let canon = typing.callee(work).and_then(|callee| callee.canon.as_ref());
    match canon {
        Some(canon) if canon.krate() == "async_fs" => Reach::Files,
        Some(canon) if typing.is_service(canon.krate()) && !canon.has_any(&["fs"]) => Reach::Outside,
        Some(canon) if matches!(canon.krate(), "tokio" | "async_std" | "smol") && canon.has_any(&["fs"]) => Reach::Files,
        Some(canon) if matches!(canon.krate(), "tokio" | "async_std" | "smol") && canon.has_any(&["net", "process"]) => Reach::Outside,
        _ if is_of_service(typing, body, work) => Reach::Outside,
        Some(canon) if typing.is_front(canon.krate()) => Reach::Named,
        _ if chain(body, work).is_some() || is_far(body, work) => Reach::Named,
        _ => Reach::Unknown,
    }
}

/// What a chain of methods begins with belongs to such a crate: `self.http.get(url).send()` on a `reqwest::Client`.
fn is_of_service(typing: &Typing<'_>, body: &Body, work: ExprId) -> bool {
    let mut root = work;
    while let Kind::Method { receiver, .. } = body.kind(root) {
        root = *receiver;
    }
    root != work && typing.of(root).peel_refs().canon().is_some_and(|canon| typing.is_service(canon.krate()))
}

/// Waiting for a lock inside the process, or only giving way to others.
pub(super) fn is_lock(body: &Body, work: ExprId) -> bool {
    match body.kind(work) {
        Kind::Method { name, args, .. } => {
            args.is_empty() && matches!(&**name, "lock" | "read" | "write" | "lock_owned" | "read_owned" | "write_owned" | "yield_now")
        }
        Kind::Call { callee, .. } => matches!(body.kind(*callee), Kind::Path(path) if matches!(path.last(), "yield_now" | "ready")),
        _ => false,
    }
}

/// A method of something whose name says that it is far away: `self.db.get_user(id)`.
fn is_far(body: &Body, work: ExprId) -> bool {
    let Kind::Method { receiver, .. } = body.kind(work) else { return false };
    let name = match body.kind(*receiver) {
        Kind::Local(local) => &*body.local(*local).name,
        Kind::Field(_, field) => field,
        Kind::Method { name, args, .. } if args.is_empty() => name,
        _ => return false,
    };
    name.rsplit('_').next().is_some_and(|word| Known::Far.has(word))
}

/// Sending to, or receiving from, another task: by the type of the channel's end, else by how it is called.
fn is_channel(typing: &Typing<'_>, body: &Body, work: ExprId) -> bool {
    let (end, by_name) = match body.kind(work) {
        Kind::Method { receiver, name, .. } => {
            let named = match body.kind(*receiver) {
                Kind::Local(local) => Some(&body.local(*local).name),
                Kind::Field(_, field) => Some(field),
                _ => None,
            };
            let channel = |name: &str| name.split('_').any(|word| matches!(word, "tx" | "rx" | "sender" | "receiver" | "channel"));
            let talks = matches!(&**name, "send" | "recv" | "changed" | "notified" | "reserve" | "recv_async" | "send_async");
            (*receiver, talks && named.is_some_and(|name| channel(name)))
        }
        Kind::Local(local) => (work, body.local(*local).name.split('_').any(|word| matches!(word, "rx" | "receiver"))),
        Kind::Field(..) => (work, false),
        _ => return false,
    };
    match typing.of(end).peel_refs() {
        Type::Adt(adt) => adt.canon.has_any(CHANNELS),
        Type::Unknown => by_name,
        _ => false,
    }
}

/// A call whose name says that it computes: what it waits for, if anything, is the exception.
pub(crate) fn computes(name: &str) -> bool {
    name.split('_').find(|word| !Known::Prefix.has(word)).is_some_and(|word| Known::Compute.has(word))
}
