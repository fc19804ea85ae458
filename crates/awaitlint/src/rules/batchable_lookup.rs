//! The same lookup for many keys, one request each.

use super::{Cx, Draft};
use crate::effects::{Effect, effect_of_call, strip_adapters};
use crate::finding::Level;
use crate::ir::{ExprId, Kind};

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    for id in cx.body.ids() {
        let found = match cx.body.kind(id) {
            Kind::Join { args, .. } => same_lookups(cx, args),
            Kind::Call { args, .. } if matches!(cx.called(id), "join_all" | "try_join_all") => {
                args.first().and_then(|&arg| mapped(cx, arg))
            }
            Kind::Method { receiver, name, .. } if matches!(&**name, "buffered" | "buffer_unordered") => mapped(cx, *receiver),
            _ => None,
        };
        let Some(lookup) = found else { continue };
        let name = cx.called(lookup);
        let sibling = sibling(cx, name);
        if sibling.as_deref() == Some(&*cx.item.name) {
            continue; // this is the lookup of many
        }
        let help = match &sibling {
            Some(sibling) => format!("`{sibling}` looks many up at once"),
            None => cx.kit().batch_help().to_owned(),
        };
        // That a name like it takes a list does not say that it answers the same question.
        let draft = Draft::new(Level::Pedantic, cx.body.span(lookup), format!("`{name}` is asked for many keys with one request each"))
            .why("the requests run at the same time, but each is still a request: one with all keys costs a fraction")
            .help(help);
        drafts.push(draft);
    }
}

/// Two and more calls of one function that differ in what they look up.
fn same_lookups(cx: &Cx<'_>, args: &[ExprId]) -> Option<ExprId> {
    let works: Vec<ExprId> = args.iter().map(|&arg| strip_adapters(cx.body, arg)).filter(|&work| is_lookup(cx, work)).collect();
    let (&first, rest) = works.split_first()?;
    let same =
        rest.iter().any(|&other| cx.called(other) == cx.called(first) && cx.source(cx.body.span(other)) != cx.source(cx.body.span(first)));
    same.then_some(first)
}

/// `ids.iter().map(|id| client.user(id))`
fn mapped(cx: &Cx<'_>, arg: ExprId) -> Option<ExprId> {
    let map = cx.body.descendants(arg).into_iter().find(|&id| matches!(cx.body.kind(id), Kind::Method { name, .. } if &**name == "map"))?;
    let Kind::Method { args, .. } = cx.body.kind(map) else { return None };
    let Kind::Closure { params, body, .. } = cx.body.kind(*args.first()?) else { return None };
    let mut work = *body;
    loop {
        work = match cx.body.kind(work) {
            Kind::Async { body, .. } | Kind::Await(body) => *body,
            Kind::Block { stmts, .. } => match stmts.as_slice() {
                [only] => match &only.kind {
                    crate::ir::StmtKind::Expr { expr, .. } => *expr,
                    crate::ir::StmtKind::Let { .. } => return None,
                },
                _ => return None,
            },
            _ => break,
        };
        work = strip_adapters(cx.body, work);
    }
    let keys: Vec<_> = params.iter().flat_map(|&pat| cx.body.bindings(pat)).collect();
    let (Kind::Method { args, .. } | Kind::Call { args, .. }) = cx.body.kind(work) else { return None };
    let by_key = args
        .iter()
        .any(|&arg| cx.body.descendants(arg).into_iter().any(|id| matches!(cx.body.kind(id), Kind::Local(local) if keys.contains(local))));
    (by_key && is_lookup(cx, work)).then_some(work)
}

fn is_lookup(cx: &Cx<'_>, work: ExprId) -> bool {
    matches!(cx.body.kind(work), Kind::Call { .. } | Kind::Method { .. })
        && effect_of_call(&cx.typing, &cx.session.summaries, cx.body, work) == Effect::Read
}

/// A function of the same family that takes many: `get_users`, `get_user_batch`, `get_many`, `get_multi` for `get_user` and `get`.
fn sibling(cx: &Cx<'_>, name: &str) -> Option<String> {
    let verb = name.split('_').next().unwrap_or(name);
    let candidates = [
        format!("{name}s"),
        format!("{name}es"),
        format!("{name}_batch"),
        format!("{name}_many"),
        format!("{name}_multi"),
        format!("batch_{name}"),
        format!("{verb}_many"),
        format!("multi_{name}"),
        format!("m{name}"),
        format!("{name}s_by_ids"),
    ];
    let index = &cx.workspace().index;
    let takes_many = |name: &String| {
        let all = index.methods_named(name).iter().chain(index.functions_named(name));
        all.into_iter().any(|&id| index.function(id).signature.params.iter().any(|param| is_list(&param.ty)))
    };
    candidates.into_iter().find(takes_many)
}

fn is_list(ty: &crate::ir::Ty) -> bool {
    use crate::ir::Ty;
    match ty {
        Ty::Ref { inner, .. } => is_list(inner),
        Ty::Slice(_) => true,
        Ty::Path(path) => matches!(path.last(), "Vec" | "HashSet" | "BTreeSet"),
        Ty::Impl(bounds) => bounds.iter().any(|bound| matches!(bound.path.last(), "IntoIterator" | "Iterator")),
        _ => false,
    }
}
