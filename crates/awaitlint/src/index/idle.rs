//! Which async functions of a dependency never wait: those that await nothing but locks and functions that never wait.

use super::FnItem;
use crate::hash::HashMap;
use crate::ir::Name;

/// Rounds of taking back before nothing more is believed.
const MAX_ROUNDS: usize = 16;

/// Marks the functions of a crate; `awaits` says by name what each awaits, where that is known.
pub(super) fn mark(fns: &mut [FnItem], awaits: &[Option<Vec<String>>]) {
    if awaits.iter().all(Option::is_none) {
        return;
    }
    let mut named: HashMap<Name, Vec<usize>> = HashMap::default();
    for (at, function) in fns.iter().enumerate() {
        named.entry(function.name.clone()).or_default().push(at);
    }
    // What a trait only declares is what the functions of that name do.
    let mut idle: Vec<bool> = fns.iter().map(|function| function.signature.is_async).collect();
    let says_nothing = |name: &str| matches!(name, "lock" | "read" | "write" | "lock_owned" | "ready" | "yield_now");
    for round in 0..=MAX_ROUNDS {
        let holds = |name: &str| {
            says_nothing(name) && !named.contains_key(name)
                || named.get(name).is_some_and(|all| {
                    all.iter().any(|&at| awaits[at].is_some())
                        && all.iter().all(|&at| idle[at] || awaits[at].is_none() && fns[at].signature.is_async)
                })
        };
        let wrong: Vec<usize> = (0..fns.len())
            .filter(|&at| idle[at])
            .filter(|&at| match &awaits[at] {
                Some(names) => !names.iter().all(|name| holds(name)),
                None => !holds(&fns[at].name),
            })
            .collect();
        if wrong.is_empty() {
            break;
        }
        if round == MAX_ROUNDS {
            return;
        }
        wrong.into_iter().for_each(|at| idle[at] = false);
    }
    fns.iter_mut().zip(idle).for_each(|(function, idle)| function.idle = idle);
}
