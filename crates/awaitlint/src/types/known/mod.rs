//! What the checker knows of the standard library, Tokio and futures without reading them.

mod std_types;

use self::std_types::{fallible, iterator, list, map, stream};
use super::infer::Typing;
use super::{ASYNC_GUARDS, BLOCKING_GUARDS, Type};
use crate::index::Canon;
use crate::ir::{ExprId, Path};

/// The result of calling a function outside the index.
pub(super) fn call(canon: &Canon, path: &Path, args: &[Type], typing: &Typing<'_>) -> Type {
    let first = || args.first().cloned().unwrap_or(Type::Unknown);
    let (owner, name) = path.last_two();
    let output = |ty: Type| ty.output(typing.index).unwrap_or(Type::Unknown);
    match name {
        "Some" => return first().option(),
        "Ok" => return Type::external("std::result::Result", [first()]),
        "Err" => return Type::external("std::result::Result", [Type::Unknown, first()]),
        _ => {}
    }
    if canon.is_any(&["tokio::spawn", "tokio::task::spawn", "tokio::task::spawn_local"]) {
        return Type::external("tokio::task::JoinHandle", [output(first())]);
    }
    if canon.is_any(&["tokio::task::spawn_blocking"]) {
        return Type::external("tokio::task::JoinHandle", [returns(args.first())]);
    }
    if canon.is_any(&["async_std::task::spawn", "smol::spawn"]) {
        return Type::external("async_std::task::JoinHandle", [output(first())]);
    }
    if canon.is("tokio::time::timeout") || canon.is("tokio::time::timeout_at") {
        let inner = args.get(1).cloned().map_or(Type::Unknown, output);
        return Type::external("std::result::Result", [inner]).future();
    }
    if canon.is_any(&[
        "tokio::time::sleep",
        "tokio::time::sleep_until",
        "tokio::task::yield_now",
        "futures_timer::Delay::new",
        "async_std::task::sleep",
    ]) {
        return Type::unit().future();
    }
    if canon.is_any(&["futures::future::join_all", "futures::future::try_join_all", "futures::future::select_all"]) {
        let item = output(typing.item_of(&first()));
        let vec = |item| Type::external("std::vec::Vec", [item]);
        return if name == "join_all" { vec(item) } else { Type::external("std::result::Result", [vec(item.arg(0))]) }.future();
    }
    if canon.krate() == "tokio"
        && canon.is_any(&["tokio::fs::read", "tokio::fs::read_to_string", "tokio::fs::metadata", "tokio::fs::write"])
    {
        return Type::external("std::result::Result", [Type::Unknown]).future();
    }
    if canon.is("std::io::stdin") {
        return Type::external("std::io::Stdin", []);
    }
    if canon.is("std::thread::spawn") {
        return Type::external("std::thread::JoinHandle", [returns(args.first())]);
    }
    if canon.is_any(&["std::sync::mpsc::channel", "std::sync::mpsc::sync_channel"]) {
        let end = |end: &'static str| Type::external(end, [Type::Unknown]);
        return Type::Tuple([end("std::sync::mpsc::Sender"), end("std::sync::mpsc::Receiver")].into());
    }
    match (owner, name) {
        ("Box" | "Pin", "pin" | "new") if matches!(args.first(), Some(Type::Future(_))) => return first(),
        ("Arc" | "Rc", "clone") => return owned(&first()),
        ("Box" | "Arc" | "Rc" | "Mutex" | "RwLock" | "RefCell" | "Cell", "new") => {
            let mut segments: Vec<&str> = path.segments.iter().map(|s| &*s.name).collect();
            segments.pop();
            let whole = canon.to_string();
            let owner = whole.rsplit_once("::").map_or("", |(owner, _)| owner);
            return Type::path(Canon::new(owner.split("::")), vec![first()]);
        }
        _ => {}
    }
    if owner.starts_with(|c: char| c.is_uppercase()) {
        let whole = canon.to_string();
        let owner = whole.rsplit_once("::").map_or("", |(owner, _)| owner);
        let args = path.segments.iter().rev().nth(1).map_or(Vec::new(), |s| s.args.iter().map(|ty| typing.env.ty(ty)).collect());
        return constructor(&Type::path(Canon::new(owner.split("::")), args), name);
    }
    Type::Unknown
}

