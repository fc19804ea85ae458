//! A future that is made and never awaited.

use super::{Cx, Draft};
use crate::finding::{Edit, Fix, Grade, Level};
use crate::flow::{Context, context};
use crate::ir::{ExprId, Kind, LocalId, PatKind, Stmt, StmtKind};
use crate::types::Type;

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    for id in cx.body.ids() {
        match cx.body.kind(id) {
            Kind::Block { stmts, .. } if !is_never_called(cx, id) => stmts.iter().for_each(|stmt| drafts.extend(statement(cx, stmt))),
            Kind::Call { args, .. } => {
                if let [arg] = args.as_slice()
                    && cx.callee(id).is_some_and(|callee| callee.is_any(&["std::mem::drop", "std::mem::forget"]))
                    && let Some(level) = lazy(cx, *arg)
                {
                    // What is dropped along with it may be cancelled just so.
                    let level = if matches!(cx.called(*arg), "abort" | "cancel") { Level::Pedantic } else { level };
                    drafts.push(report(cx, *arg, level, "is dropped without having run"));
                }
            }
            Kind::Assign { compound: false, lhs, rhs } if matches!(cx.body.kind(*lhs), Kind::Other(_)) => {
                if let Some(level) = lazy(cx, *rhs) {
                    drafts.push(report(cx, *rhs, level, "is thrown away without having run"));
                }
            }
            _ => {}
        }
    }
}

/// The body of `let _ = |request| { … }`, which only shows that it compiles.
fn is_never_called(cx: &Cx<'_>, block: ExprId) -> bool {
    let Some(closure) = cx.body.parent(block).filter(|&up| matches!(cx.body.kind(up), Kind::Closure { .. })) else { return false };
    let Some(Kind::Block { stmts, .. }) = cx.body.parent(closure).map(|up| cx.body.kind(up)) else { return false };
    stmts.iter().any(|stmt| match &stmt.kind {
        StmtKind::Let { pat, init, .. } => *init == Some(closure) && matches!(cx.body.pat(*pat).kind, PatKind::Wild),
        StmtKind::Expr { .. } => false,
    })
}

fn statement(cx: &Cx<'_>, stmt: &Stmt) -> Option<Draft> {
    match &stmt.kind {
        StmtKind::Let { pat, init: Some(init), otherwise: None, .. } => {
            let bound = match &cx.body.pat(*pat).kind {
                PatKind::Wild => None,
                PatKind::Bind(local, _) => Some(*local),
                _ => return None,
            };
            if let Some(level) = lazy(cx, *init) {
                let fate = match bound {
                    None => "is thrown away without having run",
                    Some(local) if unused(cx, local, *init) => "is bound to a name that nothing awaits",
                    Some(_) => return None,
                };
                return Some(report(cx, *init, level, fate));
            }
            let futures = holds_futures(cx.typing.of(*init)) || bound.is_some_and(|local| holds_futures(cx.typing.local(local)));
            let forgotten = bound.is_some_and(|local| only_counted(cx, local));
            // `let _tasks = …` says that nobody looks at them.
            let meant = bound.is_some_and(|local| cx.body.local(local).name.starts_with('_'));
            let level = if meant { Level::Pedantic } else { Level::Likely };
            (futures && forgotten).then(|| report(cx, *init, level, "makes futures that nothing polls"))
        }
        // rustc warns about a future as a statement, but not about an `Option` of one.
        StmtKind::Expr { expr, semicolon: true } => {
            let ty = cx.typing.of(*expr);
            let wrapped = ty.is("std::option::Option") && matches!(ty.arg(0), Type::Future(_));
            let made = matches!(cx.body.kind(*expr), Kind::Method { name, .. } if matches!(&**name, "map" | "and_then"));
            (wrapped && made).then(|| report(cx, *expr, Level::Likely, "makes a future that is thrown away without having run"))
        }
        _ => None,
    }
}

