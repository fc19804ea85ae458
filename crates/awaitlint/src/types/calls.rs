//! Calls: which function it is, and what it returns.

use super::infer::Typing;
use super::{Env, Type, known};
use crate::index::{Canon, Id, Owner, Place, Resolved, TypeKey};
use crate::ir::{ExprId, Kind, Name, Path, Receiver, Ty};

/// The function behind a call.
#[derive(Clone, Debug)]
pub(crate) struct Callee {
    pub(crate) name: Name,
    /// What it may be; one if `exact`.
    pub(crate) ids: Vec<Id>,
    /// Found by path or by the type of the receiver, not by its name alone.
    pub(crate) exact: bool,
    /// The full path of a function outside the index, or of its type with the method's name.
    pub(crate) canon: Option<Canon>,
}

impl Callee {
    /// The one function it is, if that is certain.
    pub(crate) fn id(&self) -> Option<Id> {
        match self.ids.as_slice() {
            [only] if self.exact => Some(*only),
            _ => None,
        }
    }

    pub(crate) fn is(&self, path: &str) -> bool {
        self.canon.as_ref().is_some_and(|canon| canon.is(path))
    }

    pub(crate) fn is_any(&self, paths: &[&str]) -> bool {
        self.canon.as_ref().is_some_and(|canon| canon.is_any(paths))
    }
}

