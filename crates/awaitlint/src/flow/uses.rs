//! Reads and writes of places, for asking whether two pieces of code may run in either order.

use std::collections::BTreeSet;

use crate::hash::{HashMap, HashSet};
use crate::ir::{Body, ExprId, Kind, LocalId, LoopKind, Name, Receiver, StmtKind};
use crate::names::Known;
use crate::types::{Type, Typing};

/// A local, or a field path of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Place {
    pub(crate) local: LocalId,
    pub(crate) fields: Vec<Name>,
}

impl Place {
    /// One is the other, or a part of it.
    pub(crate) fn overlaps(&self, other: &Place) -> bool {
        self.local == other.local && self.fields.iter().zip(&other.fields).all(|(a, b)| a == b)
    }
}

/// What a piece of code does with the locals around it.
#[derive(Clone, Default, Debug)]
pub(crate) struct Uses {
    pub(crate) reads: BTreeSet<Place>,
    pub(crate) writes: BTreeSet<Place>,
    /// Places that a method of unknown receiver kind may write.
    pub(crate) maybe_writes: BTreeSet<Place>,
    /// Locals declared inside.
    pub(crate) declares: BTreeSet<LocalId>,
    pub(crate) returns: bool,
    pub(crate) breaks: bool,
    pub(crate) tries: bool,
}

/// Locals that stand for a part of another place which they may write: `let conn = &mut self.conn`, `let guard = map.lock()`.
#[derive(Default, Debug)]
pub(crate) struct Aliases {
    behind: HashMap<LocalId, Vec<Place>>,
    /// Bound by a plain `let x = …` to something that does not look like a borrow for writing.
    plain: HashSet<LocalId>,
}

impl Aliases {
    pub(crate) fn new(body: &Body) -> Aliases {
        let mut aliases = Aliases::default();
        for id in body.ids() {
            let Kind::Block { stmts, .. } = body.kind(id) else { continue };
            for stmt in stmts {
                if let StmtKind::Let { pat, init: Some(init), .. } = &stmt.kind {
                    let lent = aliases.lent(body, *init);
                    for local in body.bindings(*pat) {
                        if lent.is_empty() {
                            aliases.plain.insert(local);
                        } else {
                            aliases.behind.entry(local).or_default().extend(lent.iter().cloned());
                        }
                    }
                }
            }
        }
        aliases
    }

    /// The places that the value of `expr` may write through.
    fn lent(&self, body: &Body, expr: ExprId) -> Vec<Place> {
        let mut found = Vec::new();
        for id in body.descendants(expr) {
            match body.kind(id) {
                Kind::Ref { mutable: true, inner } => found.extend(place_of(body, *inner)),
                Kind::Method { receiver, name, .. } if Known::Lender.has(name) => found.extend(root_of(body, *receiver)),
                Kind::Local(local) if self.behind.contains_key(local) => found.push(Place { local: *local, fields: Vec::new() }),
                _ => {}
            }
        }
        found
    }

    fn resolve(&self, place: &Place, depth: u8, to: &mut BTreeSet<Place>) {
        for behind in self.behind.get(&place.local).into_iter().flatten() {
            if to.insert(behind.clone()) && depth > 0 {
                self.resolve(behind, depth - 1, to);
            }
        }
    }
}

impl Uses {
    /// What running `expr` does, closures and async blocks in it included.
    pub(crate) fn of(typing: &Typing<'_>, body: &Body, aliases: &Aliases, expr: ExprId) -> Uses {
        let mut uses = Uses::default();
        for id in body.descendants(expr) {
            uses.add(typing, body, id, expr);
        }
        for set in [&mut uses.reads, &mut uses.writes, &mut uses.maybe_writes] {
            let mut behind = BTreeSet::new();
            set.iter().for_each(|place| aliases.resolve(place, 4, &mut behind));
            set.extend(behind);
        }
        // A local that stands for something writable is written by whoever uses it.
        let used: Vec<Place> = uses.reads.iter().filter(|place| aliases.behind.contains_key(&place.local)).cloned().collect();
        uses.writes.extend(used);
        uses.maybe_writes.retain(|place| !aliases.plain.contains(&place.local));
        uses.forget_own();
        uses
    }

    pub(crate) fn merge(&mut self, other: &Uses) {
        self.reads.extend(other.reads.iter().cloned());
        self.writes.extend(other.writes.iter().cloned());
        self.maybe_writes.extend(other.maybe_writes.iter().cloned());
        self.declares.extend(other.declares.iter().copied());
        self.returns |= other.returns;
        self.breaks |= other.breaks;
        self.tries |= other.tries;
    }

