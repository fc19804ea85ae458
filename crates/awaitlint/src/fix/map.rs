//! From a `for` loop with an await to a bounded concurrent map.

use super::Kit;
use crate::finding::{Edit, Fix, Grade};
use crate::ir::{ExprId, Kind, LocalId, LoopKind, PatKind, Stmt, StmtKind};
use crate::rules::Cx;
use crate::source::{Lexer, Span, TokenKind};

/// `for x in xs { out.push(f(x).await?); }` becomes `out.extend(try_map_concurrent(xs, limit, async |x| f(x).await).await?)`, or the same with a
/// stream of `futures`; without a limit in the configuration there is no fix.
pub(crate) fn of_loop(cx: &Cx<'_>, id: ExprId, reads: bool) -> Option<Fix> {
    let limit = cx.kit().limit?;
    let whole = cx.body.span(id);
    if Lexer::new(cx.source(whole)).any(|token| token.kind == TokenKind::Comment) {
        return None; // no place for it in the new form
    }
    let Rewritten { text, tries } = rewritten(cx, id, cx.kit(), limit)?;
    let safe = reads && !tries;
    Some(Fix {
        grade: if safe { Grade::MachineApplicable } else { Grade::Unsafe },
        title: format!("run up to {limit} at once"),
        edits: vec![Edit { span: whole, text }],
    })
}

/// A loop in its new form.
pub(crate) struct Rewritten {
    pub(crate) text: String,
    /// It may leave early by `?`.
    tries: bool,
}

/// A loop that only collects what one awaited call gives, or that only makes that call, with the crates of `kit`.
pub(crate) fn rewritten(cx: &Cx<'_>, id: ExprId, kit: Kit, limit: usize) -> Option<Rewritten> {
    let Kind::Loop { kind: LoopKind::For { iter, .. }, body: block, label: None } = cx.body.kind(id) else { return None };
    let Kind::Block { stmts, .. } = cx.body.kind(*block) else { return None };
    let Shape { future, tries, collect } = shape(cx, stmts)?;
    let pat = pattern(cx, cx.body.span(id))?;
    let iter = cx.source(cx.body.span(*iter));
    let future = cx.source(cx.body.span(future));
    let value = match tries {
        true if kit.awaitkit => {
            format!("awaitkit::try_map_concurrent({iter}, awaitkit::limit!({limit}), async |{pat}| {future}.await).await?")
        }
        false if kit.awaitkit => {
            format!("awaitkit::map_concurrent({iter}, awaitkit::limit!({limit}), async |{pat}| {future}.await).await")
        }
        true if kit.futures => format!(
            "futures::TryStreamExt::try_collect::<Vec<_>>(futures::StreamExt::buffered(futures::StreamExt::map(futures::stream::iter({iter}), async |{pat}| {future}.await), {limit})).await?"
        ),
        false if kit.futures => format!(
            "futures::StreamExt::collect::<Vec<_>>(futures::StreamExt::buffered(futures::StreamExt::map(futures::stream::iter({iter}), async |{pat}| {future}.await), {limit})).await"
        ),
        _ => return None,
    };
    let text = match &collect {
        Some(list) => format!("{list}.extend({value});"),
        None => format!("{value};"),
    };
    Some(Rewritten { text, tries })
}

struct Shape {
    future: ExprId,
    tries: bool,
    /// The list that the values are pushed to.
    collect: Option<String>,
}

/// One awaited call, whose value is pushed to a list or used for nothing.
fn shape(cx: &Cx<'_>, stmts: &[Stmt]) -> Option<Shape> {
    match stmts {
        [only] => {
            let StmtKind::Expr { expr, .. } = &only.kind else { return None };
            match pushed(cx, *expr) {
                Some((list, value)) => future(cx, value, Some(list)),
                None => future(cx, *expr, None),
            }
        }
        [bind, push] => {
            let (StmtKind::Let { pat, ty: None, init: Some(init), otherwise: None }, StmtKind::Expr { expr, .. }) =
                (&bind.kind, &push.kind)
            else {
                return None;
            };
            let PatKind::Bind(local, None) = cx.body.pat(*pat).kind else { return None };
            let (list, value) = pushed(cx, *expr)?;
            (is_local(cx, value, local)).then(|| future(cx, *init, Some(list)))?
        }
        _ => None,
    }
}

fn pushed(cx: &Cx<'_>, expr: ExprId) -> Option<(String, ExprId)> {
    let Kind::Method { receiver, name, args, .. } = cx.body.kind(expr) else { return None };
    let [value] = args.as_slice() else { return None };
    let list =
        matches!(cx.body.kind(*receiver), Kind::Local(_) | Kind::Field(..)).then(|| cx.source(cx.body.span(*receiver)).to_owned())?;
    (&**name == "push").then_some((list, *value))
}

fn is_local(cx: &Cx<'_>, expr: ExprId, local: LocalId) -> bool {
    matches!(cx.body.kind(expr), Kind::Local(found) if *found == local)
}

fn future(cx: &Cx<'_>, value: ExprId, collect: Option<String>) -> Option<Shape> {
    let (tries, wait) = match cx.body.kind(value) {
        Kind::Try(inner) => (true, *inner),
        _ => (false, value),
    };
    match cx.body.kind(wait) {
        Kind::Await(base) => Some(Shape { future: *base, tries, collect }),
        _ => None,
    }
}

/// The pattern between `for` and `in`.
fn pattern<'a>(cx: &Cx<'a>, whole: Span) -> Option<&'a str> {
    let head = cx.source(whole);
    let end = head.find(" in ")?;
    Some(head[..end].strip_prefix("for")?.trim())
}
