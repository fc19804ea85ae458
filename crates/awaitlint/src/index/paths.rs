//! Resolving paths through modules, imports and re-exports.

use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use super::{Def, Id, Index, Place};
use crate::hash::HashMap;
use crate::ir::{Import, Name, Path, Segment};

/// Imports followed one inside the other before giving up.
const MAX_HOPS: u8 = 16;
/// Paths looked at for one path before giving up.
const MAX_STEPS: u16 = 400;

/// What a path names.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Resolved {
    Module(Place),
    Fn(Id),
    Type(Id),
    Variant(Id, Name),
    Trait(Id),
    Value(Id),
    Alias(Id),
    /// Something in a crate that is not in the index, the standard library for one.
    External(Canon),
}

/// A full path that begins with the name of a crate. `core` and `alloc` are written `std`, the parts of `futures` are written `futures`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Canon(Arc<[Name]>);

impl Canon {
    pub(crate) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Canon {
        let mut names = names.into_iter();
        let krate = match names.next().unwrap_or_default() {
            "core" | "alloc" => "std",
            "futures_util" | "futures_core" | "futures_executor" | "futures_channel" | "futures_io" | "futures_task" => "futures",
            name => name,
        };
        Canon(std::iter::once(krate).chain(names).map(Name::from).collect())
    }

    /// A path that stands in this program. Made once by each thread: most expressions are of the same few types.
    pub(crate) fn fixed(path: &'static str) -> Canon {
        thread_local! { static MADE: RefCell<HashMap<&'static str, Canon>> = RefCell::default(); }
        MADE.with_borrow_mut(|made| made.entry(path).or_insert_with(|| Canon::new(path.split("::"))).clone())
    }

    pub(crate) fn join(&self, rest: &[Segment]) -> Canon {
        Canon(self.0.iter().cloned().chain(rest.iter().map(|s| s.name.clone())).collect())
    }

    pub(crate) fn krate(&self) -> &str {
        self.0.first().map_or("", |name| name)
    }

    /// Whether one of the modules or types on the path is called like this.
    pub(crate) fn has_any(&self, names: &[&str]) -> bool {
        self.0.iter().any(|name| names.contains(&&**name))
    }

    pub(crate) fn last(&self) -> &str {
        self.0.last().map_or("", |name| name)
    }

    /// Whether this is the public path `wanted`, whatever private modules lie between: `tokio::sync::mutex::Mutex` is `tokio::sync::Mutex`.
    pub(crate) fn is(&self, wanted: &str) -> bool {
        let mut have = self.0.iter();
        let mut wanted = wanted.split("::").peekable();
        if wanted.next() != have.next().map(|name| &**name) {
            return false;
        }
        // Modules may be skipped, types may not: `Set::spawn` is not `spawn`.
        let module = |name: &Name| !name.starts_with(|c: char| c.is_uppercase());
        while let Some(name) = wanted.next() {
            let last = wanted.peek().is_none();
            let found = if last { have.next_back() } else { have.find(|have| &***have == name || !module(have)) };
            if found.is_none_or(|found| &**found != name) || last && !have.all(module) {
                return false;
            }
        }
        true
    }

    pub(crate) fn is_any(&self, wanted: &[&str]) -> bool {
        wanted.iter().any(|wanted| self.is(wanted))
    }
}

impl fmt::Display for Canon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.0.iter().enumerate() {
            write!(f, "{}{name}", if i > 0 { "::" } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Canon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Which of several things of one name is meant.
#[derive(Clone, Copy, PartialEq)]
enum Want {
    /// Something that can be followed by `::`.
    Container,
    Value,
    Type,
}

/// The state of one search.
struct Search<'a> {
    index: &'a Index,
    hops: u8,
    steps: u16,
    /// Modules whose glob imports are being looked through.
    globs: Vec<Place>,
}

impl Index {
    /// What a path of an expression names, and how many of its segments that took (the rest are methods, constants or fields of a type).
    pub(crate) fn resolve_value(&self, place: Place, local: &[(Name, Import)], path: &Path) -> Option<(Resolved, usize)> {
        self.resolve(place, local, path, Want::Value)
    }

    /// What a path in the position of a type names.
    pub(crate) fn resolve_type(&self, place: Place, local: &[(Name, Import)], path: &Path) -> Option<(Resolved, usize)> {
        self.resolve(place, local, path, Want::Type)
    }

    fn resolve(&self, place: Place, local: &[(Name, Import)], path: &Path, want: Want) -> Option<(Resolved, usize)> {
        let mut search = Search { index: self, hops: MAX_HOPS, steps: MAX_STEPS, globs: Vec::new() };
        let first = path.segments.first()?;
        let imported = local.iter().rev().find(|(name, _)| !path.global && *name == first.name);
        let Some((_, import)) = imported else { return search.path(place, path, want) };
        // `use` inside the function: as if written out.
        let mut whole = import.path.clone();
        let added = whole.segments.len() - 1;
        whole.segments.extend(path.segments[1..].iter().cloned());
        let (found, used) = search.path(place, &whole, want)?;
        Some((found, used.saturating_sub(added).max(1)))
    }

