//! The names that the checker knows something about: `names.txt`, by kind.

use crate::hash::HashMap;
use std::sync::LazyLock;

/// What is known of a name; each kind is explained in `names.txt`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Known {
    Prefix,
    Read,
    Write,
    Ordered,
    OrderedLater,
    Carrier,
    Gate,
    Startup,
    Terminal,
    Adapter,
    Wrapper,
    InPlace,
    Elsewhere,
    PureMethod,
    Lender,
    PlainMacro,
    Collector,
    Look,
    Store,
    Compute,
    Starter,
    Service,
    TerminalTool,
    Server,
    Far,
}

const KINDS: [(&str, Known); 25] = [
    ("prefix", Known::Prefix),
    ("read", Known::Read),
    ("write", Known::Write),
    ("ordered", Known::Ordered),
    ("ordered-later", Known::OrderedLater),
    ("carrier", Known::Carrier),
    ("gate", Known::Gate),
    ("startup", Known::Startup),
    ("terminal", Known::Terminal),
    ("adapter", Known::Adapter),
    ("wrapper", Known::Wrapper),
    ("in-place", Known::InPlace),
    ("elsewhere", Known::Elsewhere),
    ("pure-method", Known::PureMethod),
    ("lender", Known::Lender),
    ("plain-macro", Known::PlainMacro),
    ("collector", Known::Collector),
    ("look", Known::Look),
    ("store", Known::Store),
    ("compute", Known::Compute),
    ("starter", Known::Starter),
    ("service", Known::Service),
    ("terminal-tool", Known::TerminalTool),
    ("server", Known::Server),
    ("far", Known::Far),
];

/// The kinds of each name, one bit each.
static NAMES: LazyLock<HashMap<&'static str, u32>> = LazyLock::new(|| {
    let mut names = HashMap::default();
    let mut bit = 0;
    for line in include_str!("names.txt").lines().filter(|line| !line.starts_with('#')) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(kind) => bit = KINDS.iter().find(|(name, _)| *name == kind).map_or(0, |(_, known)| 1 << *known as u32),
            None => line.split_whitespace().for_each(|name| *names.entry(name).or_default() |= bit),
        }
    }
    names
});

impl Known {
    /// Whether this is known of `name`.
    pub(crate) fn has(self, name: &str) -> bool {
        NAMES.get(name).is_some_and(|kinds| kinds & (1 << self as u32) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_names_and_every_heading_a_kind() {
        for (kind, known) in KINDS {
            assert!(NAMES.values().any(|kinds| kinds & (1 << known as u32) != 0), "{kind}");
        }
        assert!(NAMES.values().all(|kinds| *kinds != 0), "a heading of names.txt is unknown");
    }
}
