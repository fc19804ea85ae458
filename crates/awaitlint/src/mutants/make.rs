//! The mechanical changes.

use super::Mutant;
use crate::flow::{Context, context};
use crate::ir::{ExprId, JoinKind, Kind, PatKind, Stmt, StmtKind};
use crate::rules::{Cx, Rule, Session};
use crate::source::Span;
use crate::types::Type;

/// Every mutant of every function that is not test code.
pub(super) fn all(session: &Session) -> Vec<Mutant> {
    let workspace = &session.workspace;
    let mut mutants = Vec::new();
    for at in workspace.functions.iter().filter(|at| !at.test) {
        let functions = workspace.functions_of(at.at.file);
        let Some((item, function)) = functions.get(at.at.function) else { continue };
        if let Some(body) = &function.body {
            of_function(&Cx::new(session, *at, item, function, body), &mut mutants);
        }
    }
    mutants
}

fn of_function(cx: &Cx<'_>, to: &mut Vec<Mutant>) {
    for id in cx.body.ids() {
        if context(cx.function, cx.body, id) != Context::Async {
            continue;
        }
        match cx.body.kind(id) {
            Kind::Block { stmts, .. } => {
                for (at, stmt) in stmts.iter().enumerate() {
                    for (rule, text) in joined(cx, stmt) {
                        to.push(mutant(cx, stmt.span, &text, rule));
                    }
                    if let Some(text) = awaited(cx, stmt) {
                        to.push(mutant(cx, stmt.span, &text, Rule::UnawaitedFuture));
                    }
                    if drops_guard(cx, stmt, &stmts[at + 1..]) {
                        // The finding is at the guard, before the change: the whole block counts.
                        to.push(Mutant { lines: lines(cx, cx.body.span(id), 0), ..mutant(cx, stmt.span, "", Rule::GuardAcrossAwait) });
                    }
                }
            }
            Kind::Await(base) => {
                if let Some(text) = blocking(cx, *base) {
                    to.push(mutant(cx, cx.body.span(id), &text, Rule::BlockingInAsync));
                }
                if let Some((span, text)) = mapped(cx, id, *base) {
                    to.push(mutant(cx, span, &text, Rule::AwaitInLoop));
                }
            }
            _ => {}
        }
    }
}

fn mutant(cx: &Cx<'_>, span: Span, text: &str, rule: Rule) -> Mutant {
    let whole = cx.text();
    let changed = format!("{}{text}{}", &whole[..span.lo as usize], &whole[span.hi as usize..]);
    let path = cx.workspace().files[cx.at.at.file].path.clone();
    Mutant { path, text: changed, lines: lines(cx, span, text.matches('\n').count()), rule }
}

fn lines(cx: &Cx<'_>, span: Span, added: usize) -> std::ops::RangeInclusive<usize> {
    let text = cx.workspace().text(cx.at.at.file);
    text.line(span.lo)..=text.line(span.hi) + added
}

/// `let (a, b) = join!(f(), g());` one after the other, and as futures that are awaited one after the other.
fn joined(cx: &Cx<'_>, stmt: &Stmt) -> Vec<(Rule, String)> {
    let StmtKind::Let { pat, init: Some(init), .. } = &stmt.kind else { return Vec::new() };
    let (tries, join) = match cx.body.kind(*init) {
        Kind::Try(inner) => (true, *inner),
        _ => (false, *init),
    };
    let (Kind::Join { kind, args }, PatKind::Tuple(parts)) = (cx.body.kind(join), &cx.body.pat(*pat).kind) else { return Vec::new() };
    let calls = args.iter().all(|&arg| matches!(cx.body.kind(arg), Kind::Call { .. } | Kind::Method { .. }));
    if !calls || parts.len() != args.len() || tries != (*kind == JoinKind::TryJoin) {
        return Vec::new();
    }
    let question = if tries { "?" } else { "" };
    let names: Vec<&str> = parts.iter().map(|&part| cx.source(cx.body.pat(part).span)).collect();
    let futures: Vec<&str> = args.iter().map(|&arg| cx.source(cx.body.span(arg))).collect();
    let pairs = || names.iter().zip(&futures).enumerate();
    let serial: String = pairs().map(|(_, (name, future))| format!("let {name} = {future}.await{question};\n")).collect();
    let early: String = pairs().map(|(i, (_, future))| format!("let future_{i} = {future};\n")).collect();
    let late: String = pairs().map(|(i, (name, _))| format!("let {name} = future_{i}.await{question};\n")).collect();
    vec![(Rule::IndependentAwaits, serial), (Rule::LateAwait, early + &late)]
}

