//! A call that blocks the thread in code that tasks run.

use super::{Cx, Draft};
use crate::effects::{BlockingCall, Reach, Waits, Weight, blocking_call, is_startup};
use crate::finding::{Edit, Fix, Grade, Level};
use crate::flow::{Context, context, enclosing_loops};
use crate::hash::HashSet;
use crate::index::{Id, Owner};
use crate::ir::{ExprId, Kind, LoopKind, StmtKind};
use crate::names::Known;
use crate::project::TargetKind;

pub(super) fn check(cx: &Cx<'_>, drafts: &mut Vec<Draft>) {
    let mut seen = HashSet::default();
    for id in cx.body.ids() {
        if !matches!(cx.body.kind(id), Kind::Call { .. } | Kind::Method { .. }) || context(cx.function, cx.body, id) != Context::Async {
            continue;
        }
        if cx.body.ancestors(id).any(|up| cx.called(up) == "spawn_blocking") {
            continue; // a future, but on a thread where blocking is allowed
        }
        if let Some(call) = blocking_call(&cx.typing, cx.body, id) {
            // What is awaited is another function of that name, imported under another condition of compilation.
            if call.waits != Waits::BlockOn && !is_awaited(cx, id) {
                drafts.push(report(cx, id, &call, &[], false));
            }
        } else if let Some(to) = cx.callee(id).and_then(|callee| callee.id())
            && let Some(path) = cx.session.blocking.get(to)
            && path.call.waits != Waits::BlockOn
            && !is_awaited(cx, id)
            && seen.insert(to)
        {
            let index = &cx.workspace().index;
            let through: Vec<String> = path.through.iter().map(|&id| index.describe(id)).collect();
            drafts.push(report(cx, id, &path.call, &through, path.sometimes));
        }
    }
}

fn report(cx: &Cx<'_>, id: ExprId, call: &BlockingCall, through: &[String], sometimes: bool) -> Draft {
    let name = cx.quoted(id);
    let direct = cx.called(id) == call.what.rsplit("::").next().unwrap_or_default() && through.is_empty();
    let message = if direct {
        format!("`{}` blocks the thread in async code", call.what)
    } else {
        let path: Vec<&str> =
            std::iter::once(cx.called(id)).chain(through.iter().map(String::as_str)).chain([call.what.as_str()]).collect();
        format!("{name} blocks the thread in async code: {}", path.join(" → "))
    };
    let help = match call.instead {
        Some(instead) if direct => format!("use `{instead}`, which waits without blocking"),
        _ => "run it with `spawn_blocking`, or use its async counterpart".to_owned(),
    };
    let mut fix = swap(cx, id, call);
    if !direct {
        fix = None;
    }
    let depth = if direct { 0 } else { through.len() + 1 };
    Draft::new(level(cx, id, call, depth, sometimes), cx.body.span(id), message)
        .why(format!("it {}, and no other task of this thread runs meanwhile, timers and connections included", call.waits.describe()))
        .help(help)
        .fix(fix)
}

