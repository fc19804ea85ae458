//! Types, paths and bounds.

use syn::{GenericArgument, PathArguments, ReturnType, Type, TypeParamBound};

use super::Lower;
use crate::ir::{Bound, Name, Path, Segment, Ty};

impl Lower<'_> {
    pub(super) fn ty(&mut self, ty: &Type) -> Ty {
        match ty {
            Type::Array(t) => Ty::Slice(Box::new(self.ty(&t.elem))),
            Type::Slice(t) => Ty::Slice(Box::new(self.ty(&t.elem))),
            Type::FnPtr(t) => Ty::Fn(Box::new(self.output(&t.output))),
            Type::Group(t) => self.ty(&t.elem),
            Type::Paren(t) => self.ty(&t.elem),
            Type::ImplTrait(t) => Ty::Impl(self.bounds(&t.bounds)),
            Type::TraitObject(t) => Ty::Dyn(self.bounds(&t.bounds)),
            Type::Path(t) => match (&t.qself, t.path.segments.last()) {
                (Some(qself), Some(last)) => Ty::Assoc(Box::new(self.ty(&qself.ty)), self.name(&last.ident)),
                _ => Ty::Path(self.path(&t.path)),
            },
            Type::Reference(t) => Ty::Ref { mutable: t.mutability.is_some(), inner: Box::new(self.ty(&t.elem)) },
            Type::Tuple(t) => Ty::Tuple(t.elems.iter().map(|t| self.ty(t)).collect()),
            _ => Ty::Unknown,
        }
    }

    pub(super) fn output(&mut self, output: &ReturnType) -> Ty {
        match output {
            ReturnType::Default => Ty::unit(),
            ReturnType::Type(_, ty) => self.ty(ty),
        }
    }

    pub(super) fn path(&mut self, path: &syn::Path) -> Path {
        let segments = path.segments.iter().map(|s| Segment { name: self.name(&s.ident), args: self.arguments(&s.arguments) }).collect();
        Path { global: path.leading_colon.is_some(), segments }
    }

    fn arguments(&mut self, arguments: &PathArguments) -> Vec<Ty> {
        match arguments {
            PathArguments::AngleBracketed(args) => self.generic_args(args),
            _ => Vec::new(),
        }
    }

    pub(super) fn generic_args(&mut self, args: &syn::AngleBracketedGenericArguments) -> Vec<Ty> {
        let types = args.args.iter().filter_map(|arg| match arg {
            GenericArgument::Type(ty) => Some(self.ty(ty)),
            GenericArgument::Const(_) => Some(Ty::Unknown),
            _ => None,
        });
        types.collect()
    }

    pub(super) fn bounds<'b>(&mut self, bounds: impl IntoIterator<Item = &'b TypeParamBound>) -> Vec<Bound> {
        let traits = bounds.into_iter().filter_map(|bound| match bound {
            TypeParamBound::Trait(bound) => Some(self.bound(&bound.path)),
            _ => None,
        });
        traits.collect()
    }

    pub(super) fn bound(&mut self, path: &syn::Path) -> Bound {
        let (mut assoc, mut returns) = (Vec::new(), None);
        match path.segments.last().map(|s| &s.arguments) {
            Some(PathArguments::AngleBracketed(args)) => {
                for arg in &args.args {
                    if let GenericArgument::AssocType(arg) = arg {
                        let name = self.name(&arg.ident);
                        assoc.push((name, self.ty(&arg.ty)));
                    }
                }
            }
            Some(PathArguments::Parenthesized(args)) => returns = Some(Box::new(self.output(&args.output))),
            _ => {}
        }
        Bound { path: self.path(path), assoc, returns }
    }

    /// Bounds of type parameters, from the list and the `where` clause.
    pub(super) fn generics(&mut self, generics: &syn::Generics, all: &mut Vec<(Name, Vec<Bound>)>) {
        for param in generics.type_params() {
            let name = self.name(&param.ident);
            all.push((name, self.bounds(&param.bounds)));
        }
        let predicates = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
        for predicate in predicates {
            let syn::WherePredicate::Type(predicate) = predicate else { continue };
            let Type::Path(ty) = &predicate.bounded_ty else { continue };
            let Some(ident) = ty.path.get_ident() else { continue };
            let name = self.name(ident);
            let bounds = self.bounds(&predicate.bounds);
            match all.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) => known.extend(bounds),
                None => all.push((name, bounds)),
            }
        }
    }

    /// The names of the type parameters.
    pub(super) fn type_params(&mut self, generics: &syn::Generics) -> Vec<Name> {
        generics.type_params().map(|param| self.name(&param.ident)).collect()
    }
}