    /// Places declared inside are nobody else's business.
    fn forget_own(&mut self) {
        let declares = std::mem::take(&mut self.declares);
        for set in [&mut self.reads, &mut self.writes, &mut self.maybe_writes] {
            set.retain(|place| !declares.contains(&place.local));
        }
        self.declares = declares;
    }

    fn add(&mut self, typing: &Typing<'_>, body: &Body, id: ExprId, whole: ExprId) {
        match body.kind(id) {
            Kind::Local(_) | Kind::Field(..) if !is_base(body, id) => {
                if let Some(place) = place_of(body, id) {
                    // Whoever is handed a `&mut` may write through it.
                    if matches!(typing.of(id), Type::Ref { mutable: true, .. }) && !is_receiver(body, id) {
                        self.writes.insert(place.clone());
                    }
                    // So may whoever is handed something of which nothing is known.
                    if typing.of(id).is_unknown() && is_argument(body, id) {
                        self.maybe_writes.insert(place.clone());
                    }
                    self.reads.insert(place);
                }
            }
            Kind::Ref { mutable: true, inner } => self.writes.extend(place_of(body, *inner)),
            // `(a, b) = pair`
            Kind::Assign { lhs, .. }
                if matches!(body.kind(*lhs), Kind::Tuple(_) | Kind::Array(_) | Kind::Call { .. } | Kind::Struct { .. }) =>
            {
                self.writes.extend(body.descendants(*lhs).into_iter().filter_map(|part| place_of(body, part)));
            }
            Kind::Assign { lhs, .. } => self.writes.extend(place_of(body, *lhs).or_else(|| root_of(body, *lhs))),
            Kind::Method { receiver, name, .. } => self.receiver(typing, body, id, *receiver, name),
            Kind::Macro { captured, .. } => self.reads.extend(captured.iter().map(|&local| Place { local, fields: Vec::new() })),
            Kind::Return(_) => self.returns |= !in_closure(body, id, whole),
            Kind::Break { .. } | Kind::Continue { .. } => self.breaks |= leaves(body, id, whole),
            Kind::Try(_) => self.tries |= !in_closure(body, id, whole),
            Kind::Closure { params, .. } => params.iter().for_each(|&pat| self.declares.extend(body.bindings(pat))),
            Kind::Let { pat, .. } => self.declares.extend(body.bindings(*pat)),
            Kind::Loop { kind: LoopKind::For { pat, .. }, .. } => self.declares.extend(body.bindings(*pat)),
            Kind::Match { arms, .. } => arms.iter().for_each(|arm| self.declares.extend(body.bindings(arm.pat))),
            Kind::Select { arms, .. } => arms.iter().for_each(|arm| self.declares.extend(body.bindings(arm.pat))),
            Kind::Block { stmts, .. } => {
                for stmt in stmts {
                    if let StmtKind::Let { pat, .. } = &stmt.kind {
                        self.declares.extend(body.bindings(*pat));
                    }
                }
            }
            _ => {}
        }
    }

    fn receiver(&mut self, typing: &Typing<'_>, body: &Body, call: ExprId, receiver: ExprId, name: &str) {
        let Some(place) = place_of(body, receiver).or_else(|| root_of(body, receiver).filter(|_| reaches_through(body, receiver))) else {
            return;
        };
        let exact = typing.callee(call).is_some_and(|callee| callee.exact && !callee.ids.is_empty());
        match typing.receiver_kind(call) {
            Some(Receiver::Mut | Receiver::Pin) => drop(self.writes.insert(place)),
            Some(Receiver::Ref) if exact => {}
            Some(Receiver::Value) if exact => {
                if matches!(typing.of(receiver), Type::Ref { mutable: true, .. }) {
                    self.writes.insert(place);
                }
            }
            // What is awaited is no method of the standard library.
            _ if Known::PureMethod.has(name) && !is_awaited(body, call) => {}
            _ => {
                let through_mut = matches!(typing.local(place.local), Type::Ref { mutable: true, .. });
                if body.local(place.local).mutable || through_mut {
                    self.writes.insert(place);
                } else if typing.of(receiver).is_unknown() && typing.local(place.local).is_unknown() {
                    self.maybe_writes.insert(place);
                }
            }
        }
    }

    /// Whether two pieces of code touch the same place and at least one writes it, or one needs what the other makes.
    pub(crate) fn conflicts(&self, other: &Uses) -> bool {
        let clash = |writes: &BTreeSet<Place>, with: &BTreeSet<Place>| writes.iter().any(|a| with.iter().any(|b| a.overlaps(b)));
        clash(&self.writes, &other.reads)
            || clash(&self.writes, &other.writes)
            || clash(&other.writes, &self.reads)
            || self.feeds(other)
            || other.feeds(self)
    }