/// A look into a directory is over soon; a long way through plain functions is often not taken, as is one under a condition; what runs at the
/// start of a program disturbs nobody, and examples are there to be read.
fn level(cx: &Cx<'_>, id: ExprId, call: &BlockingCall, depth: usize, sometimes: bool) -> Level {
    let mut doubts = match (call.weight, depth) {
        (Weight::Light, _) | (Weight::Middle, 1..) | (_, 3..) => 2,
        (Weight::Middle, _) if !is_often_called(cx, id) => 2,
        (Weight::Middle, _) | (Weight::Heavy, 2) => 1,
        (Weight::Heavy, _) => 0,
    };
    let start = is_startup(&cx.item.name) || depth > 0 && is_startup(cx.called(id)) || cx.makes_its_type();
    let start = start || depth > 0 && cx.called(id) == "load" && &*cx.item.name == "load"; // one part of something bigger is loaded
    let start = start || call.waits == Waits::Files && before_endless(cx, id);
    let failed = depth > 0 && speaks_of_failure(cx.called(id)) || cx.after_a_failure(id);
    let switched = depth > 0 && (sometimes || speaks_of_a_dump(cx.called(id))) || is_switched_on(cx, id);
    let meant = is_all_of_a_future(cx, id) || depth == 0 && call.what.starts_with("std::fs::File::") && on_a_lent_file(cx, id);
    let double = cx.in_a_double(id);
    let example = cx.target() == TargetKind::Example && call.waits != Waits::Sleep;
    let without = without_runtime(cx, id, call.waits == Waits::Sleep);
    let quick = of_the_kernel(cx, id) || before_binding(cx, id);
    let command = call.waits == Waits::Input
        || call.waits != Waits::Sleep && (cx.is_of_a_command() || cx.depends_on(Known::TerminalTool))
        || cx.is_in_commands()
        || cx.is_blocking_form()
        || cx.is_of_a_tool();
    let set_up = matches!(call.waits, Waits::Process | Waits::Thread) && depth > 1 || call.waits == Waits::Process && depth > 0; // mostly once
    let doubtful = start || failed || switched || meant || double || example || without || quick || command || set_up;
    doubts += 2 * u8::from(doubtful || cx.runs_alone(id));
    doubts += u8::from(call.what.ends_with("JoinHandle::join")); // it may have ended long ago
    // Beside requests, and beside the callers of an interface, there are others whose turn it would be; beside other methods there may be.
    let has_others = cx.is_asked() || cx.is_an_interface();
    let waits_as_well = || matches!(cx.farthest(), None | Some(Reach::Files | Reach::Outside));
    let may_have_others = cx.lives() && (call.waits == Waits::Sleep || waits_as_well());
    match doubts {
        _ if &*cx.item.name == "main" || cx.target() == TargetKind::Build => Level::Pedantic,
        0 if has_others => Level::Certain,
        0 if may_have_others => Level::Likely,
        1 if has_others => Level::Likely,
        _ => Level::Pedantic,
    }
}

/// In a loop, in the implementation of a trait, or in a function that waits for other files without blocking: what is over soon when it is done
/// once matters here.
fn is_often_called(cx: &Cx<'_>, id: ExprId) -> bool {
    let index = &cx.workspace().index;
    let implements = match index.function(cx.at.id).owner {
        Owner::Impl(item) => index.impl_item(Id { krate: cx.at.id.krate, item }).of.is_some(),
        Owner::Module | Owner::Trait(_) => false,
    };
    let waits = |id: ExprId| {
        let canon = cx.callee(id).and_then(|callee| callee.canon.as_ref());
        canon.is_some_and(|canon| matches!(canon.krate(), "tokio" | "async_std" | "smol") && canon.has_any(&["fs"]))
    };
    implements || !enclosing_loops(cx.body, id).is_empty() || cx.body.ids().any(waits)
}

/// Called to show what goes on: `dump_request`.
fn speaks_of_a_dump(name: &str) -> bool {
    name.split('_').any(|word| matches!(word, "debug" | "dump" | "dumps"))
}

/// Behind a switch that somebody sets by hand: `if let Some(dir) = &self.record_dir`, `if env::var("DUMP").is_ok()`.
fn is_switched_on(cx: &Cx<'_>, id: ExprId) -> bool {
    let by_hand = |cond: ExprId| {
        let text = cx.source(cx.body.span(cond));
        text.contains("env::var") || text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "record" || speaks_of_a_dump(word))
    };
    cx.body.ancestors(id).any(|up| matches!(cx.body.kind(up), Kind::If { cond, .. } if by_hand(*cond)))
}

/// Called when something went wrong: `discover_error`.
fn speaks_of_failure(name: &str) -> bool {
    name.split('_')
        .any(|word| matches!(word, "backtrace" | "crash" | "diagnostics" | "error" | "errors" | "failure" | "failures" | "panic"))
}

/// For when there is no runtime: in a function that asks `Handle::try_current()`, or a sleep under a condition of compilation.
fn without_runtime(cx: &Cx<'_>, id: ExprId, sleeps: bool) -> bool {
    let asked = cx.body.ids().any(|id| cx.called(id) == "try_current");
    let mut inner = id;
    let optional = cx.body.ancestors(id).any(|up| {
        let found = match cx.body.kind(up) {
            Kind::Block { stmts, .. } => stmts.iter().any(|stmt| stmt.cfg && stmt.span.contains(cx.body.span(inner))),
            _ => false,
        };
        inner = up;
        found
    });
    asked || optional && sleeps
}

