//! Summaries of the workspace's functions, through the call graph.

use super::alone::alone;
use super::blocking::{Blocking, Found, Waits, of_function};
use super::heat::{self, Heat, Pace};
use super::reach::{Reach, beyond};
use super::{Effect, chain, effect_of_await, words};
use crate::hash::{HashMap, HashSet};
use crate::index::{Id, Workspace};
use crate::ir::{Body, ExprId, Kind, PatKind, Receiver};
use crate::names::Known;
use crate::parallel;
use crate::types::{Type, Typing};

/// Rounds of propagation before the rest is left as it is.
const MAX_ROUNDS: usize = 12;

/// What is known of a function from its body and from the bodies of what it calls.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    pub(crate) effect: Effect,
    /// The farthest that it waits for.
    pub(crate) reach: Reach,
    /// How many calls away from its body it does so.
    pub(crate) distance: u8,
    /// It keeps what it has fetched once: all other times it looks into memory.
    remembers: bool,
    /// The calls in its body to functions of the workspace, in order.
    pub(crate) calls: Vec<CallSite>,
    /// Functions that it names without calling them, for somebody else to call.
    pub(super) names: Vec<Id>,
    /// Who makes it run.
    pub(crate) heat: Heat,
}

/// A call to a function of the workspace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallSite {
    pub(crate) to: Id,
    /// The result is awaited on the spot.
    pub(crate) awaited: bool,
    /// In a closure, an async block, or a bundle of futures: something else may run beside it.
    pub(crate) apart: bool,
    /// How often it runs each time the function does.
    pub(super) pace: Pace,
}

/// The summaries of all functions with bodies.
#[derive(Debug, Default)]
pub(crate) struct Summaries {
    functions: HashMap<Id, Summary>,
    /// What runs while nothing else does.
    alone: HashSet<Id>,
}

impl Summaries {
    /// Whether the function only runs on the straight way from `main`, beside nothing else.
    pub(crate) fn is_alone(&self, id: Id) -> bool {
        self.alone.contains(&id)
    }

    pub(crate) fn get(&self, id: Id) -> Option<&Summary> {
        self.functions.get(&id)
    }

    fn propagate(&mut self) {
        for _ in 0..MAX_ROUNDS {
            let mut changes = Vec::new();
            for (id, summary) in &self.functions {
                let mut next = (summary.effect, summary.reach, summary.distance);
                for call in &summary.calls {
                    let Some(callee) = self.functions.get(&call.to) else { continue };
                    if call.awaited {
                        next.0 = next.0.max(callee.effect);
                        if callee.reach > next.1 && !summary.remembers {
                            (next.1, next.2) = (callee.reach, callee.distance.saturating_add(1));
                        }
                    } else if callee.reach == Reach::Nothing {
                        next.0 = next.0.max(callee.effect);
                    }
                }
                if next != (summary.effect, summary.reach, summary.distance) {
                    changes.push((*id, next));
                }
            }
            if changes.is_empty() {
                return;
            }
            for (id, (effect, reach, distance)) in changes {
                if let Some(summary) = self.functions.get_mut(&id) {
                    summary.effect = effect;
                    summary.reach = reach;
                    summary.distance = distance;
                }
            }
        }
    }
}

/// Reads every function once: what it does by itself and through what it calls, and how plain functions block.
pub(crate) fn facts(workspace: &Workspace) -> (Summaries, Blocking) {
    let files: Vec<usize> = (0..workspace.files.len()).collect();
    let local = parallel::map(&files, |&file| facts_of_file(workspace, file));
    let (mut summaries, mut blocking) = (HashMap::default(), Vec::new());
    for (id, summary, found) in local.into_iter().flatten().flatten() {
        summaries.insert(id, summary);
        blocking.extend(found);
    }
    heat::spread(workspace, &mut summaries);
    let mut summaries = Summaries { alone: alone(workspace, &summaries), functions: summaries };
    summaries.propagate();
    (summaries, Blocking::new(blocking))
}

fn facts_of_file(workspace: &Workspace, file: usize) -> Vec<(Id, Summary, Option<Found>)> {
    let functions = workspace.functions_of(file);
    let first = workspace.functions.partition_point(|f| f.at.file < file);
    let mut facts = Vec::new();
    for at in workspace.functions[first..].iter().take_while(|f| f.at.file == file) {
        let Some((item, function)) = functions.get(at.at.function) else { continue };
        let Some(body) = &function.body else { continue };
        let typing = Typing::new(workspace, at, function, body);
        let mut summary = summarise(&typing, body, matches!(function.signature.receiver, Receiver::Mut | Receiver::Pin));
        summary.heat = heat::own(workspace, at, item, function);
        let plain = !function.signature.is_async;
        let blocks = of_function(at.id, &typing, function, body);
        if !plain && blocks.1.as_ref().is_some_and(|(call, _)| matches!(call.waits, Waits::Files | Waits::Network | Waits::Process)) {
            // It waits, though it does not await: while it blocks the thread nothing else gains.
            summary.reach = summary.reach.max(Reach::Unknown);
        }
        if plain && !body.ids().any(|id| matches!(body.kind(id), Kind::Async { .. })) {
            // A future made elsewhere and only passed on: what it does is not seen here.
            summary.reach = summary.reach.max(Reach::Unknown);
            summary.effect = summary.effect.max(Effect::Unknown);
        }
        facts.push((at.id, summary, plain.then_some(blocks)));
    }
    facts
}