impl Typing<'_> {
    /// The type of a path that is not being called.
    pub(super) fn path_value(&self, path: &Path) -> Type {
        match self.index.resolve_value(self.place, self.imports, path) {
            Some((Resolved::Fn(id), _)) => Type::Item(id),
            Some((Resolved::Value(id), _)) => {
                let (module, ty) = &self.index.crates[id.krate as usize].values[id.item as usize];
                Env::new(self.index, Place { krate: id.krate, module: *module }).ty(ty)
            }
            Some((Resolved::Variant(id, _), _)) | Some((Resolved::Type(id), 1)) => self.plain(id),
            _ => Type::Unknown,
        }
    }

    /// A type of the index without arguments.
    fn plain(&self, id: Id) -> Type {
        let canon = self.index.canon(&Resolved::Type(id));
        Type::Adt(super::Adt { key: TypeKey::Item(id), canon, args: Vec::new() }.into())
    }

    pub(super) fn call(&mut self, id: ExprId, callee: ExprId, args: &[ExprId]) -> Type {
        match self.body.kind(callee) {
            Kind::Path(path) => {
                let (found, returns) = self.called_path(path, args);
                self.note_callee(id, found);
                returns
            }
            _ => match self.of(callee).peel_refs() {
                Type::Fn(returns) => (**returns).clone(),
                Type::Item(function) => self.returned(*function, None),
                _ => Type::Unknown,
            },
        }
    }

    fn called_path(&self, path: &Path, args: &[ExprId]) -> (Callee, Type) {
        let name: Name = path.last().into();
        let mut callee = Callee { name: name.clone(), ids: Vec::new(), exact: false, canon: None };
        if let Some(ty) = self.of_self(path) {
            return self.associated_call(callee, &ty, &name);
        }
        let Some((found, used)) = self.index.resolve_value(self.place, self.imports, path) else {
            callee.ids = if path.segments.len() == 1 { self.index.functions_named(&name).to_vec() } else { Vec::new() };
            return (callee, Type::Unknown);
        };
        let rest = &path.segments[used.min(path.segments.len())..];
        match (&found, rest) {
            (Resolved::Fn(id), []) => {
                callee.ids = vec![*id];
                callee.exact = true;
                callee.canon = Some(self.index.canon(&found));
                (callee, self.returned(*id, None))
            }
            (Resolved::Type(id), []) => (callee, self.plain(*id)),
            (Resolved::Variant(id, _), []) => (callee, self.plain(*id)),
            (Resolved::Type(_) | Resolved::Alias(_), [_]) => {
                let mut owner = path.clone();
                owner.segments.truncate(used);
                let ty = self.env.ty(&Ty::Path(owner));
                self.associated_call(callee, &ty, &name)
            }
            (Resolved::Trait(id), [_]) => {
                callee.ids = self.index.trait_methods(*id, &name);
                callee.exact = callee.ids.len() == 1;
                let returns = callee.id().map_or(Type::Unknown, |id| self.returned(id, args.first().map(|&arg| self.of(arg).clone())));
                (callee, returns)
            }
            (Resolved::External(canon), _) => {
                callee.canon = Some(canon.clone());
                callee.exact = true;
                let types: Vec<Type> = args.iter().map(|&arg| self.of(arg).clone()).collect();
                (callee, known::call(canon, path, &types, self))
            }
            _ => (callee, Type::Unknown),
        }
    }

    /// `Self` in `Self::name`.
    fn of_self(&self, path: &Path) -> Option<Type> {
        let [owner, _] = path.segments.as_slice() else { return None };
        let ty = (&*owner.name == "Self").then(|| self.env.ty(&Ty::Path(Path::new(["Self"]))))?;
        (!ty.is_unknown()).then_some(ty)
    }

    fn associated_call(&self, mut callee: Callee, ty: &Type, name: &str) -> (Callee, Type) {
        callee.ids = self.methods_of(ty, name);
        callee.exact = callee.ids.len() == 1;
        let canon = ty.canon().map(|canon| canon.join(&[crate::ir::Segment { name: name.into(), args: Vec::new() }]));
        callee.canon = canon.clone();
        let returns = match callee.id() {
            Some(id) => self.returned(id, Some(ty.clone())),
            None if matches!(ty.adt().map(|adt| &adt.key), Some(TypeKey::External(_))) => {
                callee.exact = true;
                known::constructor(ty, name)
            }
            None => Type::Unknown,
        };
        (callee, returns)
    }

    fn methods_of(&self, ty: &Type, name: &str) -> Vec<Id> {
        match ty {
            Type::Adt(adt) => self.index.methods(&adt.key, name),
            Type::Traits(traits) => traits.iter().flat_map(|&id| self.trait_methods(id, name, 4)).collect(),
            _ => Vec::new(),
        }
    }

    fn trait_methods(&self, id: Id, name: &str, depth: u8) -> Vec<Id> {
        let own = self.index.trait_methods(id, name);
        if !own.is_empty() || depth == 0 {
            return own;
        }
        let item = self.index.trait_item(id);
        let place = Place { krate: id.krate, module: item.module };
        let supers = item.supertraits.iter().filter_map(|bound| match self.index.resolve_type(place, &[], &bound.path)? {
            (Resolved::Trait(id), _) => Some(id),
            _ => None,
        });
        supers.flat_map(|id| self.trait_methods(id, name, depth - 1)).collect()
    }

    pub(super) fn method(&mut self, id: ExprId, receiver: ExprId, name: &Name, generics: &[Ty], args: &[ExprId]) -> Type {
        let mut callee = Callee { name: name.clone(), ids: Vec::new(), exact: false, canon: None };
        let mut ty = self.of(receiver).clone();
        let known = !ty.is_unknown();
        let written: Vec<Type> = generics.iter().map(|ty| self.env.ty(ty)).collect();
        for _ in 0..8 {
            let ids = self.methods_of(&ty, name).into_iter().filter(|&id| self.is_method(id)).collect::<Vec<_>>();
            if !ids.is_empty() {
                callee.exact = ids.len() == 1;
                callee.canon = ty.canon().map(|canon| canon.join(&[crate::ir::Segment { name: name.clone(), args: Vec::new() }]));
                callee.ids = ids;
                break;
            }
            if let Some(returns) = known::method(&ty, name, &written, args, self) {
                callee.exact = true;
                callee.canon = ty.canon().map(|canon| canon.join(&[crate::ir::Segment { name: name.clone(), args: Vec::new() }]));
                self.note_callee(id, callee);
                return returns;
            }
            match ty.deref(self.index) {
                Some(inner) => ty = inner,
                None => break,
            }
        }
        if callee.ids.is_empty() {
            if known && let Some(canon) = ty.canon() {
                callee.canon = Some(canon.join(&[crate::ir::Segment { name: name.clone(), args: Vec::new() }]));
            }
            // What a type of the standard library does is not told by who else has a method of that name.
            if ty.canon().is_none_or(|canon| canon.krate() != "std") {
                callee.ids = self.index.methods_named(name).iter().copied().filter(|&id| self.takes(id, args.len())).collect();
            }
        }
        let returns = match callee.ids.as_slice() {
            [only] if callee.exact => self.returned(*only, Some(ty)),
            ids => self.agreed(ids),
        };
        self.note_callee(id, callee);
        returns
    }

    fn takes(&self, id: Id, args: usize) -> bool {
        self.is_method(id) && self.index.function(id).signature.params.len() == args
    }

    /// It has a receiver, so that `value.name(…)` can mean it.
    fn is_method(&self, id: Id) -> bool {
        self.index.function(id).signature.receiver != Receiver::None
    }

    /// Several candidates only say whether the result is a future, and only if all agree.
    fn agreed(&self, ids: &[Id]) -> Type {
        let is_async = |id: &Id| self.index.function(*id).signature.is_async;
        if !ids.is_empty() && ids.iter().all(is_async) { Type::Unknown.future() } else { Type::Unknown }
    }

    /// What a function returns when called through a value or type `this`.
    pub(super) fn returned(&self, id: Id, this: Option<Type>) -> Type {
        let function = self.index.function(id);
        let place = Place { krate: id.krate, module: function.module };
        let env = match (function.owner, this) {
            (Owner::Impl(item), Some(this)) => {
                let item = self.index.impl_item(Id { krate: id.krate, item });
                Env::of_impl(self.index, place, item, this)
            }
            (Owner::Impl(item), None) => {
                let item = self.index.impl_item(Id { krate: id.krate, item });
                let this = Env::new(self.index, place).generics(&function.signature.generics).ty(&item.ty);
                Env::new(self.index, place).self_ty(Some(this))
            }
            (_, this) => Env::new(self.index, place).self_ty(this),
        };
        let returns = env.generics(&function.signature.generics).ty(&function.signature.returns);
        if function.signature.is_async { returns.future() } else { returns }
    }

    /// The types of the parameters of closures passed to a method of `receiver`.
    pub(super) fn bind_closures(&mut self, call: ExprId, receiver: &Type) {
        let body = self.body;
        let Kind::Method { name, args, .. } = body.kind(call) else { return };
        for &arg in args {
            let Kind::Closure { params, .. } = body.kind(arg) else { continue };
            let types = known::closure_params(receiver, name);
            for (&pat, ty) in params.iter().zip(types) {
                self.bind(pat, ty);
            }
        }
    }

    /// How a call takes its receiver: by the only function it can be, or by all that it may be if they agree.
    pub(crate) fn receiver_kind(&self, call: ExprId) -> Option<Receiver> {
        let callee = self.callee(call)?;
        let mut kinds = callee.ids.iter().map(|&id| self.index.function(id).signature.receiver);
        let first = kinds.next()?;
        kinds.all(|kind| kind == first).then_some(first)
    }
}
