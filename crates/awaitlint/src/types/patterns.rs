//! The types of what patterns bind, and of the parts of a value.

use super::{Env, Type, Typing};
use crate::index::{Place, Resolved, TypeKey};
use crate::ir::{PatId, PatKind, Path};

impl Typing<'_> {
    /// Gives the locals of a pattern their types, as far as the type of what it matches is known.
    pub(super) fn bind(&mut self, pat: PatId, ty: Type) {
        if ty.is_unknown() && !matches!(self.body.pat(pat).kind, PatKind::Typed(..)) {
            return;
        }
        match &self.body.pat(pat).kind {
            PatKind::Bind(local, inner) => {
                self.set_local(*local, ty.clone());
                if let Some(inner) = inner {
                    self.bind(*inner, ty);
                }
            }
            PatKind::Typed(inner, written) => {
                let written = self.env.ty(written);
                self.bind(*inner, if written.is_unknown() { ty } else { written });
            }
            PatKind::Ref(inner) => self.bind(*inner, ty.peel_refs().clone()),
            PatKind::Tuple(parts) => {
                if let Type::Tuple(types) = ty.peel_refs() {
                    for (&part, part_ty) in parts.iter().zip(types.iter()) {
                        self.bind(part, like(&ty, part_ty.clone()));
                    }
                }
            }
            PatKind::Slice(parts) => parts.iter().for_each(|&part| self.bind(part, like(&ty, self.item_of(ty.peel_refs())))),
            PatKind::Or(parts) => parts.iter().for_each(|&part| self.bind(part, ty.clone())),
            PatKind::TupleStruct(path, parts) => match path.last() {
                "Some" | "Ok" => parts.iter().for_each(|&part| self.bind(part, like(&ty, ty.peel_refs().arg(0)))),
                "Err" => parts.iter().for_each(|&part| self.bind(part, ty.peel_refs().arg(1))),
                _ => (0..).zip(parts).for_each(|(i, &part)| {
                    let field = self.pattern_field(path, &ty, &i.to_string());
                    self.bind(part, like(&ty, field));
                }),
            },
            PatKind::Struct(path, fields) => fields.iter().for_each(|(name, part)| {
                let field = self.pattern_field(path, &ty, name);
                self.bind(*part, like(&ty, field));
            }),
            PatKind::Wild | PatKind::Other => {}
        }
    }

    /// The type of a field of a struct or enum variant named in a pattern.
    fn pattern_field(&self, path: &Path, ty: &Type, name: &str) -> Type {
        match self.index.resolve_type(self.place, self.imports, path) {
            Some((Resolved::Variant(id, variant), _)) => {
                let item = self.index.type_item(id);
                let place = Place { krate: id.krate, module: item.module };
                let fields = item.variants.iter().find(|(n, _)| *n == variant).map_or(&[][..], |(_, fields)| fields);
                let field = fields.iter().find(|(n, _)| &**n == name).map(|(_, ty)| ty);
                let env = match ty.peel_refs().adt() {
                    Some(adt) => Env::of_type(self.index, place, &item.generics, adt),
                    None => Env::new(self.index, place),
                };
                field.map_or(Type::Unknown, |ty| env.ty(ty))
            }
            _ => self.field(ty, name),
        }
    }

    /// What a loop over this yields.
    pub(super) fn item_of(&self, ty: &Type) -> Type {
        match ty {
            Type::Ref { mutable, inner } => match self.item_of(inner) {
                Type::Unknown => Type::Unknown,
                item @ Type::Ref { .. } => item,
                item => Type::Ref { mutable: *mutable, inner: item.into() },
            },
            Type::Slice(item) => (**item).clone(),
            Type::Adt(adt) => match adt.canon.last() {
                "HashMap" | "BTreeMap" | "IndexMap" | "DashMap" => Type::Tuple([ty.arg(0), ty.arg(1)].into()),
                "Iterator" | "Stream" | "Vec" | "Option" | "Result" | "HashSet" | "BTreeSet" | "VecDeque" | "LinkedList" | "BinaryHeap"
                | "IndexSet" | "SmallVec" => ty.arg(0),
                "Box" | "Arc" => self.item_of(&ty.arg(0)),
                _ => self.associated(ty, &["std::iter::Iterator", "std::iter::IntoIterator"], "Item"),
            },
            _ => Type::Unknown,
        }
    }

    /// An associated type of a trait that the index says `ty` implements.
    pub(super) fn associated(&self, ty: &Type, wanted: &[&str], name: &str) -> Type {
        let Some(id) = ty.adt().and_then(|adt| self.index.implementation(&adt.key, wanted)) else { return Type::Unknown };
        let item = self.index.impl_item(id);
        let found = item.assoc.iter().find(|(n, _)| &**n == name);
        let env = Env::of_impl(self.index, Place { krate: id.krate, module: item.module }, item, ty.clone());
        found.map_or(Type::Unknown, |(_, ty)| env.ty(ty))
    }

    /// The type of a field, through references and what dereferences.
    pub(super) fn field(&self, ty: &Type, name: &str) -> Type {
        let mut ty = ty.clone();
        for _ in 0..6 {
            match &ty {
                Type::Tuple(parts) => {
                    return name.parse::<usize>().ok().and_then(|i| parts.get(i)).cloned().unwrap_or(Type::Unknown);
                }
                Type::Adt(adt) => {
                    if let TypeKey::Item(id) = adt.key {
                        let item = self.index.type_item(id);
                        if let Some((_, field)) = item.fields.iter().find(|(n, _)| &**n == name) {
                            let place = Place { krate: id.krate, module: item.module };
                            return Env::of_type(self.index, place, &item.generics, adt).ty(field);
                        }
                    }
                }
                _ => {}
            }
            match ty.deref(self.index) {
                Some(inner) => ty = inner,
                None => break,
            }
        }
        Type::Unknown
    }
}

/// A part of something borrowed is borrowed.
fn like(whole: &Type, part: Type) -> Type {
    match (whole, &part) {
        (Type::Ref { mutable, .. }, Type::Adt(_) | Type::Tuple(_) | Type::Slice(_)) => Type::Ref { mutable: *mutable, inner: part.into() },
        _ => part,
    }
}