/// The result of an associated function of a type outside the index, by the habits of naming.
pub(super) fn constructor(ty: &Type, name: &str) -> Type {
    match name {
        "open" | "create" | "connect" | "bind" if ty.canon().is_some_and(|canon| canon.krate() == "std") => {
            Type::external("std::result::Result", [ty.clone()])
        }
        "new" if ty.is("tokio::runtime::Runtime") => Type::external("std::result::Result", [ty.clone()]),
        "current" | "new" | "default" | "with_capacity" | "from" | "builder" | "from_secs" | "from_millis" | "clone" | "with_config" => {
            ty.clone()
        }
        _ => Type::Unknown,
    }
}

fn returns(f: Option<&Type>) -> Type {
    match f {
        Some(Type::Fn(returns)) => (**returns).clone(),
        _ => Type::Unknown,
    }
}

/// The result of a method of a type outside the index; nothing if the method is not known.
pub(super) fn method(ty: &Type, name: &str, written: &[Type], args: &[ExprId], typing: &Typing<'_>) -> Option<Type> {
    let arg = |i: usize| args.get(i).map(|&arg| typing.of(arg));
    match (ty, name) {
        (_, "clone" | "to_owned" | "cloned" | "copied") if !is_chain(ty) => return Some(owned(ty)),
        (Type::Future(output), _) => return future_method(output, name, arg(0), typing),
        (Type::Ref { mutable, inner }, _) => return borrowed(*mutable, inner, name),
        (Type::Slice(item), _) => return list(item, name),
        _ => {}
    }
    let canon = ty.canon()?;
    let inner = || ty.arg(0);
    match canon.last() {
        "Option" | "Result" => fallible(ty, name, arg(0).or(arg(1)), typing),
        "Vec" | "VecDeque" | "HashSet" | "BTreeSet" | "SmallVec" | "IndexSet" => list(&inner(), name),
        "HashMap" | "BTreeMap" | "IndexMap" | "DashMap" => map(ty, name),
        "Iterator" => iterator(&inner(), name, written, arg(0), typing),
        "Stream" => stream(&inner(), name, arg(0), typing),
        "Arc" | "Rc" | "Box" if name == "as_ref" => Some(inner().reference()),
        "Command" | "OpenOptions" | "DirBuilder" => builder(ty, name),
        "Span" if canon.krate() == "tracing" && name == "enter" => Some(Type::external("tracing::Entered", [])),
        "Span" if canon.krate() == "tracing" && name == "entered" => Some(Type::external("tracing::EnteredSpan", [])),
        "Mutex" | "RwLock" | "RefCell" | "FairMutex" | "ReentrantMutex" => lock(canon, &inner(), name),
        _ => None,
    }
}

/// Builders of the standard library, of which only the last method does something.
fn builder(ty: &Type, name: &str) -> Option<Type> {
    match name {
        "open" | "output" | "status" | "spawn" | "create" | "exec" => None,
        _ => Some(Type::Ref { mutable: true, inner: ty.clone().into() }),
    }
}

fn is_chain(ty: &Type) -> bool {
    ty.canon().is_some_and(|canon| matches!(canon.last(), "Option" | "Iterator" | "Result" | "Stream"))
}

fn owned(ty: &Type) -> Type {
    match ty {
        Type::Ref { inner, .. } => owned(inner),
        // a guard cannot be cloned: what it guards is
        ty if ty.is_any(BLOCKING_GUARDS) || ty.is_any(ASYNC_GUARDS) => owned(&ty.arg(0)),
        ty if ty.is("std::str") => Type::external("std::string::String", []),
        ty => ty.clone(),
    }
}

