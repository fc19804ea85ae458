//! Who makes a function run: the evidence that it runs again and again while somebody waits for it.
//!
//! A function that takes a request says so of itself; calls carry that on to what they call, through the whole graph, and a call in a loop that
//! pauses says that instead. A start and a loop that takes what comes carry nothing on.

use super::starts_up;
use super::summary::Summary;
use crate::hash::HashMap;
use crate::index::{FunctionAt, Id, Workspace};
use crate::ir::{Body, ExprId, Function, Item, Kind, LoopKind, Path, Signature, Ty};
use crate::project::TargetKind;

/// Ways in which a function comes to run, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Heat(u8);

impl Heat {
    /// A request is handled.
    const ASKED: Heat = Heat(1);
    /// A loop pauses between two runs.
    const TICKS: Heat = Heat(2);

    fn has(self, other: Heat) -> bool {
        self.0 & other.0 != 0
    }

    fn with(self, other: Heat) -> Heat {
        Heat(self.0 | other.0)
    }

    /// Requests make it run.
    pub(crate) fn is_asked(self) -> bool {
        self.has(Heat::ASKED)
    }

    /// A loop that pauses makes it run.
    pub(crate) fn ticks(self) -> bool {
        self.has(Heat::TICKS)
    }
}

/// How often an expression runs each time its function does.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum Pace {
    #[default]
    Once,
    /// In a loop that pauses.
    Ticks,
    /// In a loop that takes what comes.
    Comes,
}

/// The loops of a body that pause or take what comes.
pub(super) fn paces(body: &Body) -> Vec<(ExprId, Pace)> {
    let pace = |id: ExprId| match body.kind(id) {
        Kind::Loop { kind: LoopKind::Loop | LoopKind::While(_), .. } => {
            let inside: Vec<&str> = body.descendants(id).into_iter().filter_map(|inner| called(body, inner)).collect();
            if inside.iter().any(|name| takes(name)) {
                Some((id, Pace::Comes))
            } else {
                inside.iter().any(|name| pauses(name)).then_some((id, Pace::Ticks))
            }
        }
        _ => None,
    };
    body.ids().filter_map(pace).collect()
}

/// How often `expr` runs, by the innermost of those loops.
pub(super) fn pace(body: &Body, paces: &[(ExprId, Pace)], expr: ExprId) -> Pace {
    if paces.is_empty() {
        return Pace::Once;
    }
    body.ancestors(expr).find_map(|up| paces.iter().find(|(of, _)| *of == up)).map_or(Pace::Once, |&(_, pace)| pace)
}

fn called(body: &Body, id: ExprId) -> Option<&str> {
    match body.kind(id) {
        Kind::Method { name, .. } => Some(name),
        Kind::Call { callee, .. } => match body.kind(*callee) {
            Kind::Path(path) => Some(path.last()),
            _ => None,
        },
        _ => None,
    }
}

fn takes(name: &str) -> bool {
    matches!(name, "accept" | "next" | "next_event" | "next_line" | "read_frame" | "receive" | "try_next") || name.starts_with("recv")
}

fn pauses(name: &str) -> bool {
    matches!(name, "delay" | "sleep" | "sleep_until" | "tick")
}

/// What a function says of itself.
pub(super) fn own(workspace: &Workspace, at: &FunctionAt, item: &Item, function: &Function) -> Heat {
    let example = workspace.files[at.at.file].kind == TargetKind::Example;
    let asked = !starts(&item.name) && !example && is_request(&function.signature);
    if asked { Heat::ASKED } else { Heat::default() }
}

/// What makes a start run says nothing of what it makes run.
fn starts(name: &str) -> bool {
    name == "main" || starts_up(name)
}

/// The parameters or the result are those of a web framework's handlers, of a service or of a function in the cloud.
fn is_request(signature: &Signature) -> bool {
    signature.params.iter().any(|param| is_asked(&param.ty)) || is_answer(&signature.returns)
}

fn is_asked(ty: &Ty) -> bool {
    const PLAIN: &[&str] = &[
        "Depot",
        "Extension",
        "HeaderMap",
        "HttpRequest",
        "Incoming",
        "LambdaEvent",
        "Multipart",
        "Request",
        "ServiceRequest",
        "State",
        "WebSocketUpgrade",
    ];
    match ty {
        Ty::Ref { inner, .. } => is_asked(inner),
        Ty::Path(path) => {
            let holds = !path.args().is_empty() && matches!(path.last(), "Data" | "Form" | "Json" | "Path" | "Query");
            holds || PLAIN.contains(&path.last())
        }
        _ => false,
    }
}

fn is_answer(ty: &Ty) -> bool {
    let named = |path: &Path| {
        matches!(path.last(), "Html" | "HttpResponse" | "IntoResponse" | "Json" | "Redirect" | "Reply" | "Responder" | "Response")
    };
    match ty {
        Ty::Path(path) => named(path) || path.last().ends_with("Result") && path.args().first().is_some_and(is_answer),
        Ty::Impl(bounds) => bounds.iter().any(|bound| named(&bound.path)),
        _ => false,
    }
}

/// Carries what functions say of themselves to everything that they call.
pub(super) fn spread(workspace: &Workspace, functions: &mut HashMap<Id, Summary>) {
    let mut pending: Vec<Id> = workspace.functions.iter().filter(|at| !at.test).map(|at| at.id).collect();
    while let Some(id) = pending.pop() {
        let Some(from) = functions.get(&id) else { continue };
        let starts = starts(&workspace.index.function(id).name);
        let carried = |pace| match pace {
            Pace::Ticks => Heat::TICKS,
            Pace::Once if !starts => from.heat,
            Pace::Once | Pace::Comes => Heat::default(),
        };
        let calls: Vec<(Id, Heat)> = from.calls.iter().map(|call| (call.to, carried(call.pace))).collect();
        for (to, heat) in calls {
            if let Some(callee) = functions.get_mut(&to)
                && callee.heat.with(heat) != callee.heat
            {
                callee.heat = callee.heat.with(heat);
                pending.push(to);
            }
        }
    }
}