    /// The full path of what was found.
    pub(crate) fn canon(&self, resolved: &Resolved) -> Canon {
        match resolved {
            Resolved::Type(id) => self.tables.canons.of_type(*id, || self.new_canon(resolved)),
            Resolved::Fn(id) => self.tables.canons.of_function(*id, || self.new_canon(resolved)),
            _ => self.new_canon(resolved),
        }
    }

    fn new_canon(&self, resolved: &Resolved) -> Canon {
        let at = |id: &Id, module: u32, name: &str| self.canon_in(Place { krate: id.krate, module }, &[name]);
        let krate = |id: &Id| &self.crates[id.krate as usize];
        match resolved {
            Resolved::External(canon) => canon.clone(),
            Resolved::Module(place) => self.canon_in(*place, &[]),
            Resolved::Fn(id) => at(id, self.function(*id).module, &self.describe(*id)),
            Resolved::Type(id) => at(id, self.type_item(*id).module, &self.type_item(*id).name),
            Resolved::Variant(id, name) => {
                let item = self.type_item(*id);
                self.canon_in(Place { krate: id.krate, module: item.module }, &[&item.name, name])
            }
            Resolved::Trait(id) => at(id, self.trait_item(*id).module, &self.trait_item(*id).name),
            Resolved::Alias(id) => {
                let alias = &krate(id).aliases[id.item as usize];
                at(id, alias.module, &alias.name)
            }
            Resolved::Value(id) => self.canon_in(Place { krate: id.krate, module: krate(id).values[id.item as usize].0 }, &[]),
        }
    }

    pub(crate) fn canon_in(&self, place: Place, rest: &[&str]) -> Canon {
        let krate = &self.crates[place.krate as usize];
        let mut names = Vec::new();
        let mut at = Some(place.module);
        while let Some(module) = at {
            let module = &krate.modules[module as usize];
            if module.parent.is_some() {
                names.push(module.name.as_str());
            }
            at = module.parent;
        }
        names.push(&krate.name);
        Canon::new(names.into_iter().rev().chain(rest.iter().flat_map(|part| part.split("::"))))
    }
}

impl Search<'_> {
    fn path(&mut self, place: Place, path: &Path, want: Want) -> Option<(Resolved, usize)> {
        self.steps = self.steps.checked_sub(1)?;
        self.hops = self.hops.checked_sub(1)?;
        let found = self.walk(place, path, want);
        self.hops += 1;
        found
    }

    fn walk(&mut self, place: Place, path: &Path, want: Want) -> Option<(Resolved, usize)> {
        let segments = &path.segments;
        let want_at = |i: usize| if i + 1 < segments.len() { Want::Container } else { want };
        let mut found = self.first(place, path, want_at(0))?;
        let mut used = 1;
        while let Some(next) = segments.get(used) {
            found = match found {
                Resolved::Module(module) => self.member(module, &next.name, want_at(used))?,
                Resolved::Type(id) if self.index.type_item(id).variants.iter().any(|(name, _)| *name == next.name) => {
                    Resolved::Variant(id, next.name.clone())
                }
                Resolved::External(canon) => return Some((Resolved::External(canon.join(&segments[used..])), segments.len())),
                other => return Some((other, used)),
            };
            used += 1;
        }
        Some((found, used))
    }

    fn first(&mut self, place: Place, path: &Path, want: Want) -> Option<Resolved> {
        let name = &path.segments.first()?.name;
        let krate = &self.index.crates[place.krate as usize];
        if path.global {
            return self.external(place, name);
        }
        match &**name {
            "crate" | "$crate" => return Some(Resolved::Module(Place { module: 0, ..place })),
            "self" => return Some(Resolved::Module(place)),
            "super" => {
                let parent = krate.modules[place.module as usize].parent?;
                return Some(Resolved::Module(Place { module: parent, ..place }));
            }
            _ => {}
        }
        self.own(place, name, want)
            .or_else(|| self.external(place, name))
            .or_else(|| self.through_globs(place, name, want))
            .or_else(|| prelude(name))
            .or_else(|| {
                let unknown_crate = path.segments.len() > 1 && name.starts_with(|c: char| c.is_lowercase());
                unknown_crate.then(|| Resolved::External(Canon::new([&**name])))
            })
    }

    fn member(&mut self, place: Place, name: &Name, want: Want) -> Option<Resolved> {
        if &**name == "super" {
            let parent = self.index.crates[place.krate as usize].modules[place.module as usize].parent?;
            return Some(Resolved::Module(Place { module: parent, ..place }));
        }
        self.own(place, name, want).or_else(|| self.through_globs(place, name, want))
    }

