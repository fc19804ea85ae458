//! Functions of a program that run while nothing else does: those on the straight way from `main`.
//!
//! A call that blocks its thread there delays nobody: it is the start of a server before it serves, or a command that does one thing after
//! the other.

use super::summary::Summary;
use crate::hash::{HashMap, HashSet};
use crate::index::{FunctionAt, Id, Owner, Workspace};
use crate::names::Known;
use crate::project::TargetKind;

/// The functions that are only called from `main` and from each other, nowhere in a closure, an async block or a bundle of futures.
pub(super) fn alone(workspace: &Workspace, summaries: &HashMap<Id, Summary>) -> HashSet<Id> {
    let named: HashSet<Id> = summaries.values().flat_map(|summary| summary.names.iter().copied()).collect();
    let mut alone: HashSet<Id> = workspace
        .functions
        .iter()
        .filter(|at| is_main(workspace, at) || is_own(workspace, at) && !named.contains(&at.id))
        .map(|at| at.id)
        .collect();
    let mut callers: HashMap<Id, Vec<(Id, bool)>> = HashMap::default();
    for at in workspace.functions.iter().filter(|at| !at.test) {
        for call in summaries.get(&at.id).into_iter().flat_map(|summary| &summary.calls) {
            callers.entry(call.to).or_default().push((at.id, call.apart));
        }
    }
    let mains: HashSet<Id> = workspace.functions.iter().filter(|at| is_main(workspace, at)).map(|at| at.id).collect();
    loop {
        let before = alone.len();
        let known = alone.clone();
        alone.retain(|id| {
            mains.contains(id)
                || callers.get(id).is_some_and(|callers| callers.iter().all(|(caller, apart)| !apart && known.contains(caller)))
        });
        if alone.len() == before {
            return alone;
        }
    }
}

fn is_main(workspace: &Workspace, at: &FunctionAt) -> bool {
    let function = workspace.index.function(at.id);
    &*function.name == "main" && function.owner == Owner::Module && workspace.files[at.at.file].kind == TargetKind::Bin
}

/// Nobody outside the workspace calls it: it belongs to a program, or to the library that a command keeps for itself.
fn is_own(workspace: &Workspace, at: &FunctionAt) -> bool {
    let function = workspace.index.function(at.id);
    let inherent = match function.owner {
        Owner::Module => true,
        Owner::Impl(item) => workspace.index.impl_item(Id { krate: at.id.krate, item }).of.is_none(),
        Owner::Trait(_) => false,
    };
    let source = &workspace.files[at.at.file];
    let package = &workspace.project.packages[source.package];
    let command = || {
        package.targets.iter().any(|target| target.kind == TargetKind::Bin)
            && package.deps.iter().any(|(name, _)| Known::TerminalTool.has(name))
    };
    inherent && !at.test && (source.kind == TargetKind::Bin || source.kind == TargetKind::Lib && command())
}
