//! Summaries of the workspace's functions, through the call graph.

use std::collections::HashMap;

use super::blocking::{Blocking, Found, of_function};
use super::{Effect, chain, effect_of_await, words};
use crate::index::{Id, Workspace};
use crate::ir::{Body, ExprId, Kind, Receiver};
use crate::names::Known;
use crate::parallel;
use crate::types::Typing;

/// Rounds of propagation before the rest is left as it is.
const MAX_ROUNDS: usize = 12;

/// What is known of a function from its body and from the bodies of what it calls.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) effect: Effect,
    /// It may wait for something outside the process; locks alone do not count.
    pub(crate) waits: bool,
    /// The calls in its body to functions of the workspace, in order.
    pub(crate) calls: Vec<CallSite>,
}

/// A call to a function of the workspace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallSite {
    pub(crate) to: Id,
    /// The result is awaited on the spot.
    pub(crate) awaited: bool,
}

/// The summaries of all functions with bodies.
#[derive(Debug, Default)]
pub(crate) struct Summaries(HashMap<Id, Summary>);

impl Summaries {
    pub(crate) fn get(&self, id: Id) -> Option<&Summary> {
        self.0.get(&id)
    }

    fn propagate(&mut self) {
        for _ in 0..MAX_ROUNDS {
            let mut changes = Vec::new();
            for (id, summary) in &self.0 {
                let mut next = (summary.effect, summary.waits);
                for call in &summary.calls {
                    let Some(callee) = self.0.get(&call.to) else { continue };
                    if call.awaited || !callee.waits {
                        next = (next.0.max(callee.effect), next.1 || callee.waits && call.awaited);
                    }
                }
                if next != (summary.effect, summary.waits) {
                    changes.push((*id, next));
                }
            }
            if changes.is_empty() {
                return;
            }
            for (id, (effect, waits)) in changes {
                if let Some(summary) = self.0.get_mut(&id) {
                    summary.effect = effect;
                    summary.waits = waits;
                }
            }
        }
    }
}

/// Reads every function once: what it does by itself and through what it calls, and how plain functions block.
pub(crate) fn facts(workspace: &Workspace) -> (Summaries, Blocking) {
    let files: Vec<usize> = (0..workspace.files.len()).collect();
    let local = parallel::map(&files, |&file| facts_of_file(workspace, file));
    let (mut summaries, mut blocking) = (HashMap::new(), Vec::new());
    for (id, summary, found) in local.into_iter().flatten().flatten() {
        summaries.insert(id, summary);
        blocking.extend(found);
    }
    let mut summaries = Summaries(summaries);
    summaries.propagate();
    (summaries, Blocking::new(blocking))
}

fn facts_of_file(workspace: &Workspace, file: usize) -> Vec<(Id, Summary, Option<Found>)> {
    let functions = workspace.functions_of(file);
    let first = workspace.functions.partition_point(|f| f.at.file < file);
    let mut facts = Vec::new();
    for at in workspace.functions[first..].iter().take_while(|f| f.at.file == file) {
        let Some((_, function)) = functions.get(at.at.function) else { continue };
        let Some(body) = &function.body else { continue };
        let typing = Typing::new(workspace, at, function, body);
        let mut summary = summarise(&typing, body, matches!(function.signature.receiver, Receiver::Mut | Receiver::Pin));
        let plain = !function.signature.is_async;
        if plain && !body.ids().any(|id| matches!(body.kind(id), Kind::Async { .. })) {
            // A future made elsewhere and only passed on: what it does is not seen here.
            summary.waits = true;
            summary.effect = summary.effect.max(Effect::Unknown);
        }
        facts.push((at.id, summary, plain.then(|| of_function(at.id, &typing, function, body))));
    }
    facts
}

/// What the body says of itself; calls to the workspace are only listed.
fn summarise(typing: &Typing<'_>, body: &Body, exclusive: bool) -> Summary {
    let mut summary = Summary { effect: if exclusive { Effect::Write } else { Effect::Idle }, waits: false, calls: Vec::new() };
    for id in body.ids() {
        match body.kind(id) {
            Kind::Await(base) => {
                let work = super::strip_adapters(body, *base);
                if typing.callee(work).and_then(|callee| callee.id()).is_some_and(|id| typing.is_member(id)) {
                    continue; // through the call graph
                }
                if !is_lock(body, work) {
                    summary.waits = true;
                    summary.effect = summary.effect.max(inside(typing, body, work));
                }
            }
            Kind::Call { .. } | Kind::Method { .. } => {
                if let Some(to) = typing.callee(id).and_then(|callee| callee.id()).filter(|&to| typing.is_member(to)) {
                    let awaited = body.ancestors(id).take(4).any(|up| matches!(body.kind(up), Kind::Await(_)));
                    summary.calls.push(CallSite { to, awaited });
                } else if shared_write(typing, body, id) {
                    summary.effect = summary.effect.max(Effect::Unknown);
                }
            }
            Kind::Join { .. } | Kind::Select { .. } => summary.waits = true,
            Kind::Macro { path, .. } if !Known::PlainMacro.has(path.last()) => {
                summary.effect = summary.effect.max(Effect::Unknown);
                summary.waits = true;
            }
            _ => {}
        }
    }
    summary
}

/// What an awaited call in the body says about the function.
fn inside(typing: &Typing<'_>, body: &Body, work: ExprId) -> Effect {
    let name = match body.kind(work) {
        Kind::Method { name, .. } => &**name,
        Kind::Call { callee, .. } => match body.kind(*callee) {
            Kind::Path(path) => path.last(),
            _ => "",
        },
        _ => return effect_of_await(typing, &Summaries::default(), body, work).min(Effect::Unknown),
    };
    chain(body, work).unwrap_or_else(|| words::class_inside(name))
}

/// Waiting for a lock inside the process.
fn is_lock(body: &Body, work: ExprId) -> bool {
    match body.kind(work) {
        Kind::Method { name, args, .. } => {
            args.is_empty() && matches!(&**name, "lock" | "read" | "write" | "lock_owned" | "read_owned" | "write_owned" | "yield_now")
        }
        Kind::Call { callee, .. } => matches!(body.kind(*callee), Kind::Path(path) if matches!(path.last(), "yield_now" | "ready")),
        _ => false,
    }
}

/// A call without await that writes something others see: `self.cache.lock().insert(…)`, `sender.send(…)`, `counter.fetch_add(…)`.
fn shared_write(typing: &Typing<'_>, body: &Body, call: ExprId) -> bool {
    let Kind::Method { receiver, name, .. } = body.kind(call) else { return false };
    let first = name.split('_').next().unwrap_or_default();
    let writes = words::class(name) == Effect::Write
        && matches!(
            first,
            "insert" | "remove" | "push" | "send" | "store" | "set" | "put" | "delete" | "write" | "add" | "update" | "clear" | "fetch"
        );
    if !writes {
        return false;
    }
    // Only what hangs on `self` or on something locked is shared.
    let mut at = *receiver;
    let mut locked = false;
    loop {
        at = match body.kind(at) {
            Kind::Method { receiver, name, .. } => {
                locked |= matches!(&**name, "lock" | "write" | "borrow_mut" | "entry");
                *receiver
            }
            Kind::Field(base, _) | Kind::Await(base) | Kind::Try(base) | Kind::Deref(base) | Kind::Ref { inner: base, .. } => *base,
            Kind::Local(local) => {
                let is_self = &*body.local(*local).name == "self";
                let guard = typing.local(*local).canon().is_some_and(|canon| canon.last().ends_with("Guard"));
                return is_self || guard || locked;
            }
            _ => return locked,
        };
    }
}
