//! From written types to resolved ones.

use std::sync::Arc;

use super::Type;
use super::ty::Adt;
use crate::index::{Canon, ImplItem, Index, Place, Resolved, TypeKey};
use crate::ir::{Bound, Import, Name, Path, Ty};

/// Aliases and arguments followed one inside the other.
const MAX_DEPTH: u8 = 12;

/// Where a type is written: what its names mean there.
#[derive(Clone)]
pub(crate) struct Env<'a> {
    index: &'a Index,
    place: Place,
    imports: &'a [(Name, Import)],
    generics: &'a [(Name, Vec<Bound>)],
    subst: Arc<[(Name, Type)]>,
    self_ty: Option<Type>,
}

impl<'a> Env<'a> {
    pub(crate) fn new(index: &'a Index, place: Place) -> Self {
        Env { index, place, imports: &[], generics: &[], subst: Arc::from([]), self_ty: None }
    }

    pub(crate) fn imports(self, imports: &'a [(Name, Import)]) -> Self {
        Env { imports, ..self }
    }

    pub(crate) fn generics(self, generics: &'a [(Name, Vec<Bound>)]) -> Self {
        Env { generics, ..self }
    }

    pub(crate) fn self_ty(self, self_ty: Option<Type>) -> Self {
        Env { self_ty, ..self }
    }

    /// Inside an impl, used through a value of type `this`: its parameters are the arguments of `this`.
    pub(crate) fn of_impl(index: &'a Index, place: Place, item: &ImplItem, this: Type) -> Self {
        let mut env = Env::new(index, place);
        if let (Ty::Path(path), Some(adt)) = (&item.ty, this.adt()) {
            let names = path.args().iter().map(|arg| match arg {
                Ty::Path(path) => path.single(),
                _ => None,
            });
            env.subst = names.zip(&adt.args).filter_map(|(name, arg)| Some((name?.clone(), arg.clone()))).collect();
        }
        env.self_ty(Some(this))
    }

    /// Inside the definition of a type with these parameters and arguments.
    pub(crate) fn of_type(index: &'a Index, place: Place, params: &[Name], this: &Adt) -> Self {
        let subst = params.iter().cloned().zip(this.args.iter().cloned()).collect();
        Env { subst, ..Env::new(index, place) }
    }

    pub(crate) fn ty(&self, ty: &Ty) -> Type {
        self.at(ty, MAX_DEPTH)
    }

    fn at(&self, ty: &Ty, depth: u8) -> Type {
        let Some(depth) = depth.checked_sub(1) else { return Type::Unknown };
        match ty {
            Ty::Path(path) => self.path(path, depth),
            Ty::Assoc(..) | Ty::Unknown => Type::Unknown,
            Ty::Ref { mutable, inner } => Type::Ref { mutable: *mutable, inner: self.at(inner, depth).into() },
            Ty::Tuple(parts) => Type::Tuple(parts.iter().map(|part| self.at(part, depth)).collect()),
            Ty::Slice(part) => Type::Slice(self.at(part, depth).into()),
            Ty::Impl(bounds) | Ty::Dyn(bounds) => self.bounds(bounds, depth),
            Ty::Fn(returns) => Type::Fn(self.at(returns, depth).into()),
        }
    }

    /// What is known of a type of which only the traits are known.
    fn bounds(&self, bounds: &[Bound], depth: u8) -> Type {
        let mut traits = Vec::new();
        for bound in bounds {
            let assoc = |name: &str| bound.assoc.iter().find(|(n, _)| &**n == name).map_or(Type::Unknown, |(_, ty)| self.at(ty, depth));
            let found = self.index.resolve_type(self.place, self.imports, &bound.path);
            match (bound.path.last(), &bound.returns) {
                ("Future" | "IntoFuture" | "FusedFuture", _) => return assoc("Output").future(),
                ("TryFuture", _) => return Type::external("std::result::Result", [assoc("Ok")]).future(),
                ("Iterator" | "IntoIterator" | "DoubleEndedIterator" | "ExactSizeIterator", _) => return assoc("Item").iterator(),
                ("Stream" | "FusedStream", _) => return assoc("Item").stream(),
                (_, Some(returns)) => {
                    let returns = self.at(returns, depth);
                    let is_async = bound.path.last().starts_with("Async");
                    return Type::Fn(if is_async { returns.future() } else { returns }.into());
                }
                _ => {}
            }
            if let Some((Resolved::Trait(id), _)) = found {
                traits.push(id);
            }
        }
        if traits.is_empty() { Type::Unknown } else { Type::Traits(traits.into()) }
    }

    fn path(&self, path: &Path, depth: u8) -> Type {
        if let Some(name) = path.single() {
            if let Some((_, known)) = self.subst.iter().find(|(param, _)| param == name) {
                return known.clone();
            }
            if &**name == "Self" {
                return self.self_ty.clone().unwrap_or(Type::Unknown);
            }
            if let Some((_, bounds)) = self.generics.iter().find(|(param, _)| param == name) {
                return self.bounds(bounds, depth);
            }
            if is_primitive(name) {
                return Type::path(Canon::new(["std", name]), Vec::new());
            }
        }
        let Some((found, used)) = self.index.resolve_type(self.place, self.imports, path) else {
            // `Self::Output`, `T::Item`, or a name that nothing in sight defines
            let known = path.segments.len() == 1 && !path.args().is_empty();
            return if known { self.external(&Canon::new(["?", path.last()]), path, depth) } else { Type::Unknown };
        };
        if used < path.segments.len() {
            return Type::Unknown;
        }
        match found {
            Resolved::Type(id) => {
                let canon = self.index.canon(&found);
                Type::Adt(Adt { key: TypeKey::Item(id), canon, args: self.args(path, depth) }.into())
            }
            Resolved::Alias(id) => {
                let alias = &self.index.crates[id.krate as usize].aliases[id.item as usize];
                let subst = alias.generics.iter().cloned().zip(self.args(path, depth)).collect();
                let place = Place { krate: id.krate, module: alias.module };
                Env { place, imports: &[], generics: &[], subst, self_ty: None, index: self.index }.at(&alias.ty, depth)
            }
            Resolved::External(canon) => self.external(&canon, path, depth),
            _ => Type::Unknown,
        }
    }

    fn args(&self, path: &Path, depth: u8) -> Vec<Type> {
        path.args().iter().map(|arg| self.at(arg, depth)).collect()
    }

    fn external(&self, canon: &Canon, path: &Path, depth: u8) -> Type {
        let mut args = self.args(path, depth);
        match canon.last() {
            "BoxFuture" | "LocalBoxFuture" => return args.pop().unwrap_or(Type::Unknown).future(),
            "BoxStream" | "LocalBoxStream" => return args.pop().unwrap_or(Type::Unknown).stream(),
            "Pin" | "Box" => {
                // a pinned or boxed future is a future
                if let Some(Type::Future(output)) = args.first() {
                    return Type::Future(output.clone());
                }
                if args.first().is_some_and(|arg| arg.is("futures::Stream")) {
                    return args.remove(0);
                }
            }
            _ => {}
        }
        Type::path(canon.clone(), args)
    }
}

fn is_primitive(name: &str) -> bool {
    matches!(
        name,
        "bool"
            | "char"
            | "str"
            | "u8"
            | "u16"
            | "u32"
            | "u64"
            | "u128"
            | "usize"
            | "i8"
            | "i16"
            | "i32"
            | "i64"
            | "i128"
            | "isize"
            | "f32"
            | "f64"
    )
}
