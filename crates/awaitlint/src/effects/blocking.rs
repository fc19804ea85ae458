//! Calls that block their thread, directly or through plain functions of the workspace.

use std::collections::VecDeque;

use crate::flow::{Context, context, in_condition};
use crate::hash::HashMap;
use crate::index::Id;
use crate::ir::{Body, ExprId, Function, Kind, StmtKind};
use crate::types::Typing;

/// What a blocking call waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Waits {
    Sleep,
    Files,
    Network,
    Process,
    Thread,
    Input,
    /// For a future, with a runtime of its own.
    BlockOn,
}

impl Waits {
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Waits::Sleep => "puts the thread to sleep",
            Waits::Files => "waits for the file system",
            Waits::Network => "waits for the network",
            Waits::Process => "waits for another process",
            Waits::Thread => "waits for another thread",
            Waits::Input => "waits for someone to type",
            Waits::BlockOn => "runs a future on this thread until it ends",
        }
    }
}

/// A call that blocks.
#[derive(Clone, Debug)]
pub(crate) struct BlockingCall {
    /// Its full path, as far as it is known.
    pub(crate) what: String,
    pub(crate) waits: Waits,
    /// How much of a wait it usually is.
    pub(crate) weight: Weight,
    /// The path of a call that waits without blocking.
    pub(crate) instead: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Weight {
    /// A look at the file system's tables.
    Light,
    /// Opening, renaming, removing.
    Middle,
    Heavy,
}

/// How a plain function comes to block: the functions on the way and the call at its end.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    pub(crate) through: Vec<Id>,
    pub(crate) call: BlockingCall,
    /// Some function on the way blocks only under a condition.
    pub(crate) sometimes: bool,
}

/// The plain functions of the workspace that block.
#[derive(Debug, Default)]
pub(crate) struct Blocking(HashMap<Id, Path>);

impl Blocking {
    /// How calling this plain function blocks.
    pub(crate) fn get(&self, id: Id) -> Option<&Path> {
        self.0.get(&id)
    }

    /// From what the plain functions say of themselves.
    pub(super) fn new(local: Vec<Found>) -> Blocking {
        let mut callers: HashMap<Id, Vec<(Id, bool)>> = HashMap::default();
        let mut found = HashMap::default();
        let mut pending = VecDeque::new();
        for (id, direct, calls) in local {
            calls.into_iter().for_each(|(callee, sometimes)| callers.entry(callee).or_default().push((id, sometimes)));
            if let Some(call) = direct {
                found.insert(id, Path { through: Vec::new(), call: call.0, sometimes: call.1 });
                pending.push_back(id);
            }
        }
        // Breadth first, so that the path that is shown is a shortest one.
        while let Some(id) = pending.pop_front() {
            let Some(path) = found.get(&id).cloned() else { continue };
            for &(caller, sometimes) in callers.get(&id).into_iter().flatten() {
                found.entry(caller).or_insert_with(|| {
                    pending.push_back(caller);
                    let through = std::iter::once(id).chain(path.through.iter().copied()).collect();
                    Path { through, call: path.call.clone(), sometimes: sometimes || path.sometimes }
                });
            }
        }
        Blocking(found)
    }
}

/// A function, its worst blocking call, and what it calls; each with whether that happens only under a condition.
pub(super) type Found = (Id, Option<(BlockingCall, bool)>, Vec<(Id, bool)>);

/// What a plain function says of itself.
pub(super) fn of_function(id: Id, typing: &Typing<'_>, function: &Function, body: &Body) -> Found {
    let (mut worst, mut calls) = (None::<(BlockingCall, bool)>, Vec::new());
    if is_remembered(body) {
        return (id, worst, calls);
    }
    let gives_way = gives_way(body);
    for expr in body.ids() {
        if !matches!(body.kind(expr), Kind::Call { .. } | Kind::Method { .. }) || in_closure_elsewhere(function, body, expr) {
            continue;
        }
        let sometimes = in_condition(body, expr, body.root) || behind_a_switch(body, expr);
        if let Some(call) = direct(typing, body, expr).filter(|call| !gives_way || call.waits != Waits::BlockOn) {
            if worst.as_ref().is_none_or(|(worst, _)| worst.weight < call.weight) {
                worst = Some((call, sometimes));
            }
        } else if let Some(callee) = typing.callee(expr).and_then(|callee| callee.id()).filter(|&id| typing.is_member(id)) {
            calls.push((callee, sometimes));
        }
    }
    (id, worst, calls)
}

