//! The effect of one call and of one await.

use super::reach::Reach;
use super::{Effect, Summaries, words};
use crate::ir::{Body, ExprId, Kind, Lit};
use crate::names::Known;
use crate::types::Typing;

/// Under methods and functions that only adapt, the call or other expression that does the work.
pub(crate) fn strip_adapters(body: &Body, mut expr: ExprId) -> ExprId {
    loop {
        expr = match body.kind(expr) {
            Kind::Method { receiver, name, args, .. }
                if is_adapter(body, *receiver, name) && args.iter().all(|&arg| !has_await(body, arg)) =>
            {
                *receiver
            }
            Kind::Try(inner) | Kind::Ref { inner, .. } | Kind::Cast(inner, _) | Kind::Unary(inner) | Kind::Deref(inner) => *inner,
            Kind::Call { callee, args } => match (body.kind(*callee), args.as_slice()) {
                (Kind::Path(path), [.., last]) if Known::Wrapper.has(path.last()) && is_future_like(body, *last) => *last,
                (Kind::Path(path), [only]) if matches!(path.last(), "Ok" | "Some" | "Err") => *only,
                _ => return expr,
            },
            _ => return expr,
        };
    }
}

/// `.boxed()`, `.unwrap()`, and what sets up a request that is described already: `client.send(request).with_timeout(t)`.
fn is_adapter(body: &Body, receiver: ExprId, name: &str) -> bool {
    Known::Adapter.has(name) || name.starts_with("with_") && matches!(body.kind(receiver), Kind::Method { .. } | Kind::Call { .. })
}

fn is_future_like(body: &Body, expr: ExprId) -> bool {
    matches!(body.kind(expr), Kind::Call { .. } | Kind::Method { .. } | Kind::Async { .. } | Kind::Local(_))
}

fn has_await(body: &Body, expr: ExprId) -> bool {
    body.descendants(expr).into_iter().any(|id| matches!(body.kind(id), Kind::Await(_)))
}

/// The effect of awaiting `base`.
pub(crate) fn effect_of_await(typing: &Typing<'_>, summaries: &Summaries, body: &Body, base: ExprId) -> Effect {
    let work = strip_adapters(body, base);
    match body.kind(work) {
        Kind::Call { .. } | Kind::Method { .. } => effect_of_call(typing, summaries, body, work),
        Kind::Macro { .. } => chain(body, work).unwrap_or(Effect::Unknown),
        Kind::Async { .. } | Kind::Join { .. } | Kind::Block { .. } | Kind::If { .. } | Kind::Match { .. } => {
            let calls = body.descendants(work).into_iter().filter_map(|id| match body.kind(id) {
                Kind::Await(inner) => Some(effect_of_await(typing, summaries, body, *inner)),
                _ => None,
            });
            calls.max().unwrap_or(Effect::Unknown)
        }
        _ => Effect::Unknown,
    }
}

/// The effect of running a call to its end.
pub(crate) fn effect_of_call(typing: &Typing<'_>, summaries: &Summaries, body: &Body, call: ExprId) -> Effect {
    let (name, args) = match body.kind(call) {
        Kind::Call { callee, args } => match body.kind(*callee) {
            Kind::Path(path) => (path.last(), args),
            Kind::Local(local) => (&*body.local(*local).name, args),
            _ => return Effect::Unknown,
        },
        Kind::Method { name, args, .. } => (&**name, args),
        _ => return Effect::Unknown,
    };
    if let Some(effect) = chain(body, call) {
        return effect;
    }
    let lock = args.is_empty() && matches!(name, "lock" | "read" | "write" | "lock_owned" | "read_owned" | "write_owned" | "acquire");
    if lock && matches!(body.kind(call), Kind::Method { .. }) {
        return Effect::Ordered;
    }
    let by_name = words::class(name).max(of_closures(body, args));
    let bodies = typing.bodies(call);
    let known = || bodies.iter().filter_map(|&id| summaries.get(id));
    match (known().map(|summary| summary.reach).max(), known().map(|summary| summary.effect).max()) {
        (Some(Reach::Nothing), _) => Effect::Idle,
        (Some(_), Some(by_body)) => match (by_name, by_body) {
            (Effect::Read, Effect::Unknown) => Effect::Read,
            (Effect::Unknown, by_body) => by_body,
            (by_name, by_body) => by_name.max(by_body),
        },
        _ if typing.is_idle(call) => Effect::Idle,
        _ => by_name,
    }
}

