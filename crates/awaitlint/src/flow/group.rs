//! Runs of awaits that need nothing of each other.

use super::{Uses, awaits, in_condition};
use crate::effects::{Effect, is_gate, strip_adapters};
use crate::ir::{ExprId, Kind, PatId, Stmt, StmtKind};
use crate::rules::Cx;
use crate::source::Span;

/// Nobody writes more into one `join!`, and everything here compares each with each.
const MAX_SITES: usize = 32;

/// A statement or operand with exactly one await, at its end: `let a = f(x).await?;`.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// The statement, or the operand.
    pub(crate) span: Span,
    /// What it binds, if it is a `let`.
    pub(crate) pat: Option<PatId>,
    /// All of the value: the await with what is done to its result.
    pub(crate) value: ExprId,
    pub(crate) wait: ExprId,
    /// The call that is awaited.
    pub(crate) work: ExprId,
    pub(crate) effect: Effect,
    pub(crate) uses: Uses,
    /// The result is used for something.
    pub(crate) bound: bool,
}

/// Awaits that could run at the same time.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) sites: Vec<Site>,
    /// Statements without await stand between them.
    pub(crate) apart: bool,
}

/// The site that a statement is.
pub(crate) fn site_of(cx: &Cx<'_>, stmt: &Stmt) -> Option<Site> {
    let (value, pat, bound) = match &stmt.kind {
        StmtKind::Let { pat, init: Some(init), otherwise: None, .. } => (*init, Some(*pat), true),
        StmtKind::Expr { expr, .. } => match cx.body.kind(*expr) {
            Kind::Assign { rhs, .. } => (*rhs, None, true),
            _ => (*expr, None, false),
        },
        StmtKind::Let { .. } => return None,
    };
    let mut site = site(cx, value, stmt.span)?;
    if let StmtKind::Expr { expr, .. } = &stmt.kind {
        site.uses = cx.uses(*expr);
    }
    if let Some(pat) = pat {
        site.uses.declares.extend(cx.body.bindings(pat));
    }
    site.pat = pat;
    site.bound = bound && pat.is_none_or(|pat| !cx.body.bindings(pat).is_empty());
    Some(site)
}

/// The site that an expression is: one await that always runs, with nothing but adapters around it.
pub(crate) fn site(cx: &Cx<'_>, value: ExprId, span: Span) -> Option<Site> {
    let wait = strip_adapters(cx.body, value);
    let Kind::Await(base) = cx.body.kind(wait) else { return None };
    if awaits(cx.body, value) != [wait] {
        return None;
    }
    let work = strip_adapters(cx.body, *base);
    let uses = cx.uses(value);
    let plain = matches!(cx.body.kind(work), Kind::Call { .. } | Kind::Method { .. } | Kind::Macro { .. });
    (plain && !uses.returns && !uses.breaks).then(|| Site {
        span,
        pat: None,
        value,
        wait,
        work,
        effect: cx.effect(wait),
        uses,
        bound: true,
    })
}

/// The groups of two and more among the statements of a block.
///
/// Only awaits of one kind form a group: a write behind two reads neither joins them nor keeps them from being joined.
pub(crate) fn groups_of_block(cx: &Cx<'_>, stmts: &[Stmt]) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut group = Group { sites: Vec::new(), apart: false };
    let mut between: Vec<Uses> = Vec::new();
    for stmt in stmts {
        let site = site_of(cx, stmt).filter(|site| site.effect != Effect::Idle && !stmt.cfg);
        let passes = if site.is_some() { None } else { harmless(cx, stmt) };
        match (site, passes) {
            (Some(site), _) => {
                let fits = group
                    .sites
                    .iter()
                    .all(|other| tier(cx, other) == tier(cx, &site) && !other.uses.conflicts(&site.uses) && !same_call(cx, other, &site));
                // What stands between must be able to move up, before the group.
                let movable = between.iter().all(|uses| group.sites.iter().all(|other| !other.uses.conflicts(uses)));
                if !fits || !movable || site.effect == Effect::Ordered || group.sites.len() == MAX_SITES {
                    finish(&mut group, &mut groups);
                }
                group.apart |= !group.sites.is_empty() && !between.is_empty();
                between.clear();
                if site.effect != Effect::Ordered {
                    group.sites.push(site);
                }
            }
            (None, Some(uses)) => between.push(uses),
            (None, None) => {
                finish(&mut group, &mut groups);
                between.clear();
            }
        }
    }
    finish(&mut group, &mut groups);
    groups
}

