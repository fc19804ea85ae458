//! A project in memory: its files, its functions, and the index of everything they use.

use std::path::{Path, PathBuf};

use super::build::{BodyAt, Builder, Built, each_function};
use super::read::{Scope, lower_texts, read_members};
use super::{CrateItems, Id, Index, deps};
use crate::hash::{HashMap, HashSet};
use crate::ir::{File, Function, Item, ItemKind, Name};
use crate::names::Known;
use crate::project::{Notice, Package, Project, TargetKind};
use crate::source::Text;

/// Everything that is known of a project.
pub(crate) struct Workspace {
    pub(crate) project: Project,
    pub(crate) files: Vec<Source>,
    pub(crate) index: Index,
    /// The functions of the members, in the order of files and of places in them.
    pub(crate) functions: Vec<FunctionAt>,
    /// Position in `functions` by place in the index.
    pub(crate) by_id: HashMap<Id, usize>,
    /// Crates, by their names in code, that are there to speak with the outside.
    pub(crate) services: HashSet<String>,
    /// The crates that are built on those.
    pub(crate) fronts: HashSet<String>,
    pub(crate) notices: Vec<Notice>,
}

/// A file of a member.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) package: usize,
    pub(crate) kind: TargetKind,
    pub(crate) file: File,
}

/// A function of a member: where it stands in the index and in its file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FunctionAt {
    pub(crate) id: Id,
    pub(crate) at: BodyAt,
    pub(crate) test: bool,
    /// Calling it runs the body that is written there.
    pub(crate) known: bool,
}

impl Workspace {
    pub(crate) fn text(&self, file: usize) -> &Text {
        &self.files[file].file.text
    }

    /// Whether calling this function runs a body of the members.
    pub(crate) fn knows(&self, id: Id) -> bool {
        self.by_id.get(&id).is_some_and(|&at| self.functions[at].known)
    }

    /// The bodies of the members that calling this function runs, if it runs nothing else: its own, or those of everything that implements
    /// it where a trait declares it.
    pub(crate) fn bodies(&self, id: Id) -> Vec<Id> {
        if self.knows(id) {
            return vec![id];
        }
        let known = |id: &Id| self.by_id.contains_key(id);
        let overrides = self.index.overrides(id);
        if !known(&id) || overrides.is_empty() || !overrides.iter().all(known) {
            return Vec::new();
        }
        overrides.iter().copied().chain([id]).collect()
    }

    pub(crate) fn edition(&self, file: usize) -> u16 {
        self.project.packages[self.files[file].package].edition
    }

    /// All functions of one file with their items, in the order of `FunctionAt::at`.
    pub(crate) fn functions_of(&self, file: usize) -> Vec<(&Item, &Function)> {
        let mut found = Vec::new();
        each_function(&self.files[file].file.items, &mut |item| {
            if let ItemKind::Function(function) = &item.kind {
                found.push((item, &**function));
            }
        });
        found
    }

    /// Lines of all files of the members.
    pub(crate) fn lines(&self) -> usize {
        self.files.iter().map(|source| source.file.text.line(u32::MAX)).sum()
    }
}

/// Reads the members' files and indexes them with their dependencies.
pub(crate) fn load(mut project: Project, scope: Scope) -> Workspace {
    let mut notices = std::mem::take(&mut project.notices);
    let files = read_members(&project, scope, &mut notices);
    assemble(project, scope, files, notices)
}

/// The same, with another text for one of the files.
pub(crate) fn load_with(mut project: Project, scope: Scope, path: &Path, text: &str) -> Workspace {
    let mut notices = std::mem::take(&mut project.notices);
    let mut files = read_members(&project, scope, &mut notices);
    if let Some(source) = files.iter_mut().find(|source| source.path == path) {
        let changed = lower_texts(vec![(path.to_owned(), text.to_owned())], &mut notices).pop();
        source.file = changed.map_or_else(File::default, |changed| changed.file);
    }
    assemble(project, scope, files, notices)
}

/// Indexes files that are in memory, as one package without dependencies.
pub(crate) fn load_texts(texts: Vec<(PathBuf, String)>, edition: u16, scope: Scope) -> Workspace {
    let mut project = Project::loose(Path::new(""));
    project.packages[0].edition = edition;
    let mut notices = Vec::new();
    let files = lower_texts(texts, &mut notices);
    assemble(project, scope, files, notices)
}