/// What the body says of itself; calls to the workspace are only listed.
fn summarise(typing: &Typing<'_>, body: &Body, exclusive: bool) -> Summary {
    let effect = if exclusive { Effect::Write } else { Effect::Idle };
    let mut summary = Summary {
        effect,
        reach: Reach::Nothing,
        distance: 0,
        remembers: remembers(body),
        calls: Vec::new(),
        names: Vec::new(),
        heat: Heat::default(),
    };
    let paces = heat::paces(body);
    for id in body.ids() {
        match body.kind(id) {
            Kind::Await(base) => {
                let work = super::strip_adapters(body, *base);
                if !typing.bodies(work).is_empty() {
                    continue; // through the call graph
                }
                let reach = beyond(typing, body, work);
                if reach != Reach::Nothing {
                    summary.reach = summary.reach.max(reach);
                    summary.effect = summary.effect.max(inside(typing, body, work));
                }
            }
            Kind::Call { .. } | Kind::Method { .. } => {
                let to = typing.bodies(id);
                if to.is_empty() && shared_write(typing, body, id) {
                    summary.effect = summary.effect.max(Effect::Unknown);
                }
                let awaited = body.ancestors(id).take(4).any(|up| matches!(body.kind(up), Kind::Await(_)));
                let apart = body.ancestors(id).any(|up| runs_apart(body, up));
                let pace = heat::pace(body, &paces, id);
                summary.calls.extend(to.into_iter().map(|to| CallSite { to, awaited, apart, pace }));
            }
            Kind::Path(_) if !is_callee(body, id) => {
                if let Type::Item(named) = typing.of(id) {
                    summary.names.push(*named);
                }
            }
            Kind::Join { .. } | Kind::Select { .. } => summary.reach = summary.reach.max(Reach::Unknown),
            Kind::Macro { path, .. } if !Known::PlainMacro.has(path.last()) && !path.last().contains("log") => {
                summary.effect = summary.effect.max(Effect::Unknown);
                summary.reach = summary.reach.max(Reach::Unknown);
            }
            _ => {}
        }
    }
    if summary.remembers {
        summary.reach = summary.reach.min(Reach::Inside);
    }
    summary
}

/// A value is fetched the first time and then kept: `cell.get_or_try_init(…)`, or a way out if there is `Some` already, before everything that
/// waits, and behind it a store of `Some` or nothing but one wait.
fn remembers(body: &Body) -> bool {
    let is_some = |pat| matches!(&body.pat(pat).kind, PatKind::TupleStruct(path, _) if path.last() == "Some");
    let finds = |cond: ExprId| match body.kind(cond) {
        Kind::Let { pat, .. } => is_some(*pat),
        // `if let Some(key) = key && let Some(known) = cache.get(key)`
        Kind::Binary { lazy: true, rhs, .. } => matches!(body.kind(*rhs), Kind::Let { pat, .. } if is_some(*pat)),
        _ => false,
    };
    let leaves = |id: ExprId| match body.kind(id) {
        Kind::If { cond, then, .. } => {
            finds(*cond) && body.descendants(*then).into_iter().any(|id| matches!(body.kind(id), Kind::Return(Some(_))))
        }
        _ => false,
    };
    let keeps = |id: ExprId| match body.kind(id) {
        Kind::Assign { compound: false, rhs, .. } => {
            matches!(body.kind(*rhs), Kind::Call { callee, .. } if matches!(body.kind(*callee), Kind::Path(path) if path.last() == "Some"))
        }
        _ => false,
    };
    let once = |id: ExprId| matches!(body.kind(id), Kind::Method { name, .. } if matches!(&**name, "get_or_init" | "get_or_try_init" | "get_with" | "try_get_with"));
    let first = body.ids().find(|&id| leaves(id));
    let last = body.ids().filter(|&id| keeps(id)).last();
    let wait = |id: ExprId| matches!(body.kind(id), Kind::Await(_));
    let mut waits = body.ids().filter(|&id| wait(id));
    let only = waits.next().filter(|_| waits.next().is_none());
    let asked = |id: ExprId| {
        body.descendants(id).into_iter().any(|id| matches!(body.kind(id), Kind::Method { name, .. } if name.starts_with("get")))
    };
    body.ids().any(once)
        || first.zip(last).is_some_and(|(first, last)| body.ids().any(|id| first < id && id < last && wait(id)))
        || first.zip(only).is_some_and(|(first, only)| first < only && asked(first))
}

/// Other code may run beside what stands in this.
fn runs_apart(body: &Body, id: ExprId) -> bool {
    match body.kind(id) {
        Kind::Closure { .. } | Kind::Join { .. } | Kind::Select { .. } => true,
        Kind::Method { name, .. } => name.starts_with("spawn"),
        Kind::Call { callee, .. } => matches!(body.kind(*callee), Kind::Path(path) if path.last().starts_with("spawn")),
        Kind::Async { .. } => !matches!(
            body.parent(id).map(|up| body.kind(up)),
            Some(Kind::Method { name, .. }) if matches!(&**name, "block_on" | "run_until")
        ),
        _ => false,
    }
}

fn is_callee(body: &Body, id: ExprId) -> bool {
    matches!(body.parent(id).map(|up| body.kind(up)), Some(Kind::Call { callee, .. }) if *callee == id)
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