/// What is there for its value, and what is there for its effect or to stop what follows.
fn tier(cx: &Cx<'_>, site: &Site) -> u8 {
    let gate = site.uses.tries && is_gate(cx.called(site.work));
    u8::from(site.effect >= Effect::Write || !site.bound || gate)
}

/// The same call twice is meant to see a change.
fn same_call(cx: &Cx<'_>, a: &Site, b: &Site) -> bool {
    cx.source(cx.body.span(a.work)) == cx.source(cx.body.span(b.work))
}

fn finish(group: &mut Group, to: &mut Vec<Group>) {
    let done = std::mem::replace(group, Group { sites: Vec::new(), apart: false });
    if done.sites.len() > 1 {
        to.push(done);
    }
}

/// A `let` that neither waits (for anything outside) nor leaves nor shows anything: it could as well stand earlier.
fn harmless(cx: &Cx<'_>, stmt: &Stmt) -> Option<Uses> {
    let StmtKind::Let { pat, init: Some(init), otherwise: None, .. } = &stmt.kind else { return None };
    let mut uses = cx.uses(*init);
    let idle = awaits(cx.body, *init).into_iter().all(|wait| cx.effect(wait) == Effect::Idle);
    let calm = idle && !uses.returns && !uses.breaks && !uses.tries && uses.writes.is_empty();
    let quiet = cx.body.descendants(*init).into_iter().all(|id| match cx.body.kind(id) {
        Kind::Call { .. } | Kind::Method { .. } => {
            crate::effects::effect_of_call(&cx.typing, &cx.session.summaries, cx.body, id) <= Effect::Unknown
        }
        Kind::Macro { path, .. } => matches!(path.last(), "format" | "vec" | "json"),
        _ => true,
    });
    uses.declares.extend(cx.body.bindings(*pat));
    (calm && quiet).then_some(uses)
}

/// The group that the operands of one expression form: `f(a().await, b().await)`.
pub(crate) fn group_of_operands(cx: &Cx<'_>, whole: ExprId) -> Option<Group> {
    let operands = match cx.body.kind(whole) {
        Kind::Call { args, .. } | Kind::Tuple(args) | Kind::Array(args) | Kind::Macro { args, .. } => args.clone(),
        Kind::Method { receiver, args, .. } => std::iter::once(*receiver).chain(args.iter().copied()).collect(),
        Kind::Struct { fields, .. } => fields.iter().map(|(_, value)| *value).collect(),
        Kind::Binary { lazy: false, lhs, rhs, .. } => vec![*lhs, *rhs],
        _ => return None,
    };
    let mut sites: Vec<Site> = Vec::new();
    for operand in operands {
        if sites.len() == MAX_SITES {
            break;
        }
        let waits = awaits(cx.body, operand);
        match waits.as_slice() {
            [] => {}
            [wait] if !in_condition(cx.body, *wait, operand) => {
                let site = site(cx, operand, cx.body.span(operand)).or_else(|| deep_site(cx, operand, *wait))?;
                if sites.iter().any(|other| other.uses.conflicts(&site.uses)) {
                    return None;
                }
                sites.push(site);
            }
            _ => return None,
        }
    }
    (sites.len() > 1).then_some(Group { sites, apart: false })
}

/// An await inside an operand that does something more with its result.
fn deep_site(cx: &Cx<'_>, operand: ExprId, wait: ExprId) -> Option<Site> {
    let mut found = site(cx, wait, cx.body.span(wait))?;
    found.uses = cx.uses(operand);
    Some(found)
}
