//! The signature index: what the functions, types and traits of the workspace and of the crates it uses look like.
//!
//! A crate becomes [`CrateItems`], which can be kept on disk; all of them together are an [`Index`], in which paths resolve through imports
//! and re-exports ([`Index::resolve`]) and methods are found by type ([`Index::methods`]).

mod build;
mod cache;
mod deps;
mod idle;
mod load;
mod methods;
mod paths;
mod read;

use serde::{Deserialize, Serialize};

pub(crate) use load::{FunctionAt, Source, Workspace, load, load_texts, load_with};
pub(crate) use methods::TypeKey;
pub(crate) use paths::{Canon, Resolved};
pub(crate) use read::Scope;

use crate::hash::{HashMap, HashSet};
use crate::ir::{Bound, Name, Path, Signature, Ty};

/// The items of one crate: a library, or the tree of files under one binary, example or test.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct CrateItems {
    pub(crate) name: String,
    /// The first is the root.
    pub(crate) modules: Vec<ModuleItems>,
    pub(crate) fns: Vec<FnItem>,
    pub(crate) types: Vec<TypeItem>,
    pub(crate) traits: Vec<TraitItem>,
    /// Constants and statics, each with the module it stands in.
    pub(crate) values: Vec<(u32, Ty)>,
    pub(crate) aliases: Vec<AliasItem>,
    pub(crate) impls: Vec<ImplItem>,
    /// First names of public imports: crates that this one may pass on.
    pub(crate) reexports: HashSet<Name>,
    /// Names of the crates it may name, and their positions in the index.
    #[serde(skip)]
    pub(crate) externs: HashMap<Name, u32>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ModuleItems {
    pub(crate) name: String,
    pub(crate) parent: Option<u32>,
    pub(crate) defs: HashMap<Name, Vec<Def>>,
    pub(crate) imports: HashMap<Name, Vec<Path>>,
    pub(crate) globs: Vec<Path>,
}

/// An item of a module by its position in its crate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Def {
    Module(u32),
    Fn(u32),
    Type(u32),
    Trait(u32),
    Value(u32),
    Alias(u32),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FnItem {
    pub(crate) name: Name,
    pub(crate) module: u32,
    pub(crate) owner: Owner,
    pub(crate) signature: Signature,
    /// Of a dependency: async, but nothing in it waits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) idle: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Owner {
    Module,
    Impl(u32),
    Trait(u32),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TypeItem {
    pub(crate) name: Name,
    pub(crate) module: u32,
    pub(crate) generics: Vec<Name>,
    pub(crate) fields: Vec<(Name, Ty)>,
    pub(crate) variants: Vec<(Name, Vec<(Name, Ty)>)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TraitItem {
    pub(crate) name: Name,
    pub(crate) module: u32,
    pub(crate) supertraits: Vec<Bound>,
    pub(crate) methods: Vec<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct AliasItem {
    pub(crate) name: Name,
    pub(crate) module: u32,
    pub(crate) generics: Vec<Name>,
    pub(crate) ty: Ty,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ImplItem {
    pub(crate) module: u32,
    pub(crate) of: Option<Bound>,
    pub(crate) ty: Ty,
    pub(crate) assoc: Vec<(Name, Ty)>,
    pub(crate) methods: Vec<u32>,
}

/// An item of some crate: the position of the crate and the position in it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Id {
    pub(crate) krate: u32,
    pub(crate) item: u32,
}

/// Where a name is looked up: a module of a crate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Place {
    pub(crate) krate: u32,
    pub(crate) module: u32,
}

/// All crates together.
#[derive(Debug, Default)]
pub(crate) struct Index {
    pub(crate) crates: Vec<CrateItems>,
    tables: methods::Tables,
}

impl Index {
    /// Joins the crates; their `externs` must be set.
    pub(crate) fn new(crates: Vec<CrateItems>) -> Index {
        let mut index = Index { crates, tables: methods::Tables::default() };
        index.tables = methods::Tables::new(&index);
        index
    }

    pub(crate) fn function(&self, id: Id) -> &FnItem {
        &self.crates[id.krate as usize].fns[id.item as usize]
    }

    pub(crate) fn type_item(&self, id: Id) -> &TypeItem {
        &self.crates[id.krate as usize].types[id.item as usize]
    }

    pub(crate) fn trait_item(&self, id: Id) -> &TraitItem {
        &self.crates[id.krate as usize].traits[id.item as usize]
    }

    pub(crate) fn impl_item(&self, id: Id) -> &ImplItem {
        &self.crates[id.krate as usize].impls[id.item as usize]
    }

    /// Where the names in a function's signature are looked up.
    pub(crate) fn place_of(&self, id: Id) -> Place {
        Place { krate: id.krate, module: self.function(id).module }
    }

    /// The path of a function for people: `crate::module::Type::name`.
    pub(crate) fn describe(&self, id: Id) -> String {
        let function = self.function(id);
        let krate = &self.crates[id.krate as usize];
        let owner = match function.owner {
            Owner::Module => None,
            Owner::Trait(t) => Some(krate.traits[t as usize].name.to_string()),
            Owner::Impl(i) => match &krate.impls[i as usize].ty {
                Ty::Path(path) => Some(path.last().to_owned()),
                _ => None,
            },
        };
        owner.map_or(function.name.to_string(), |owner| format!("{owner}::{}", function.name))
    }
}