/// It blocks on a future as a runtime with threads allows, by `block_in_place`; what it does without one is another matter.
fn gives_way(body: &Body) -> bool {
    body.ids().any(|id| matches!(body.kind(id), Kind::Path(path) if path.last() == "block_in_place"))
}

/// It looks into a `static` first, and stores what it finds there: it blocks once.
fn is_remembered(body: &Body) -> bool {
    let of_a_static = |expr: ExprId, names: &[&str]| match body.kind(expr) {
        Kind::Method { receiver, name, .. } => names.contains(&&**name) && is_static(body, *receiver),
        _ => false,
    };
    body.ids().any(|id| of_a_static(id, &["get"])) && body.ids().any(|id| of_a_static(id, &["set", "get_or_init", "get_or_try_init"]))
}

fn is_static(body: &Body, expr: ExprId) -> bool {
    matches!(body.kind(expr), Kind::Path(path) if path.last().chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'))
}

/// Behind a way out that a switch opens: `if !self.enabled { return; }`.
fn behind_a_switch(body: &Body, expr: ExprId) -> bool {
    let is_way_out = |id: ExprId| match body.kind(id) {
        Kind::If { cond, then, otherwise: None } => {
            is_switch(body, *cond) && body.descendants(*then).into_iter().any(|id| matches!(body.kind(id), Kind::Return(_)))
        }
        _ => false,
    };
    body.ancestors(expr).any(|up| match body.kind(up) {
        Kind::Block { stmts, .. } => stmts
            .iter()
            .take_while(|stmt| stmt.span.hi <= body.span(expr).lo)
            .any(|stmt| matches!(&stmt.kind, StmtKind::Expr { expr, .. } if is_way_out(*expr))),
        _ => false,
    })
}

/// A field, perhaps negated.
fn is_switch(body: &Body, cond: ExprId) -> bool {
    match body.kind(cond) {
        Kind::Unary(inner) => is_switch(body, *inner),
        Kind::Field(..) => true,
        _ => false,
    }
}

/// Inside something that does not run when the function is called: an async block, or a closure for later or for another thread.
fn in_closure_elsewhere(function: &Function, body: &Body, expr: ExprId) -> bool {
    let within = body.ancestors(expr).any(|up| matches!(body.kind(up), Kind::Closure { .. } | Kind::Async { .. }));
    within && (context(function, body, expr) != Context::Sync || body.ancestors(expr).any(|up| is_thrown(body, up)))
}

fn is_thrown(body: &Body, closure: ExprId) -> bool {
    let call = body.parent(closure).map(|call| body.kind(call));
    matches!(body.kind(closure), Kind::Closure { .. })
        && match call {
            Some(Kind::Call { callee, .. }) => {
                matches!(body.kind(*callee), Kind::Path(path) if path.last() == "spawn" || crate::flow::run_elsewhere(path.last()))
            }
            Some(Kind::Method { name, .. }) => crate::flow::run_elsewhere(name) || &**name == "spawn",
            _ => false,
        }
}

/// The blocking call that this call is, if its path or the type of its receiver says so.
pub(crate) fn direct(typing: &Typing<'_>, body: &Body, call: ExprId) -> Option<BlockingCall> {
    let callee = typing.callee(call)?;
    let canon = callee.canon.as_ref()?;
    let name = &*callee.name;
    let found = |waits, weight, instead| Some(BlockingCall { what: canon.to_string(), waits, weight, instead });
    let method = matches!(body.kind(call), Kind::Method { .. });
    match (canon.krate(), method) {
        ("std", false) => match () {
            () if canon.is("std::thread::sleep") => found(Waits::Sleep, Weight::Heavy, Some("tokio::time::sleep")),
            () if canon.is("std::thread::park") => found(Waits::Thread, Weight::Heavy, None),
            () if canon.is_any(&["std::fs::File::open", "std::fs::File::create"]) => {
                found(Waits::Files, Weight::Middle, Some(if name == "open" { "tokio::fs::File::open" } else { "tokio::fs::File::create" }))
            }
            () if canon.is(&format!("std::fs::{name}")) => {
                file_call(name).and_then(|(weight, instead)| found(Waits::Files, weight, instead))
            }
            () if canon.is_any(&["std::net::TcpStream::connect", "std::net::TcpStream::connect_timeout"]) => {
                found(Waits::Network, Weight::Heavy, Some("tokio::net::TcpStream::connect"))
            }
            () => None,
        },
        ("fs_err", false) if !canon.is(&format!("fs_err::tokio::{name}")) => {
            file_call(name).and_then(|(weight, _)| found(Waits::Files, weight, None))
        }
        ("std", true) => std_method(canon, name).and_then(|(waits, weight)| found(waits, weight, None)),
        ("tokio", true) if name.starts_with("blocking_") && !canon.has_any(&["RuntimeMetrics"]) => {
            found(Waits::Thread, Weight::Heavy, None)
        }
        (_, false) if canon.is_any(&["reqwest::blocking::get", "ureq::get", "ureq::post"]) => found(Waits::Network, Weight::Heavy, None),
        _ if block_on(canon, name) => found(Waits::BlockOn, Weight::Heavy, None),
        _ => None,
    }
}

fn file_call(name: &str) -> Option<(Weight, Option<&'static str>)> {
    Some(match name {
        "read" => (Weight::Heavy, Some("tokio::fs::read")),
        "read_to_string" => (Weight::Heavy, Some("tokio::fs::read_to_string")),
        "write" => (Weight::Heavy, Some("tokio::fs::write")),
        "copy" => (Weight::Heavy, Some("tokio::fs::copy")),
        "remove_dir_all" => (Weight::Heavy, Some("tokio::fs::remove_dir_all")),
        "read_dir" => (Weight::Heavy, None),
        "create_dir_all" => (Weight::Light, Some("tokio::fs::create_dir_all")),
        "create_dir" => (Weight::Light, Some("tokio::fs::create_dir")),
        "remove_file" => (Weight::Middle, Some("tokio::fs::remove_file")),
        "remove_dir" => (Weight::Middle, Some("tokio::fs::remove_dir")),
        "rename" => (Weight::Middle, Some("tokio::fs::rename")),
        "hard_link" | "soft_link" | "set_permissions" => (Weight::Light, None),
        "canonicalize" => (Weight::Light, Some("tokio::fs::canonicalize")),
        "metadata" => (Weight::Light, Some("tokio::fs::metadata")),
        "symlink_metadata" => (Weight::Light, Some("tokio::fs::symlink_metadata")),
        "read_link" => (Weight::Light, Some("tokio::fs::read_link")),
        "exists" => (Weight::Light, Some("tokio::fs::try_exists")),
        _ => return None,
    })
}

fn std_method(canon: &crate::index::Canon, name: &str) -> Option<(Waits, Weight)> {
    let of = |ty: &str| canon.is(&format!("{ty}::{name}"));
    match name {
        "output" | "status" if of("std::process::Command") => Some((Waits::Process, Weight::Heavy)),
        "wait" | "wait_with_output" if of("std::process::Child") => Some((Waits::Process, Weight::Heavy)),
        "recv" | "recv_timeout" if of("std::sync::mpsc::Receiver") => Some((Waits::Thread, Weight::Heavy)),
        "join" if of("std::thread::JoinHandle") => Some((Waits::Thread, Weight::Heavy)),
        "wait" | "wait_timeout" | "wait_while" if of("std::sync::Condvar") || of("std::sync::Barrier") => {
            Some((Waits::Thread, Weight::Heavy))
        }
        "read_line" | "lines" | "read_to_string" if of("std::io::Stdin") => Some((Waits::Input, Weight::Heavy)),
        "read_to_string" | "read_to_end" | "read_exact" | "write_all" | "sync_all" | "read" | "write" if of("std::fs::File") => {
            Some((Waits::Files, Weight::Heavy))
        }
        "open" if of("std::fs::OpenOptions") => Some((Waits::Files, Weight::Middle)),
        _ => None,
    }
}

fn block_on(canon: &crate::index::Canon, name: &str) -> bool {
    name == "block_on"
        && matches!(
            canon.krate(),
            "tokio" | "futures" | "async_std" | "smol" | "pollster" | "futures_lite" | "async_io" | "futures_executor" | "actix_rt"
        )
        || name == "run_until" && canon.is("futures::executor::LocalPool::run_until")
}