/// `async { fs::rename(from, to) }`: somebody knows that it blocks, and only wants a future.
fn is_all_of_a_future(cx: &Cx<'_>, id: ExprId) -> bool {
    match cx.body.parent(id).map(|up| (up, cx.body.kind(up))) {
        Some((_, Kind::Closure { is_async: true, body, .. } | Kind::Async { body, .. })) => *body == id,
        Some((block, Kind::Block { stmts, .. })) if stmts.len() == 1 => {
            cx.body.parent(block).is_some_and(|up| matches!(cx.body.kind(up), Kind::Closure { is_async: true, .. } | Kind::Async { .. }))
                && cx.body.ancestors(block).any(|up| matches!(cx.body.kind(up), Kind::Await(base) if cx.body.parent(block) == Some(*base)))
        }
        _ => false,
    }
}

/// What is written to or read from is a parameter: whoever calls this has chosen a file that blocks.
fn on_a_lent_file(cx: &Cx<'_>, id: ExprId) -> bool {
    let Kind::Method { receiver, .. } = cx.body.kind(id) else { return false };
    let Kind::Local(local) = cx.body.kind(*receiver) else { return false };
    cx.body.params.iter().any(|&pat| cx.body.bindings(pat).contains(local))
}

/// Before a loop that goes on and on: once for each task.
fn before_endless(cx: &Cx<'_>, id: ExprId) -> bool {
    let mut inner = id;
    cx.body.ancestors(id).any(|up| {
        let found = match cx.body.kind(up) {
            Kind::Block { stmts, .. } => stmts.iter().skip_while(|stmt| !stmt.span.contains(cx.body.span(inner))).skip(1).any(|stmt| {
                let is_endless = |id: ExprId| matches!(cx.body.kind(id), Kind::Loop { kind: LoopKind::Loop, .. });
                matches!(&stmt.kind, StmtKind::Expr { expr, .. } if is_endless(*expr))
            }),
            _ => false,
        };
        inner = up;
        found
    })
}

/// By `.await`, or as the future of an arm of `select!` or a part of `join!`.
fn is_awaited(cx: &Cx<'_>, id: ExprId) -> bool {
    match cx.body.parent(id).map(|up| cx.body.kind(up)) {
        Some(Kind::Await(_) | Kind::Join { .. }) => true,
        Some(Kind::Select { arms, .. }) => arms.iter().any(|arm| arm.future == id),
        _ => false,
    }
}

/// The async counterpart in its place: `std::fs::read(p)` becomes `tokio::fs::read(p).await`.
fn swap(cx: &Cx<'_>, id: ExprId, call: &BlockingCall) -> Option<Fix> {
    let instead = call.instead.filter(|_| cx.kit().tokio)?;
    let Kind::Call { callee, .. } = cx.body.kind(id) else { return None };
    // Inside a plain closure there is nothing to await in.
    if cx
        .body
        .ancestors(id)
        .take_while(|&up| !matches!(cx.body.kind(up), Kind::Async { .. }))
        .any(|up| matches!(cx.body.kind(up), Kind::Closure { is_async: false, .. }))
    {
        return None;
    }
    let sleep = call.waits == Waits::Sleep;
    Some(Fix {
        grade: if sleep { Grade::MachineApplicable } else { Grade::Unsafe },
        title: format!("use `{instead}`"),
        edits: vec![
            Edit { span: cx.body.span(*callee), text: instead.to_owned() },
            Edit { span: cx.body.span(id).end(), text: ".await".to_owned() },
        ],
    })
}

/// A file that the kernel makes up: `std::fs::read("/proc/meminfo")`.
fn of_the_kernel(cx: &Cx<'_>, id: ExprId) -> bool {
    let Kind::Call { args, .. } = cx.body.kind(id) else { return false };
    let path = args.first().map_or("", |&arg| cx.source(cx.body.span(arg)).trim_matches(['&', '"']));
    ["/proc/", "/sys/", "/dev/"].iter().any(|root| path.starts_with(root))
}

/// The socket of the run before is removed, or this one's at the end.
fn before_binding(cx: &Cx<'_>, id: ExprId) -> bool {
    let path = cx.workspace().files[cx.at.at.file].path.to_string_lossy().to_ascii_lowercase();
    let socket =
        || path.contains("unixsock") || path.contains("unix_sock") || cx.source(cx.body.span(id)).to_ascii_lowercase().contains("sock");
    let binds = || cx.body.ids().any(|call| cx.callee(call).is_some_and(|callee| callee.is_any(&["tokio::net::UnixListener::bind"])));
    cx.called(id) == "remove_file" && (socket() || binds())
}