fn lock(canon: &Canon, inner: &Type, name: &str) -> Option<Type> {
    let (guard, wraps) = match (canon.krate(), name) {
        ("std", "lock" | "try_lock") => ("std::sync::MutexGuard", true),
        ("std", "read" | "try_read") => ("std::sync::RwLockReadGuard", true),
        ("std", "write" | "try_write") => ("std::sync::RwLockWriteGuard", true),
        ("std", "borrow") => ("std::cell::Ref", false),
        ("std", "borrow_mut") => ("std::cell::RefMut", false),
        ("parking_lot" | "lock_api" | "spin", "lock") => ("parking_lot::MutexGuard", false),
        ("parking_lot" | "lock_api" | "spin", "read" | "upgradable_read") => ("parking_lot::RwLockReadGuard", false),
        ("parking_lot" | "lock_api" | "spin", "write") => ("parking_lot::RwLockWriteGuard", false),
        ("tokio" | "futures" | "async_lock" | "async_std" | "smol", "lock") => {
            return Some(Type::external("tokio::sync::MutexGuard", [inner.clone()]).future());
        }
        ("tokio" | "futures" | "async_lock" | "async_std" | "smol", "read") => {
            return Some(Type::external("tokio::sync::RwLockReadGuard", [inner.clone()]).future());
        }
        ("tokio" | "futures" | "async_lock" | "async_std" | "smol", "write") => {
            return Some(Type::external("tokio::sync::RwLockWriteGuard", [inner.clone()]).future());
        }
        (_, "get_mut") => return Some(inner.clone()),
        (_, "into_inner") => return Some(inner.clone()),
        _ => return None,
    };
    let guard = Type::external(guard, [inner.clone()]);
    Some(if wraps { Type::external("std::result::Result", [guard]) } else { guard })
}

/// Methods of futures that give futures.
fn future_method(output: &Type, name: &str, f: Option<&Type>, typing: &Typing<'_>) -> Option<Type> {
    match name {
        "boxed"
        | "boxed_local"
        | "fuse"
        | "instrument"
        | "in_current_span"
        | "map_err"
        | "or_else"
        | "map_ok"
        | "err_into"
        | "compat"
        | "shared"
        | "inspect"
        | "inspect_err"
        | "inspect_ok"
        | "with_current_subscriber"
        | "into_future" => Some(output.clone().future()),
        "map" => Some(returns(f).future()),
        "then" | "and_then" => Some(returns(f).output(typing.index).unwrap_or(Type::Unknown).future()),
        "as_mut" => Some(Type::Ref { mutable: true, inner: output.clone().future().into() }),
        _ => None,
    }
}

fn borrowed(mutable: bool, inner: &Type, name: &str) -> Option<Type> {
    let inner_is_list =
        matches!(inner, Type::Slice(_)) || inner.canon().is_some_and(|c| matches!(c.last(), "Vec" | "VecDeque" | "HashSet" | "BTreeSet"));
    match name {
        // a list behind a reference lends its items
        "into_iter" if inner_is_list => {
            let item = if let Type::Slice(item) = inner { (**item).clone() } else { inner.arg(0) };
            Some(Type::Ref { mutable, inner: item.into() }.iterator())
        }
        _ => None,
    }
}

/// The types of a closure's parameters, by the method it is passed to.
pub(super) fn closure_params(receiver: &Type, name: &str) -> Vec<Type> {
    let lent = |ty: Type| if ty.is_unknown() { ty } else { ty.reference() };
    let Some(canon) = receiver.canon() else { return Vec::new() };
    let item = receiver.arg(0);
    match (canon.last(), name) {
        (
            "Option" | "Result" | "Iterator" | "Stream",
            "map" | "and_then" | "for_each" | "then" | "map_or" | "map_or_else" | "is_some_and" | "is_ok_and",
        ) => {
            vec![item]
        }
        ("Iterator" | "Stream", "filter_map" | "flat_map" | "any" | "all" | "map_while" | "try_for_each" | "for_each_concurrent") => {
            vec![item]
        }
        ("Option" | "Iterator" | "Stream", "filter" | "inspect" | "find" | "take_while" | "skip_while" | "partition" | "position") => {
            vec![lent(item)]
        }
        ("Iterator", "fold") => vec![Type::Unknown, item],
        ("Vec" | "VecDeque", "retain") => vec![lent(item)],
        _ => Vec::new(),
    }
}
