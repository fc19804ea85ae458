//! Methods of options, collections, iterators and streams.

use super::{owned, returns};
use crate::types::Type;
use crate::types::infer::Typing;

pub(super) fn fallible(ty: &Type, name: &str, f: Option<&Type>, typing: &Typing<'_>) -> Option<Type> {
    let inner = ty.arg(0);
    let with = |inner: Type| {
        let canon = ty.canon().cloned();
        canon.map(|canon| {
            Type::path(
                canon,
                std::iter::once(inner).chain(ty.adt().map_or(Vec::new(), |adt| adt.args[1.min(adt.args.len())..].to_vec())).collect(),
            )
        })
    };
    match name {
        "unwrap" | "expect" | "unwrap_or" | "unwrap_or_default" | "unwrap_or_else" | "unwrap_unchecked" | "into_inner" => Some(inner),
        "insert" | "get_or_insert_with" | "get_or_insert" => Some(Type::Ref { mutable: true, inner: inner.into() }),
        "ok_or" | "ok_or_else" | "context" | "with_context" | "wrap_err" | "wrap_err_with" | "into_diagnostic" | "attach"
        | "change_context" => Some(Type::external("std::result::Result", [inner])),
        "ok" => Some(inner.option()),
        "err" => Some(ty.arg(1).option()),
        "map" => with(returns(f)),
        "and_then" => Some(returns(f)),
        "as_ref" | "as_deref" => with(inner.reference()),
        "as_mut" | "as_deref_mut" => with(Type::Ref { mutable: true, inner: inner.into() }),
        "cloned" | "copied" => with(owned(&inner)),
        "clone" | "take" | "filter" | "map_err" | "or_else" | "or" | "inspect" | "inspect_err" | "replace" => with(inner),
        "flatten" | "transpose" => Some(inner),
        "iter" => Some(inner.reference().iterator()),
        "into_iter" => Some(inner.iterator()),
        "iter_mut" => Some(Type::Ref { mutable: true, inner: inner.into() }.iterator()),
        "is_some" | "is_none" | "is_ok" | "is_err" | "is_some_and" | "is_ok_and" | "is_none_or" => Some(Type::external("std::bool", [])),
        "zip" => None,
        "map_or" | "map_or_else" => Some(returns(f).output(typing.index).map_or(Type::Unknown, Type::future)),
        _ => None,
    }
}

pub(super) fn list(item: &Type, name: &str) -> Option<Type> {
    let mutable = || Type::Ref { mutable: true, inner: item.clone().into() };
    match name {
        "iter" => Some(item.clone().reference().iterator()),
        "iter_mut" => Some(mutable().iterator()),
        "into_iter" | "drain" | "split_off" => Some(item.clone().iterator()),
        "first" | "last" | "get" | "front" | "back" | "peek" => Some(item.clone().reference().option()),
        "first_mut" | "last_mut" | "get_mut" | "front_mut" | "back_mut" => Some(mutable().option()),
        "pop" | "pop_front" | "pop_back" => Some(item.clone().option()),
        "remove" | "swap_remove" => Some(item.clone()),
        "chunks" | "windows" => Some(Type::Slice(item.clone().into()).reference().iterator()),
        "to_vec" | "into_boxed_slice" => Some(Type::external("std::vec::Vec", [item.clone()])),
        "as_slice" => Some(Type::Slice(item.clone().into()).reference()),
        "len" => Some(Type::external("std::usize", [])),
        "is_empty" | "contains" => Some(Type::external("std::bool", [])),
        "push" | "push_back" | "push_front" | "clear" | "extend" | "sort" | "append" | "truncate" | "retain" | "reserve" => {
            Some(Type::unit())
        }
        _ => None,
    }
}

