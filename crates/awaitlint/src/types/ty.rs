//! Resolved types.

use std::sync::Arc;

use crate::index::{Canon, Id, Index, Place, TypeKey};
use crate::types::Env;

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Type {
    Unknown,
    Adt(Arc<Adt>),
    Ref {
        mutable: bool,
        inner: Arc<Type>,
    },
    /// `()` is the empty one.
    Tuple(Arc<[Type]>),
    Slice(Arc<Type>),
    /// A future that nobody has polled, with its output.
    Future(Arc<Type>),
    /// A closure or function pointer, with what it returns.
    Fn(Arc<Type>),
    /// A named function.
    Item(Id),
    /// `impl A + B`, `dyn A + B` or `T: A + B`.
    Traits(Arc<[Id]>),
}

/// A struct, enum or union, or a type of which only the path is known.
#[derive(PartialEq, Debug)]
pub(crate) struct Adt {
    pub(crate) key: TypeKey,
    pub(crate) canon: Canon,
    pub(crate) args: Vec<Type>,
}

/// Types that lend what they hold: methods and fields of the first argument are theirs.
const POINTERS: &[&str] = &[
    "std::boxed::Box",
    "std::sync::Arc",
    "std::rc::Rc",
    "std::pin::Pin",
    "std::borrow::Cow",
    "std::cell::Ref",
    "std::cell::RefMut",
    "std::sync::LazyLock",
    "std::cell::LazyCell",
    "std::mem::ManuallyDrop",
    "once_cell::Lazy",
    "triomphe::Arc",
];

/// Guards of locks that block a thread, or that must not be held while a task waits.
pub(crate) const BLOCKING_GUARDS: &[&str] = &[
    "std::sync::MutexGuard",
    "std::sync::RwLockReadGuard",
    "std::sync::RwLockWriteGuard",
    "std::cell::Ref",
    "std::cell::RefMut",
    "parking_lot::MutexGuard",
    "parking_lot::RwLockReadGuard",
    "parking_lot::RwLockWriteGuard",
    "lock_api::MutexGuard",
    "lock_api::RwLockReadGuard",
    "lock_api::RwLockWriteGuard",
    "lock_api::ArcMutexGuard",
    "spin::MutexGuard",
    "dashmap::Ref",
    "dashmap::RefMut",
    "dashmap::RefMulti",
    "dashmap::RefMutMulti",
    "tracing::Entered",
    "tracing::EnteredSpan",
];

/// Guards of locks that a task waits for.
pub(crate) const ASYNC_GUARDS: &[&str] = &[
    "tokio::sync::MutexGuard",
    "tokio::sync::OwnedMutexGuard",
    "tokio::sync::MappedMutexGuard",
    "tokio::sync::RwLockReadGuard",
    "tokio::sync::RwLockWriteGuard",
    "tokio::sync::OwnedRwLockReadGuard",
    "tokio::sync::OwnedRwLockWriteGuard",
    "tokio::sync::SemaphorePermit",
    "tokio::sync::OwnedSemaphorePermit",
    "futures::lock::MutexGuard",
    "futures::lock::OwnedMutexGuard",
    "async_lock::MutexGuard",
    "async_lock::MutexGuardArc",
    "async_lock::RwLockReadGuard",
    "async_lock::RwLockWriteGuard",
    "async_std::sync::MutexGuard",
    "async_std::sync::RwLockReadGuard",
    "async_std::sync::RwLockWriteGuard",
];

impl Type {
    pub(crate) fn unit() -> Type {
        Type::Tuple(Arc::from([]))
    }

    /// A type outside the index, by its path.
    pub(crate) fn external(path: &'static str, args: impl Into<Vec<Type>>) -> Type {
        Type::path(Canon::fixed(path), args.into())
    }

    pub(crate) fn path(canon: Canon, args: Vec<Type>) -> Type {
        Type::Adt(Arc::new(Adt { key: TypeKey::External(canon.clone()), canon, args }))
    }

    pub(crate) fn reference(self) -> Type {
        Type::Ref { mutable: false, inner: Arc::new(self) }
    }