fn assemble(project: Project, scope: Scope, mut files: Vec<Source>, notices: Vec<Notice>) -> Workspace {
    let mut crates = Crates::default();
    let kinds = crates.add_members(&project, scope, &files);
    for (source, kind) in files.iter_mut().zip(kinds) {
        // A file that looks like a test stays one, whatever crate it is compiled into.
        source.kind = kind.filter(|_| source.kind != TargetKind::Test).unwrap_or(source.kind);
    }
    deps::add(&project, &mut crates.items, &mut crates.package, &mut crates.library);
    for krate in 0..crates.items.len() {
        crates.items[krate].externs = crates.externs(&project, krate);
    }
    let mut functions = Vec::new();
    for (krate, bodies) in crates.bodies {
        functions.extend((0u32..).zip(bodies).map(|(item, b)| FunctionAt {
            id: Id { krate, item },
            at: b.at,
            test: b.test,
            known: b.known,
        }));
    }
    functions.sort_by_key(|f| (f.at.file, f.at.function));
    let by_id = functions.iter().enumerate().map(|(at, function)| (function.id, at)).collect();
    let (services, fronts) = services(&project);
    Workspace { project, files, index: Index::new(crates.items), functions, by_id, services, fronts, notices }
}

/// Crates for the network, databases and files, and the crates that are built directly on them, which do other things as well.
fn services(project: &Project) -> (HashSet<String>, HashSet<String>) {
    let in_code = |package: &Package| package.name.replace('-', "_");
    let direct = |package: &Package| Known::Service.has(&in_code(package));
    let on_top = |package: &Package| package.deps.iter().any(|(_, dep)| direct(&project.packages[*dep]));
    let others = || project.packages.iter().filter(|package| !package.member);
    let services: HashSet<String> = others().filter(|package| direct(package)).map(in_code).collect();
    let fronts = others().filter(|package| !direct(package) && on_top(package)).map(in_code).collect();
    (services, fronts)
}

/// The crates of the index while they are collected.
#[derive(Default)]
struct Crates {
    items: Vec<CrateItems>,
    /// The package of each crate.
    package: Vec<usize>,
    /// The library crate of each package.
    library: HashMap<usize, u32>,
    bodies: Vec<(u32, Vec<Built>)>,
}

impl Crates {
    /// Builds the crates of all members; returns the target that each file belongs to.
    fn add_members(&mut self, project: &Project, scope: Scope, files: &[Source]) -> Vec<Option<TargetKind>> {
        let by_path: HashMap<PathBuf, (usize, &[Item])> =
            files.iter().enumerate().map(|(i, source)| (source.path.clone(), (i, source.file.items.as_slice()))).collect();
        let mut used = vec![None; files.len()];
        for (at, package) in project.packages.iter().enumerate().filter(|(_, package)| package.member) {
            let mut targets: Vec<_> = package.targets.iter().filter(|target| scope.includes(target.kind)).collect();
            targets.sort_by_key(|target| target.kind != TargetKind::Lib);
            for target in targets {
                let mut builder = Builder::new(&target.name, target.kind, &by_path, &mut used);
                builder.root(&target.root);
                if target.kind == TargetKind::Lib {
                    self.library.insert(at, self.items.len() as u32);
                }
                let (items, bodies) = builder.finish();
                self.push(at, items, bodies);
            }
            for (file, source) in files.iter().enumerate() {
                if used[file].is_none() && source.package == at && is_orphan(package, &source.path) {
                    let name = source.path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().replace('-', "_"));
                    let mut builder = Builder::new(&name, source.kind, &by_path, &mut used);
                    builder.root(&source.path);
                    let (items, bodies) = builder.finish();
                    self.push(at, items, bodies);
                }
            }
        }
        used
    }

    fn push(&mut self, package: usize, items: CrateItems, bodies: Vec<Built>) {
        self.bodies.push((self.items.len() as u32, bodies));
        self.items.push(items);
        self.package.push(package);
    }

    /// What a crate may name: its dependencies, and for other targets the library of its own package.
    fn externs(&self, project: &Project, krate: usize) -> HashMap<Name, u32> {
        let at = self.package[krate];
        let position = |package: usize| self.library.get(&package).copied().unwrap_or(u32::MAX);
        let mut externs: HashMap<Name, u32> = project.packages[at].deps.iter().map(|(name, dep)| (name.clone(), position(*dep))).collect();
        let own = position(at);
        if own != u32::MAX && own != krate as u32 {
            externs.insert(self.items[own as usize].name.as_str().into(), own);
        }
        externs
    }
}

/// A file that no `mod` leads to (one inside an unreadable macro does not show) counts if it lies beside the library or a binary.
fn is_orphan(package: &Package, path: &Path) -> bool {
    let compiled = |kind| matches!(kind, TargetKind::Lib | TargetKind::Bin);
    package.targets.is_empty()
        || package
            .targets
            .iter()
            .any(|t| compiled(t.kind) && t.root.parent().is_some_and(|dir| dir != package.dir && path.starts_with(dir)))
}