fn report(cx: &Cx<'_>, expr: ExprId, level: Level, fate: &str) -> Draft {
    let span = cx.body.span(expr);
    let inside = context(cx.function, cx.body, expr) == Context::Async;
    let awaitable = inside && matches!(cx.typing.of(expr), Type::Future(_));
    let fix = awaitable.then(|| Fix {
        grade: Grade::Unsafe,
        title: "await it".to_owned(),
        edits: vec![Edit { span: span.end(), text: ".await".to_owned() }],
    });
    let name = if matches!(cx.body.kind(expr), Kind::Async { .. }) { "this async block".to_owned() } else { cx.quoted(expr) };
    Draft::new(level, span, format!("the future of {name} {fate}"))
        .why("a future does nothing until it is polled: nothing of this has run, and nothing will")
        .help(if inside {
            "add `.await`, or spawn it if it shall run beside the rest"
        } else {
            "await it in an async function, or spawn it"
        })
        .fix(fix)
}

/// How sure it is that the value is a future of which nothing has run.
fn lazy(cx: &Cx<'_>, expr: ExprId) -> Option<Level> {
    if !matches!(cx.typing.of(expr), Type::Future(_)) {
        return None;
    }
    match cx.body.kind(expr) {
        Kind::Async { stream: false, .. } => Some(Level::Certain),
        Kind::Call { .. } | Kind::Method { .. } => {
            let callee = cx.callee(expr)?;
            if is_spawn(&callee.name) {
                return None;
            }
            let signature = callee.id().map(|id| &cx.workspace().index.function(id).signature);
            match signature {
                Some(signature) if signature.altered => None,
                Some(signature) if signature.is_async => Some(Level::Certain),
                // A plain function may have begun the work before it returned, and mostly has.
                Some(_) => cx.only_makes_a_future(callee.id()?).then_some(Level::Pedantic),
                None if callee.exact => callee.canon.as_ref().filter(|canon| canon.krate() != "std").map(|_| Level::Certain),
                // Known by its bare name alone.
                None => callee.ids.iter().all(|&id| cx.workspace().knows(id)).then_some(Level::Pedantic),
            }
        }
        _ => None,
    }
}

fn is_spawn(name: &str) -> bool {
    name.contains("spawn") || matches!(name, "start" | "launch" | "detach" | "remote_handle" | "notified" | "shared")
}

/// Nothing in the body names the local again, but for `drop(local)`.
fn unused(cx: &Cx<'_>, local: LocalId, init: ExprId) -> bool {
    uses_of(cx, local).into_iter().all(|id| {
        id.0 <= init.0
            || matches!(cx.body.parent(id).map(|up| (up, cx.body.kind(up))), Some((call, Kind::Call { .. })) if cx.callee(call).is_some_and(|c| c.is("std::mem::drop")))
    })
}

fn uses_of(cx: &Cx<'_>, local: LocalId) -> Vec<ExprId> {
    let names = |id: &ExprId| match cx.body.kind(*id) {
        Kind::Local(found) => *found == local,
        Kind::Macro { captured, .. } => captured.contains(&local),
        _ => false,
    };
    cx.body.ids().filter(names).collect()
}

fn holds_futures(ty: &Type) -> bool {
    let listed = ty.is_any(&["std::vec::Vec", "std::collections::VecDeque", "std::collections::HashMap"]);
    match ty {
        Type::Slice(item) => matches!(**item, Type::Future(_)),
        _ => listed && (matches!(ty.arg(0), Type::Future(_)) || matches!(ty.arg(1), Type::Future(_))),
    }
}

/// The local is only filled, counted or dropped.
fn only_counted(cx: &Cx<'_>, local: LocalId) -> bool {
    uses_of(cx, local).into_iter().all(|id| match cx.body.parent(id).map(|up| (up, cx.body.kind(up))) {
        Some((_, Kind::Method { receiver, name, .. })) => {
            *receiver == id
                && matches!(&**name, "len" | "is_empty" | "push" | "clear" | "capacity" | "push_back" | "reserve" | "truncate" | "insert")
        }
        Some((call, Kind::Call { .. })) => cx.callee(call).is_some_and(|callee| callee.is("std::mem::drop")),
        _ => false,
    })
}
