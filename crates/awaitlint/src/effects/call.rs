//! The effect of one call and of one await.

use super::words;
use super::{Effect, Summaries};
use crate::ir::{Body, ExprId, Kind, Lit};
use crate::types::Typing;

/// Methods that start what a builder described; the verbs are further down the chain.
const TERMINALS: &[&str] = &[
    "send",
    "execute",
    "exec",
    "call",
    "run",
    "perform",
    "request",
    "into_future",
    "invoke",
    "fetch",
    "build",
    "query",
    "fire",
    "dispatch",
];

/// Methods that give back the future, the result or the value they are called on, as far as effects go.
const ADAPTERS: &[&str] = &[
    "boxed",
    "boxed_local",
    "fuse",
    "instrument",
    "in_current_span",
    "map",
    "map_err",
    "map_ok",
    "and_then",
    "or_else",
    "err_into",
    "compat",
    "context",
    "with_context",
    "wrap_err",
    "wrap_err_with",
    "unwrap",
    "expect",
    "unwrap_or",
    "unwrap_or_else",
    "unwrap_or_default",
    "ok",
    "ok_or",
    "ok_or_else",
    "err",
    "into_inner",
    "into",
    "try_into",
    "timeout",
    "inspect_err",
    "inspect",
    "into_diagnostic",
    "as_mut",
    "as_ref",
    "flatten",
    "to_owned",
    "then",
    "change_context",
    "attach",
    "attach_printable",
    "with_current_subscriber",
    "log_err",
    "warn_err",
    "cloned",
    "is_ok",
    "is_err",
    "is_some",
    "is_none",
    "unwrap_err",
    "expect_err",
    "shared",
    "into_future",
];

/// Calls whose last argument is the future that matters.
const WRAPPERS: &[&str] =
    &["timeout", "timeout_at", "pin", "new", "with_timeout", "instrument", "scope", "unconstrained", "assert_send", "boxed"];

/// Under methods and functions that only adapt, the call or other expression that does the work.
pub(crate) fn strip_adapters(body: &Body, mut expr: ExprId) -> ExprId {
    loop {
        expr = match body.kind(expr) {
            Kind::Method { receiver, name, args, .. } if ADAPTERS.contains(&&**name) && args.iter().all(|&arg| !has_await(body, arg)) => {
                *receiver
            }
            Kind::Try(inner) | Kind::Ref { inner, .. } | Kind::Cast(inner, _) | Kind::Unary(inner) | Kind::Deref(inner) => *inner,
            Kind::Call { callee, args } => match (body.kind(*callee), args.as_slice()) {
                (Kind::Path(path), [.., last]) if WRAPPERS.contains(&path.last()) && is_future_like(body, *last) => *last,
                (Kind::Path(path), [only]) if matches!(path.last(), "Ok" | "Some" | "Err") => *only,
                _ => return expr,
            },
            _ => return expr,
        };
    }
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
    let by_name = words::class(name);
    match typing.callee(call).and_then(|callee| callee.id()).and_then(|id| summaries.get(id)) {
        Some(summary) if !summary.waits => Effect::Idle,
        Some(summary) => match (by_name, summary.effect) {
            (Effect::Read, Effect::Unknown) => Effect::Read,
            (Effect::Unknown, by_body) => by_body,
            (by_name, by_body) => by_name.max(by_body),
        },
        None => by_name,
    }
}

/// What a chain of methods says by its verbs (`client.put(url).send()`) or its SQL (`query("SELECT …").fetch_one(pool)`).
pub(crate) fn chain(body: &Body, call: ExprId) -> Option<Effect> {
    let mut at = call;
    let mut verbs = Vec::new();
    let terminal = matches!(body.kind(call), Kind::Method { name, .. } if TERMINALS.contains(&&**name));
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
        if name.contains("query") || name == "sql" || name == "prepare" || name == "execute" || name.starts_with("raw") {
            if let Some(sql) = args.iter().find_map(|&arg| sql_of(body, arg)) {
                return Some(sql);
            }
        }
        verbs.push((name, args.clone()));
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