    /// Whether `other` reads a local that this declares.
    pub(crate) fn feeds(&self, other: &Uses) -> bool {
        other.reads.iter().chain(&other.writes).any(|place| self.declares.contains(&place.local))
    }
}

/// The place that an expression is: a local, or fields of one, references and parentheses aside.
pub(crate) fn place_of(body: &Body, expr: ExprId) -> Option<Place> {
    match body.kind(expr) {
        Kind::Local(local) => Some(Place { local: *local, fields: Vec::new() }),
        Kind::Field(base, name) => {
            let mut place = place_of(body, *base)?;
            place.fields.push(name.clone());
            Some(place)
        }
        Kind::Deref(inner) | Kind::Ref { inner, .. } => place_of(body, *inner),
        _ => None,
    }
}

/// The place at the root of a chain of methods, fields and indices.
pub(crate) fn root_of(body: &Body, expr: ExprId) -> Option<Place> {
    match body.kind(expr) {
        Kind::Method { receiver, .. } => root_of(body, *receiver),
        Kind::Index(base, _) | Kind::Await(base) | Kind::Try(base) | Kind::Cast(base, _) => root_of(body, *base),
        Kind::Field(base, _) if place_of(body, expr).is_none() => root_of(body, *base),
        Kind::Deref(base) | Kind::Ref { inner: base, .. } if place_of(body, expr).is_none() => root_of(body, *base),
        _ => place_of(body, expr),
    }
}

/// A chain that still refers to its root: `self.items[i].change()`, `map.get_mut(k).unwrap().change()`.
fn reaches_through(body: &Body, expr: ExprId) -> bool {
    match body.kind(expr) {
        Kind::Index(base, _) => place_of(body, *base).is_some() || reaches_through(body, *base),
        Kind::Method { receiver, name, .. } => {
            let passes = Known::Lender.has(name)
                || matches!(
                    &**name,
                    "unwrap" | "expect" | "as_mut" | "deref_mut" | "first_mut" | "last_mut" | "or_default" | "or_insert_with"
                );
            passes && (place_of(body, *receiver).is_some() || reaches_through(body, *receiver))
        }
        Kind::Try(base) | Kind::Await(base) => reaches_through(body, *base),
        Kind::Field(base, _) => reaches_through(body, *base),
        _ => false,
    }
}

/// The expression is the base of a field access that is looked at as a whole.
fn is_base(body: &Body, id: ExprId) -> bool {
    matches!(body.parent(id).map(|parent| body.kind(parent)), Some(Kind::Field(base, _)) if *base == id)
}

fn is_argument(body: &Body, id: ExprId) -> bool {
    match body.parent(id).map(|parent| body.kind(parent)) {
        Some(Kind::Call { args, .. } | Kind::Method { args, .. }) => args.contains(&id),
        _ => false,
    }
}

/// The result of the call is awaited, with nothing but a lock's name to say otherwise.
fn is_awaited(body: &Body, call: ExprId) -> bool {
    let lock =
        matches!(body.kind(call), Kind::Method { name, args, .. } if args.is_empty() && matches!(&**name, "lock" | "read" | "write"));
    !lock && matches!(body.parent(call).map(|parent| body.kind(parent)), Some(Kind::Await(_)))
}

fn is_receiver(body: &Body, id: ExprId) -> bool {
    matches!(body.parent(id).map(|parent| body.kind(parent)), Some(Kind::Method { receiver, .. }) if *receiver == id)
}

fn in_closure(body: &Body, id: ExprId, whole: ExprId) -> bool {
    let inside = body.ancestors(id).take_while(|&up| up != whole);
    inside.into_iter().any(|up| matches!(body.kind(up), Kind::Closure { .. } | Kind::Async { .. }))
        || id != whole && matches!(body.kind(whole), Kind::Closure { .. } | Kind::Async { .. })
}

/// A `break` or `continue` whose loop or block is not inside `whole`.
fn leaves(body: &Body, id: ExprId, whole: ExprId) -> bool {
    let (Kind::Break { label, .. } | Kind::Continue { label }) = body.kind(id) else { return false };
    let mut around: Vec<ExprId> = body.ancestors(id).take_while(|&up| up != whole).collect();
    if id != whole {
        around.push(whole);
    }
    !around.into_iter().any(|up| match body.kind(up) {
        Kind::Loop { label: l, .. } => label.is_none() || l == label,
        Kind::Block { label: Some(l), .. } => label.as_ref() == Some(l),
        Kind::Closure { .. } | Kind::Async { .. } => true,
        _ => false,
    })
}
