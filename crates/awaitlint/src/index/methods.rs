//! Which methods a type has and which traits it implements.

use std::sync::OnceLock;

use super::{Canon, CrateItems, Id, Index, Owner, Place, Resolved};
use crate::hash::HashMap;
use crate::ir::{Name, Path, Receiver, Ty};

/// A type without its arguments.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum TypeKey {
    Item(Id),
    External(Canon),
}

/// That a type implements a trait.
#[derive(Debug)]
struct Implementation {
    /// The trait's full path, as far as it is known.
    of: Canon,
    /// The trait, if it is in the index.
    declared: Option<Id>,
    /// The impl.
    id: Id,
}

/// What is derived from all crates together.
#[derive(Debug, Default)]
pub(super) struct Tables {
    methods: HashMap<TypeKey, HashMap<Name, Vec<Id>>>,
    impls: HashMap<TypeKey, Vec<Implementation>>,
    methods_by_name: HashMap<Name, Vec<Id>>,
    functions_by_name: HashMap<Name, Vec<Id>>,
    /// What implements the method of a trait.
    overrides: HashMap<Id, Vec<Id>>,
    pub(super) canons: Canons,
}

/// The full paths of types and functions, made when they are first asked for.
#[derive(Debug, Default)]
pub(super) struct Canons {
    types: Vec<Vec<OnceLock<Canon>>>,
    functions: Vec<Vec<OnceLock<Canon>>>,
}

impl Canons {
    fn new(crates: &[CrateItems]) -> Canons {
        let empty = |count: usize| std::iter::repeat_with(OnceLock::new).take(count).collect();
        Canons {
            types: crates.iter().map(|krate| empty(krate.types.len())).collect(),
            functions: crates.iter().map(|krate| empty(krate.fns.len())).collect(),
        }
    }

    pub(super) fn of_type(&self, id: Id, make: impl FnOnce() -> Canon) -> Canon {
        of(&self.types, id, make)
    }

    pub(super) fn of_function(&self, id: Id, make: impl FnOnce() -> Canon) -> Canon {
        of(&self.functions, id, make)
    }
}

fn of(made: &[Vec<OnceLock<Canon>>], id: Id, make: impl FnOnce() -> Canon) -> Canon {
    match made.get(id.krate as usize).and_then(|krate| krate.get(id.item as usize)) {
        Some(known) => known.get_or_init(make).clone(),
        None => make(), // while the tables are made
    }
}

impl Tables {
    pub(super) fn new(index: &Index) -> Tables {
        let mut tables = Tables { canons: Canons::new(&index.crates), ..Tables::default() };
        for (krate, items) in (0u32..).zip(&index.crates) {
            for (item, function) in (0u32..).zip(&items.fns) {
                let by_name = match (function.owner, function.signature.receiver) {
                    (_, receiver) if receiver != Receiver::None => &mut tables.methods_by_name,
                    (Owner::Module, _) => &mut tables.functions_by_name,
                    _ => continue,
                };
                by_name.entry(function.name.clone()).or_default().push(Id { krate, item });
            }
            for (item, implementation) in (0u32..).zip(&items.impls) {
                let place = Place { krate, module: implementation.module };
                let Some(key) = index.type_key(place, &implementation.ty) else { continue };
                if let Some(bound) = &implementation.of {
                    let of = index.trait_canon(place, &bound.path);
                    let declared = index.trait_of(Id { krate, item });
                    for &method in declared.iter().flat_map(|_| &implementation.methods) {
                        let ids = declared.iter().flat_map(|&id| index.trait_methods(id, &items.fns[method as usize].name));
                        ids.for_each(|id| tables.overrides.entry(id).or_default().push(Id { krate, item: method }));
                    }
                    tables.impls.entry(key.clone()).or_default().push(Implementation { of, declared, id: Id { krate, item } });
                }
                let methods = tables.methods.entry(key).or_default();
                for &method in &implementation.methods {
                    methods.entry(items.fns[method as usize].name.clone()).or_default().push(Id { krate, item: method });
                }
            }
        }
        tables
    }
}

impl Index {
    /// The type that a written type names, references and arguments left out.
    pub(crate) fn type_key(&self, place: Place, ty: &Ty) -> Option<TypeKey> {
        match ty {
            Ty::Path(path) => self.path_key(place, path, 8),
            Ty::Ref { inner, .. } => self.type_key(place, inner),
            _ => None,
        }
    }

    fn path_key(&self, place: Place, path: &Path, hops: u8) -> Option<TypeKey> {
        let (found, used) = self.resolve_type(place, &[], path)?;
        if used < path.segments.len() {
            return None;
        }
        match found {
            Resolved::Type(id) => Some(TypeKey::Item(id)),
            Resolved::External(canon) => Some(TypeKey::External(canon)),
            Resolved::Alias(id) => {
                let alias = &self.crates[id.krate as usize].aliases[id.item as usize];
                match &alias.ty {
                    Ty::Path(path) if hops > 0 => self.path_key(Place { krate: id.krate, module: alias.module }, path, hops - 1),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The full path of a trait, as far as it is known.
    pub(crate) fn trait_canon(&self, place: Place, path: &Path) -> Canon {
        match self.resolve_type(place, &[], path) {
            Some((found, _)) => self.canon(&found),
            None => Canon::new(path.segments.iter().map(|s| &*s.name)),
        }
    }

    /// The methods and associated functions of this name that a type has itself, through its traits, or by their defaults.
    pub(crate) fn methods(&self, key: &TypeKey, name: &str) -> Vec<Id> {
        if let Some(own) = self.tables.methods.get(key).and_then(|methods| methods.get(name)) {
            return own.clone();
        }
        let impls = self.tables.impls.get(key).map_or(&[][..], Vec::as_slice);
        impls.iter().filter_map(|found| found.declared).flat_map(|id| self.trait_methods(id, name)).collect()
    }

    fn trait_of(&self, implementation: Id) -> Option<Id> {
        let item = self.impl_item(implementation);
        let place = Place { krate: implementation.krate, module: item.module };
        match self.resolve_type(place, &[], &item.of.as_ref()?.path)? {
            (Resolved::Trait(id), _) => Some(id),
            _ => None,
        }
    }

    /// The methods of this name that a trait declares.
    pub(crate) fn trait_methods(&self, id: Id, name: &str) -> Vec<Id> {
        let methods = &self.trait_item(id).methods;
        let ids = methods.iter().map(|&item| Id { krate: id.krate, item });
        ids.filter(|&id| *self.function(id).name == *name).collect()
    }

    /// The methods that implement this one, which a trait declares.
    pub(crate) fn overrides(&self, id: Id) -> &[Id] {
        self.tables.overrides.get(&id).map_or(&[], Vec::as_slice)
    }

    /// The implementation of a trait by a type, if there is one.
    pub(crate) fn implementation(&self, key: &TypeKey, wanted: &[&str]) -> Option<Id> {
        let impls = self.tables.impls.get(key)?;
        impls.iter().find(|found| found.of.is_any(wanted)).map(|found| found.id)
    }

    /// Every method of this name with a receiver, whatever its type.
    pub(crate) fn methods_named(&self, name: &str) -> &[Id] {
        self.tables.methods_by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// Every free function of this name.
    pub(crate) fn functions_named(&self, name: &str) -> &[Id] {
        self.tables.functions_by_name.get(name).map_or(&[], Vec::as_slice)
    }
}