    pub(crate) fn future(self) -> Type {
        Type::Future(Arc::new(self))
    }

    pub(crate) fn option(self) -> Type {
        Type::external("std::option::Option", [self])
    }

    pub(crate) fn iterator(self) -> Type {
        Type::external("std::iter::Iterator", [self])
    }

    pub(crate) fn stream(self) -> Type {
        Type::external("futures::Stream", [self])
    }

    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Type::Unknown)
    }

    pub(crate) fn adt(&self) -> Option<&Adt> {
        match self {
            Type::Adt(adt) => Some(adt),
            _ => None,
        }
    }

    /// The canonical path of a struct or enum, not looking through references.
    pub(crate) fn canon(&self) -> Option<&Canon> {
        self.adt().map(|adt| &adt.canon)
    }

    pub(crate) fn is(&self, path: &str) -> bool {
        self.canon().is_some_and(|canon| canon.is(path))
    }

    pub(crate) fn is_any(&self, paths: &[&str]) -> bool {
        self.canon().is_some_and(|canon| canon.is_any(paths))
    }

    /// The first argument, unknown if there is none.
    pub(crate) fn arg(&self, at: usize) -> Type {
        self.adt().and_then(|adt| adt.args.get(at)).cloned().unwrap_or(Type::Unknown)
    }

    /// Without references.
    pub(crate) fn peel_refs(&self) -> &Type {
        let mut ty = self;
        while let Type::Ref { inner, .. } = ty {
            ty = inner;
        }
        ty
    }

    /// What this type dereferences to, once.
    pub(crate) fn deref(&self, index: &Index) -> Option<Type> {
        match self {
            Type::Ref { inner, .. } => Some((**inner).clone()),
            Type::Adt(adt) if is_pointer(&adt.canon) => adt.args.first().cloned(),
            Type::Adt(adt) => {
                let id = index.implementation(&adt.key, &["std::ops::Deref"])?;
                let item = index.impl_item(id);
                let target = item.assoc.iter().find(|(name, _)| &**name == "Target")?;
                let env = Env::of_impl(index, Place { krate: id.krate, module: item.module }, item, self.clone());
                Some(env.ty(&target.1))
            }
            _ => None,
        }
        .filter(|ty| !ty.is_unknown())
    }

    /// What the future becomes when awaited; nothing for what is no future.
    pub(crate) fn output(&self, index: &Index) -> Option<Type> {
        match self {
            Type::Future(output) => Some((**output).clone()),
            Type::Ref { inner, .. } => inner.output(index),
            Type::Adt(adt) if adt.canon.is_any(JOIN_HANDLES) => {
                let joined = self.arg(0);
                Some(if adt.canon.krate() == "tokio" { Type::external("std::result::Result", [joined]) } else { joined })
            }
            Type::Adt(adt) if adt.canon.is_any(&["std::boxed::Box", "std::pin::Pin"]) => adt.args.first()?.output(index),
            Type::Adt(adt) => {
                let id = index.implementation(&adt.key, &["std::future::Future", "std::future::IntoFuture"])?;
                let item = index.impl_item(id);
                let output = item.assoc.iter().find(|(name, _)| &**name == "Output");
                let env = Env::of_impl(index, Place { krate: id.krate, module: item.module }, item, self.clone());
                Some(output.map_or(Type::Unknown, |(_, ty)| env.ty(ty)))
            }
            _ => None,
        }
    }
}

/// Handles of tasks that run whether or not they are awaited.
pub(crate) const JOIN_HANDLES: &[&str] = &[
    "tokio::task::JoinHandle",
    "tokio::JoinHandle",
    "tokio_util::task::AbortOnDropHandle",
    "async_std::task::JoinHandle",
    "async_task::Task",
    "async_executor::Task",
    "smol::Task",
    "futures::future::RemoteHandle",
];

fn is_pointer(canon: &Canon) -> bool {
    canon.is_any(POINTERS)
        || canon.is_any(BLOCKING_GUARDS) && canon.krate() != "tracing"
        || canon.is_any(ASYNC_GUARDS) && canon.last().contains("Guard")
}