/// `f().await?;` without its await.
fn awaited(cx: &Cx<'_>, stmt: &Stmt) -> Option<String> {
    let StmtKind::Expr { expr, semicolon: true } = stmt.kind else { return None };
    let wait = match cx.body.kind(expr) {
        Kind::Try(inner) => *inner,
        _ => expr,
    };
    let Kind::Await(base) = cx.body.kind(wait) else { return None };
    let call = matches!(cx.body.kind(*base), Kind::Call { .. } | Kind::Method { .. }) && matches!(cx.typing.of(*base), Type::Future(_));
    call.then(|| format!("let _forgotten = {};", cx.source(cx.body.span(*base))))
}

/// `tokio::time::sleep(d)` and `tokio::fs::read(p)` as their blocking namesakes.
fn blocking(cx: &Cx<'_>, base: ExprId) -> Option<String> {
    let Kind::Call { args, .. } = cx.body.kind(base) else { return None };
    let callee = cx.callee(base)?;
    let name = &*callee.name;
    let path = match () {
        () if callee.is("tokio::time::sleep") => "std::thread::sleep".to_owned(),
        () if matches!(
            name,
            "read" | "read_to_string" | "write" | "copy" | "remove_dir_all" | "create_dir_all" | "rename" | "remove_file"
        ) && callee.is(&format!("tokio::fs::{name}")) =>
        {
            format!("std::fs::{name}")
        }
        () => return None,
    };
    let args: Vec<&str> = args.iter().map(|&arg| cx.source(cx.body.span(arg))).collect();
    Some(format!("{path}({})", args.join(", ")))
}

/// `stream::iter(xs).map(|x| f(x)).buffered(n).collect().await` as a loop.
fn mapped(cx: &Cx<'_>, wait: ExprId, base: ExprId) -> Option<(Span, String)> {
    let method = |id: ExprId, names: &[&str]| match cx.body.kind(id) {
        Kind::Method { receiver, name, args, .. } if names.contains(&&**name) => Some((*receiver, &**name, args.clone())),
        _ => None,
    };
    let (buffered, collect, _) = method(base, &["collect", "try_collect"])?;
    let (map, _, _) = method(buffered, &["buffered", "buffer_unordered"])?;
    let (stream, _, closure) = method(map, &["map"])?;
    let Kind::Call { args: items, .. } = cx.body.kind(stream) else { return None };
    let Kind::Closure { params, body, .. } = cx.body.kind(*closure.first()?) else { return None };
    if cx.called(stream) != "iter" {
        return None;
    }
    let tries = collect == "try_collect";
    let span = match cx.body.parent(wait).filter(|_| tries) {
        Some(up) if matches!(cx.body.kind(up), Kind::Try(_)) => cx.body.span(up),
        Some(_) => return None,
        None => cx.body.span(wait),
    };
    let (items, item) = (cx.source(cx.body.span(*items.first()?)), cx.source(cx.body.pat(*params.first()?).span));
    let (future, question) = (cx.source(cx.body.span(*body)), if tries { "?" } else { "" });
    Some((span, format!("{{\nlet mut all = Vec::new();\nfor {item} in {items} {{\nall.push({future}.await{question});\n}}\nall\n}}")))
}

/// `drop(guard);` with an await after it.
fn drops_guard(cx: &Cx<'_>, stmt: &Stmt, rest: &[Stmt]) -> bool {
    let StmtKind::Expr { expr, semicolon: true } = stmt.kind else { return false };
    let Kind::Call { args, .. } = cx.body.kind(expr) else { return false };
    let guard = args.iter().any(|&arg| crate::flow::guard_kind(cx.typing.of(arg)) == Some(crate::flow::GuardKind::Blocking));
    let waits = |stmt: &Stmt| match &stmt.kind {
        StmtKind::Let { init: Some(init), .. } => !crate::flow::awaits(cx.body, *init).is_empty(),
        StmtKind::Expr { expr, .. } => !crate::flow::awaits(cx.body, *expr).is_empty(),
        StmtKind::Let { .. } => false,
    };
    guard && cx.callee(expr).is_some_and(|callee| callee.is("std::mem::drop")) && rest.iter().any(waits)
}