pub(super) fn map(ty: &Type, name: &str) -> Option<Type> {
    let (key, value) = (ty.arg(0), ty.arg(1));
    let guarded = ty.canon().is_some_and(|canon| canon.krate() == "dashmap");
    let mutable = |ty: Type| Type::Ref { mutable: true, inner: ty.into() };
    match name {
        "get" if guarded => Some(Type::external("dashmap::Ref", [value]).option()),
        "get_mut" if guarded => Some(Type::external("dashmap::RefMut", [value]).option()),
        "get" => Some(value.reference().option()),
        "get_mut" => Some(mutable(value).option()),
        "insert" | "remove" => Some(value.option()),
        "values" => Some(value.reference().iterator()),
        "into_values" => Some(value.iterator()),
        "values_mut" => Some(mutable(value).iterator()),
        "keys" => Some(key.reference().iterator()),
        "into_keys" => Some(key.iterator()),
        "iter" if guarded => Some(Type::external("dashmap::RefMulti", [value]).iterator()),
        "iter" => Some(Type::Tuple([key.reference(), value.reference()].into()).iterator()),
        "iter_mut" => Some(Type::Tuple([key.reference(), mutable(value)].into()).iterator()),
        "into_iter" | "drain" => Some(Type::Tuple([key, value].into()).iterator()),
        "contains_key" | "is_empty" => Some(Type::external("std::bool", [])),
        "len" => Some(Type::external("std::usize", [])),
        _ => None,
    }
}

pub(super) fn iterator(item: &Type, name: &str, written: &[Type], f: Option<&Type>, typing: &Typing<'_>) -> Option<Type> {
    match name {
        "map" => Some(returns(f).iterator()),
        "filter" | "take" | "skip" | "rev" | "peekable" | "inspect" | "step_by" | "by_ref" | "take_while" | "skip_while" | "fuse"
        | "into_iter" | "iter" | "sorted" | "sorted_by" | "sorted_by_key" | "unique" | "chain" | "cycle" => Some(item.clone().iterator()),
        "cloned" | "copied" => Some(owned(item).iterator()),
        "enumerate" => Some(Type::Tuple([Type::external("std::usize", []), item.clone()].into()).iterator()),
        "zip" => Some(Type::Tuple([item.clone(), f.map_or(Type::Unknown, |f| typing.item_of(f))].into()).iterator()),
        "filter_map" | "flat_map" | "map_while" => Some(typing.item_of(&returns(f)).iterator()),
        "flatten" => Some(typing.item_of(item).iterator()),
        "next" | "last" | "nth" | "find" | "max" | "min" | "max_by_key" | "min_by_key" | "next_back" => Some(item.clone().option()),
        "chunks" | "array_chunks" => Some(Type::external("std::vec::Vec", [item.clone()]).iterator()),
        "collect" | "collect_vec" => Some(match written.first() {
            Some(Type::Adt(adt)) if adt.canon.is("std::vec::Vec") => Type::external("std::vec::Vec", [item.clone()]),
            Some(Type::Unknown) | None if name == "collect_vec" => Type::external("std::vec::Vec", [item.clone()]),
            Some(ty) => ty.clone(),
            None => Type::Unknown,
        }),
        "any" | "all" => Some(Type::external("std::bool", [])),
        "count" => Some(Type::external("std::usize", [])),
        "for_each" => Some(Type::unit()),
        _ => None,
    }
}

pub(super) fn stream(item: &Type, name: &str, f: Option<&Type>, typing: &Typing<'_>) -> Option<Type> {
    match name {
        "map" => Some(returns(f).stream()),
        "then" => Some(returns(f).output(typing.index).unwrap_or(Type::Unknown).stream()),
        "filter" | "take" | "skip" | "boxed" | "fuse" | "peekable" | "take_until" | "by_ref" | "inspect" => Some(item.clone().stream()),
        "buffered" | "buffer_unordered" => Some(item.output(typing.index).unwrap_or(Type::Unknown).stream()),
        "next" | "try_next" => Some(item.clone().option().future()),
        "collect" | "try_collect" | "for_each" | "for_each_concurrent" | "try_for_each" | "try_for_each_concurrent" => {
            Some(Type::Unknown.future())
        }
        "as_mut" => Some(Type::Ref { mutable: true, inner: item.clone().stream().into() }),
        _ => None,
    }
}