/// What the closures among the arguments do by the names of what they call: `all(items.iter().map(|item| item.handle(event)))`.
fn of_closures(body: &Body, args: &[ExprId]) -> Effect {
    let writes = |id: ExprId| matches!(body.kind(id), Kind::Method { name, .. } if words::class(name) == Effect::Write && !Known::PureMethod.has(name));
    let within = |&arg: &ExprId| {
        let closures = body.descendants(arg).into_iter().filter(|&id| matches!(body.kind(id), Kind::Closure { .. }));
        closures.into_iter().any(|closure| body.descendants(closure).into_iter().any(writes))
    };
    if args.iter().any(within) { Effect::Write } else { Effect::Idle }
}

/// What a chain of methods says by its verbs (`client.put(url).send()`) or its SQL (`query("SELECT …").fetch_one(pool)`).
pub(crate) fn chain(body: &Body, call: ExprId) -> Option<Effect> {
    let mut at = call;
    let mut verbs = Vec::new();
    let terminal = matches!(body.kind(call), Kind::Method { name, .. } if Known::Terminal.has(name));
    loop {
        let (name, args) = match body.kind(at) {
            Kind::Method { receiver, name, args, .. } => {
                at = *receiver;
                (name.to_string(), args)
            }
            Kind::Call { callee, args } => match body.kind(*callee) {
                Kind::Path(path) => {
                    at = *callee;
                    (path.last().to_owned(), args)
                }
                _ => break,
            },
            Kind::Macro { path, args, .. } => {
                let sql = args.iter().find_map(|&arg| sql_of(body, arg));
                if path.last().starts_with("query") {
                    return sql;
                }
                break;
            }
            Kind::Try(inner) | Kind::Await(inner) | Kind::Ref { inner, .. } => {
                at = *inner;
                continue;
            }
            _ => break,
        };
        let takes_sql = name.contains("query") || matches!(name.as_str(), "sql" | "prepare" | "execute") || name.starts_with("raw");
        if takes_sql && let Some(sql) = args.iter().find_map(|&arg| sql_of(body, arg)) {
            return Some(sql);
        }
        if name == "raw_sql" {
            return Some(Effect::Write); // a script, made elsewhere
        }
        verbs.push((name, args.clone()));
    }
    // `insert_into(table).values(row).get_result(conn)`
    let root = verbs.last().filter(|_| verbs.len() > 1 && matches!(body.kind(at), Kind::Path(_)));
    if root.is_some_and(|(name, _)| {
        matches!(name.as_str(), "insert_into" | "replace_into" | "insert_or_ignore_into" | "update" | "delete" | "insert")
    }) {
        return Some(Effect::Write);
    }
    if !terminal {
        return None;
    }
    let classes = verbs[1..].iter().filter_map(|(name, args)| {
        if let Some(method) = args.iter().find_map(|&arg| http_method(body, arg)) {
            return Some(method);
        }
        let builder = ["set_", "with_", "header", "add_", "body", "json", "build", "new"].iter().any(|word| name.starts_with(word));
        Some(words::class(name)).filter(|class| !builder && matches!(class, Effect::Read | Effect::Write))
    });
    classes.max()
}

fn http_method(body: &Body, arg: ExprId) -> Option<Effect> {
    let Kind::Path(path) = body.kind(arg) else { return None };
    match path.last_two() {
        ("Method", "GET" | "HEAD" | "OPTIONS") => Some(Effect::Read),
        ("Method", "POST" | "PUT" | "DELETE" | "PATCH") => Some(Effect::Write),
        _ => None,
    }
}

fn sql_of(body: &Body, arg: ExprId) -> Option<Effect> {
    match body.kind(arg) {
        Kind::Lit(Lit::Str(text)) => words::sql(text),
        Kind::Ref { inner, .. } => sql_of(body, *inner),
        Kind::Macro { path, args, .. } if path.last() == "format" => args.first().and_then(|&arg| sql_of(body, arg)),
        _ => None,
    }
}