    /// Defined or imported by name in this module.
    fn own(&mut self, place: Place, name: &Name, want: Want) -> Option<Resolved> {
        let module = &self.index.crates[place.krate as usize].modules[place.module as usize];
        let defs = module.defs.get(name).map_or(&[][..], Vec::as_slice);
        let imports = module.imports.get(name).map_or(&[][..], Vec::as_slice);
        let fitting = defs.iter().find(|def| fits(def, want));
        if let Some(def) = fitting {
            return Some(resolved(place.krate, *def));
        }
        for path in imports {
            if let Some((found, used)) = self.path(place, path, want)
                && used == path.segments.len()
            {
                return Some(found);
            }
        }
        defs.first().map(|def| resolved(place.krate, *def))
    }

    fn through_globs(&mut self, place: Place, name: &Name, want: Want) -> Option<Resolved> {
        if self.globs.contains(&place) {
            return None;
        }
        self.globs.push(place);
        let index = self.index;
        for glob in &index.crates[place.krate as usize].modules[place.module as usize].globs {
            let found = match self.path(place, glob, Want::Container) {
                Some((Resolved::Module(module), used)) if used == glob.segments.len() => self.member(module, name, want),
                Some((Resolved::Type(id), used)) if used == glob.segments.len() => {
                    let variant = self.index.type_item(id).variants.iter().any(|(variant, _)| variant == name);
                    variant.then(|| Resolved::Variant(id, name.clone()))
                }
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn external(&self, place: Place, name: &Name) -> Option<Resolved> {
        let krate = &self.index.crates[place.krate as usize];
        match krate.externs.get(name) {
            Some(&krate) if krate != u32::MAX => Some(Resolved::Module(Place { krate, module: 0 })),
            Some(_) => Some(Resolved::External(Canon::new([&**name]))),
            None if matches!(&**name, "std" | "core" | "alloc") => Some(Resolved::External(Canon::new([&**name]))),
            None => None,
        }
    }
}

fn fits(def: &Def, want: Want) -> bool {
    match want {
        Want::Container => matches!(def, Def::Module(_) | Def::Type(_) | Def::Trait(_) | Def::Alias(_)),
        Want::Value => matches!(def, Def::Fn(_) | Def::Value(_) | Def::Type(_)),
        Want::Type => matches!(def, Def::Type(_) | Def::Trait(_) | Def::Alias(_)),
    }
}

fn resolved(krate: u32, def: Def) -> Resolved {
    match def {
        Def::Module(module) => Resolved::Module(Place { krate, module }),
        Def::Fn(item) => Resolved::Fn(Id { krate, item }),
        Def::Type(item) => Resolved::Type(Id { krate, item }),
        Def::Trait(item) => Resolved::Trait(Id { krate, item }),
        Def::Value(item) => Resolved::Value(Id { krate, item }),
        Def::Alias(item) => Resolved::Alias(Id { krate, item }),
    }
}

/// The names that need no import.
fn prelude(name: &str) -> Option<Resolved> {
    let path = match name {
        "Option" => "std::option::Option",
        "Some" => "std::option::Option::Some",
        "None" => "std::option::Option::None",
        "Result" => "std::result::Result",
        "Ok" => "std::result::Result::Ok",
        "Err" => "std::result::Result::Err",
        "Vec" => "std::vec::Vec",
        "Box" => "std::boxed::Box",
        "String" | "str" => "std::string::String",
        "Iterator" | "IntoIterator" | "DoubleEndedIterator" | "ExactSizeIterator" => "std::iter::Iterator",
        "Future" => "std::future::Future",
        "IntoFuture" => "std::future::IntoFuture",
        "drop" => "std::mem::drop",
        "Fn" | "FnMut" | "FnOnce" | "AsyncFn" | "AsyncFnMut" | "AsyncFnOnce" => "std::ops::Fn",
        "Clone" | "Copy" | "Default" | "Drop" | "Send" | "Sync" | "Into" | "From" | "AsRef" | "ToString" => "std::marker::Other",
        _ => return None,
    };
    Some(Resolved::External(Canon::fixed(path)))
}

#[cfg(test)]
mod tests {
    use super::Canon;

    #[track_caller]
    fn check(path: &str, wanted: &str, expect: bool) {
        assert_eq!(Canon::new(path.split("::")).is(wanted), expect, "{path} is {wanted}");
    }

    #[test]
    fn private_modules_do_not_matter() {
        check("tokio::sync::mutex::Mutex", "tokio::sync::Mutex", true);
        check("tokio::sync::mpsc::bounded::Sender", "tokio::mpsc::Sender", true);
        check("tokio::time::sleep::sleep", "tokio::time::sleep", true);
        check("core::future::Future", "std::future::Future", true);
        check("tokio::sync::Mutex", "std::sync::Mutex", false);
        check("tokio::sync::MutexGuard", "tokio::sync::Mutex", false);
        check("tokio", "tokio::sync", false);
        check("tokio::task::JoinSet::spawn", "tokio::spawn", false);
        check("std::fs::File::open", "std::fs::open", false);
    }
}
