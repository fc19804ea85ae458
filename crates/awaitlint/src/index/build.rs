//! From the lowered files of one crate to its [`CrateItems`].

use std::path::{Path as FsPath, PathBuf};

use super::{AliasItem, CrateItems, Def, FnItem, ImplItem, ModuleItems, Owner, TraitItem, TypeItem, idle};
use crate::hash::HashMap;
use crate::ir::{Item, ItemKind, Module};
use crate::project::TargetKind;

/// Where a function's body is: the file, and its place among the file's functions in the order of [`each_function`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct BodyAt {
    pub(crate) file: usize,
    pub(crate) function: usize,
}

/// A function of a crate that was built, in the order of `CrateItems::fns`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Built {
    pub(crate) at: BodyAt,
    pub(crate) test: bool,
    /// Calling it runs the body that is written here: not a trait's, which an implementation may replace.
    pub(crate) known: bool,
}

/// Builds one crate from its root file by following `mod` declarations.
pub(super) struct Builder<'a> {
    /// Lowered files by path.
    files: &'a HashMap<PathBuf, (usize, &'a [Item])>,
    /// The target that each file has been used by, this one or another.
    used: &'a mut [Option<TargetKind>],
    kind: TargetKind,
    items: CrateItems,
    bodies: Vec<Built>,
    /// What the functions await, by name, if only that was kept of their bodies.
    awaits: Vec<Option<Vec<String>>>,
}

/// Where the builder is while it walks the items.
#[derive(Clone)]
struct At {
    module: u32,
    file: usize,
    test: bool,
    /// The directory in which `mod name;` is looked for.
    dir: PathBuf,
}

