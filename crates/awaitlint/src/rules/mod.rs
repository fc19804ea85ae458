//! The rules: one module each, with the text that explains it beside it.

mod await_in_condition;
mod await_in_loop;
mod batchable_lookup;
mod block_on_at_entry;
mod block_on_in_async;
mod blocking_in_async;
mod busy_poll;
mod cancel_unsafe_in_select;
mod cx;
mod detached_handle;
mod doubts;
mod evidence;
mod futurelock;
mod guard_across_await;
mod independent_awaits;
mod late_await;
mod memo_race;
mod place;
mod stalled_stream;
mod unawaited_future;
mod unbounded_concurrency;
mod zero_concurrency;

use crate::finding::Level;

pub(crate) use await_in_loop::runs_at_once;
pub(crate) use cx::{Cx, Draft, Session};

/// A rule.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Rule {
    /// An await in a `for` loop whose iterations do not depend on each other.
    AwaitInLoop,
    /// Awaits one after the other that need nothing of each other.
    IndependentAwaits,
    /// A future that is made and never awaited.
    UnawaitedFuture,
    /// A future that is made early and awaited late, in the belief that it runs in between.
    LateAwait,
    /// Look, wait, store: two tasks do the same work.
    MemoRace,
    /// A call that blocks the thread in code that tasks run.
    BlockingInAsync,
    /// `block_on` in code that a runtime runs.
    BlockOnInAsync,
    /// `block_on` around everything in `main`.
    BlockOnAtEntry,
    /// A lock, a borrow or a span held while the task waits.
    GuardAcrossAwait,
    /// The same lookup for many keys, one request each.
    BatchableLookup,
    /// A loop that asks again and again instead of waiting.
    BusyPoll,
    /// An await in an operand that is evaluated only sometimes.
    AwaitInCondition,
    /// As many things at once as there happen to be.
    UnboundedConcurrency,
    /// A limit of zero: nothing ever runs.
    ZeroConcurrency,
    /// A spawned task whose result nobody sees.
    DetachedHandle,
    /// An operation in `select!` that loses data when another arm is faster.
    CancelUnsafeInSelect,
    /// A future that `select!` stops polling while it may hold what an arm waits for.
    Futurelock,
    /// A buffered stream that stands still while its consumer waits.
    StalledStream,
    /// An exception that is of no use: without reason, or without anything to except.
    Exception,
}

/// Everything about a rule but its code.
struct Entry {
    rule: Rule,
    name: &'static str,
    explain: &'static str,
    check: fn(&Cx<'_>, &mut Vec<Draft>),
}

macro_rules! rules {
    ($($rule:ident $module:ident $name:literal,)*) => {
        const RULES: &[Entry] = &[$(Entry {
            rule: Rule::$rule,
            name: $name,
            explain: include_str!(concat!(stringify!($module), ".md")),
            check: $module::check,
        },)*];
    };
}

rules! {
    AwaitInLoop await_in_loop "await-in-loop",
    IndependentAwaits independent_awaits "independent-awaits",
    UnawaitedFuture unawaited_future "unawaited-future",
    LateAwait late_await "late-await",
    MemoRace memo_race "memo-race",
    BlockingInAsync blocking_in_async "blocking-in-async",
    BlockOnInAsync block_on_in_async "block-on-in-async",
    BlockOnAtEntry block_on_at_entry "block-on-at-entry",
    GuardAcrossAwait guard_across_await "guard-across-await",
    BatchableLookup batchable_lookup "batchable-lookup",
    BusyPoll busy_poll "busy-poll",
    AwaitInCondition await_in_condition "await-in-condition",
    UnboundedConcurrency unbounded_concurrency "unbounded-concurrency",
    ZeroConcurrency zero_concurrency "zero-concurrency",
    DetachedHandle detached_handle "detached-handle",
    CancelUnsafeInSelect cancel_unsafe_in_select "cancel-unsafe-in-select",
    Futurelock futurelock "futurelock",
    StalledStream stalled_stream "stalled-stream",
}

const EXCEPTION: (&str, &str) = ("exception", include_str!("exception.md"));

impl Rule {
    /// All rules in the order in which they are listed.
    pub fn all() -> impl Iterator<Item = Rule> {
        RULES.iter().map(|entry| entry.rule).chain([Rule::Exception])
    }

    /// The rule of this name; `_` is as good as `-`.
    pub fn named(name: &str) -> Option<Rule> {
        let name = name.replace('_', "-");
        Rule::all().find(|rule| rule.name() == name)
    }

    /// The name in options, configuration, exceptions and output.
    pub fn name(self) -> &'static str {
        self.entry().map_or(EXCEPTION.0, |entry| entry.name)
    }

    /// What the rule finds, why, how to mend it and when to ignore it.
    pub fn explain(self) -> &'static str {
        self.entry().map_or(EXCEPTION.1, |entry| entry.explain)
    }

    /// What it finds is nobody's concern where something only stands in for something else: it costs time, or a word in a log.
    fn is_about_use(self) -> bool {
        use Rule::{
            AwaitInLoop, BatchableLookup, BlockOnInAsync, BlockingInAsync, BusyPoll, DetachedHandle, IndependentAwaits, LateAwait, MemoRace,
        };
        matches!(
            self,
            AwaitInLoop
                | BatchableLookup
                | BlockOnInAsync
                | BlockingInAsync
                | BusyPoll
                | DetachedHandle
                | IndependentAwaits
                | LateAwait
                | MemoRace
        )
    }

    fn entry(self) -> Option<&'static Entry> {
        RULES.iter().find(|entry| entry.rule == self)
    }
}

/// Runs the wanted rules on one function.
pub(crate) fn check(cx: &Cx<'_>, wanted: &dyn Fn(Rule) -> bool) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for entry in RULES.iter().filter(|entry| wanted(entry.rule)) {
        let first = drafts.len();
        (entry.check)(cx, &mut drafts);
        drafts[first..].iter_mut().for_each(|draft| draft.rule = entry.rule);
    }
    if cx.is_stand_in() {
        drafts.iter_mut().filter(|draft| draft.rule.is_about_use()).for_each(|draft| draft.level = Level::Pedantic);
    }
    drafts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_name_and_a_full_explanation() {
        for rule in Rule::all() {
            assert_eq!(Rule::named(rule.name()), Some(rule));
            let text = rule.explain();
            assert!(text.starts_with(&format!("# {}\n", rule.name())), "{}", rule.name());
            for part in ["## What", "## Why", "## Before and after", "## When to ignore it"] {
                assert!(text.contains(part), "{} lacks {part}", rule.name());
            }
        }
    }
}