impl<'a> Builder<'a> {
    pub(super) fn new(
        name: &str,
        kind: TargetKind,
        files: &'a HashMap<PathBuf, (usize, &'a [Item])>,
        used: &'a mut [Option<TargetKind>],
    ) -> Self {
        let items = CrateItems { name: name.to_owned(), modules: vec![ModuleItems::default()], ..CrateItems::default() };
        Builder { files, used, kind, items, bodies: Vec::new(), awaits: Vec::new() }
    }

    pub(super) fn finish(mut self) -> (CrateItems, Vec<Built>) {
        idle::mark(&mut self.items.fns, &self.awaits);
        (self.items, self.bodies)
    }

    /// Builds the crate whose root is this file.
    pub(super) fn root(&mut self, path: &FsPath) {
        let dir = path.parent().unwrap_or(path).to_owned();
        self.file(path, 0, matches!(self.kind, TargetKind::Test | TargetKind::Bench), dir);
    }

    fn file(&mut self, path: &FsPath, module: u32, test: bool, dir: PathBuf) {
        let Some(&(file, items)) = self.files.get(path) else { return };
        if self.used[file].replace(self.kind).is_some() {
            return;
        }
        let mut function = 0;
        self.items(items, &At { module, file, test, dir }, &mut function);
    }

    fn items(&mut self, items: &[Item], at: &At, function: &mut usize) {
        for item in items {
            let test = at.test || item.test;
            match &item.kind {
                ItemKind::Module(module) => self.module(item, module, at, test, function),
                ItemKind::Import(import) => {
                    if item.public
                        && let Some(first) = import.path.segments.first()
                    {
                        self.items.reexports.insert(first.name.clone());
                    }
                    let module = &mut self.items.modules[at.module as usize];
                    if &*item.name == "*" {
                        module.globs.push(import.path.clone());
                    } else {
                        module.imports.entry(item.name.clone()).or_default().push(import.path.clone());
                    }
                }
                ItemKind::Function(_) => {
                    let id = self.function(item, at, test, Owner::Module, function);
                    self.define(at.module, item, Def::Fn(id));
                }
                ItemKind::Struct(s) => {
                    let (generics, fields) = (s.generics.clone(), s.fields.clone());
                    self.ty(
                        item,
                        at.module,
                        TypeItem { name: item.name.clone(), module: at.module, generics, fields, variants: Vec::new() },
                    );
                }
                ItemKind::Enum(e) => {
                    let (generics, variants) = (e.generics.clone(), e.variants.clone());
                    self.ty(
                        item,
                        at.module,
                        TypeItem { name: item.name.clone(), module: at.module, generics, fields: Vec::new(), variants },
                    );
                }
                ItemKind::Impl(i) => {
                    let id = self.items.impls.len() as u32;
                    let entry =
                        ImplItem { module: at.module, of: i.of.clone(), ty: i.ty.clone(), assoc: i.assoc.clone(), methods: Vec::new() };
                    self.items.impls.push(entry);
                    let methods = self.methods(&i.items, at, test, Owner::Impl(id), function);
                    self.items.impls[id as usize].methods = methods;
                }
                ItemKind::Trait(t) => {
                    let id = self.items.traits.len() as u32;
                    let supertraits = t.supertraits.clone();
                    self.items.traits.push(TraitItem { name: item.name.clone(), module: at.module, supertraits, methods: Vec::new() });
                    let methods = self.methods(&t.items, at, test, Owner::Trait(id), function);
                    self.items.traits[id as usize].methods = methods;
                    self.define(at.module, item, Def::Trait(id));
                }
                ItemKind::Alias(generics, ty) => {
                    let alias = AliasItem { name: item.name.clone(), module: at.module, generics: generics.clone(), ty: ty.clone() };
                    self.items.aliases.push(alias);
                    self.define(at.module, item, Def::Alias(self.items.aliases.len() as u32 - 1));
                }
                ItemKind::Value(ty) => {
                    self.items.values.push((at.module, ty.clone()));
                    self.define(at.module, item, Def::Value(self.items.values.len() as u32 - 1));
                }
            }
        }
    }

    fn define(&mut self, module: u32, item: &Item, def: Def) {
        self.items.modules[module as usize].defs.entry(item.name.clone()).or_default().push(def);
    }

    fn ty(&mut self, item: &Item, module: u32, ty: TypeItem) {
        self.items.types.push(ty);
        self.define(module, item, Def::Type(self.items.types.len() as u32 - 1));
    }

    fn methods(&mut self, items: &[Item], at: &At, test: bool, owner: Owner, function: &mut usize) -> Vec<u32> {
        let mut methods = Vec::new();
        for item in items {
            match &item.kind {
                ItemKind::Function(_) => methods.push(self.function(item, at, test || item.test, owner, function)),
                // What a method's body declares lies beside the impl.
                ItemKind::Module(module) => self.module(item, module, at, test, function),
                _ => {}
            }
        }
        methods
    }

    fn function(&mut self, item: &Item, at: &At, test: bool, owner: Owner, function: &mut usize) -> u32 {
        if let ItemKind::Function(f) = &item.kind {
            let signature = f.signature.clone();
            self.items.fns.push(FnItem { name: item.name.clone(), module: at.module, owner, signature, idle: false });
            self.awaits.push(f.awaits.clone());
            let known = f.body.is_some() && !matches!(owner, Owner::Trait(_));
            self.bodies.push(Built { at: BodyAt { file: at.file, function: *function }, test, known });
            *function += 1;
        }
        self.items.fns.len() as u32 - 1
    }

    fn module(&mut self, item: &Item, module: &Module, at: &At, test: bool, function: &mut usize) {
        let id = self.items.modules.len() as u32;
        self.items.modules.push(ModuleItems { name: item.name.to_string(), parent: Some(at.module), ..ModuleItems::default() });
        self.define(at.module, item, Def::Module(id));
        match module {
            Module::Inline(items) => {
                let dir = if item.name.starts_with('{') { at.dir.clone() } else { at.dir.join(&*item.name) };
                self.items(items, &At { module: id, file: at.file, test, dir }, function);
            }
            Module::File(Some(path)) => {
                let path = normal(&at.dir.join(path));
                let dir = path.parent().unwrap_or(&path).to_owned();
                self.file(&path, id, test, dir);
            }
            Module::File(None) => {
                let dir = at.dir.join(&*item.name);
                let (flat, nested) = (at.dir.join(format!("{}.rs", item.name)), dir.join("mod.rs"));
                self.file(if self.files.contains_key(&flat) { &flat } else { &nested }, id, test, dir);
            }
        }
    }
}

/// Without `.` and `..`, as far as that can be told from the text.
fn normal(path: &FsPath) -> PathBuf {
    use std::path::Component;
    path.components().fold(PathBuf::new(), |mut all, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                all.pop();
            }
            part => all.push(part),
        }
        all
    })
}

/// Calls `each` for every function of a file in the order in which the builder counts them.
pub(crate) fn each_function<'a>(items: &'a [Item], each: &mut dyn FnMut(&'a Item)) {
    for item in items {
        match &item.kind {
            ItemKind::Function(_) => each(item),
            ItemKind::Module(Module::Inline(inner)) => each_function(inner, each),
            ItemKind::Impl(i) => each_function(&i.items, each),
            ItemKind::Trait(t) => each_function(&t.items, each),
            _ => {}
        }
    }
}
