//! The index of the crates that the members use: their direct dependencies, and what those re-export.

use std::path::PathBuf;

use super::build::Builder;
use super::read::read;
use super::{CrateItems, cache};
use crate::hash::{HashMap, HashSet};
use crate::ir::File;
use crate::lower::{self, Depth};
use crate::parallel;
use crate::project::{Package, Project, TargetKind};
use crate::source::rust_files;

/// One of these stands in every source that has to do with async code; `async` alone also stands in the names of system calls.
const ASYNC: [&str; 5] = ["async fn", "async move", "async {", "async_trait", "Future"];

/// How often re-exports are followed into crates that no member names.
const MAX_FACADES: usize = 3;

/// Adds the crates of all dependencies that contain something asynchronous.
pub(super) fn add(project: &Project, items: &mut Vec<CrateItems>, package_of: &mut Vec<usize>, library: &mut HashMap<usize, u32>) {
    let mut wanted: HashSet<usize> =
        project.packages.iter().filter(|package| package.member).flat_map(|package| package.deps.iter().map(|(_, dep)| *dep)).collect();
    let mut seen = HashSet::default();
    for _ in 0..=MAX_FACADES {
        let mut fresh: Vec<usize> = wanted.drain().filter(|&at| !project.packages[at].member && seen.insert(at)).collect();
        fresh.sort_unstable();
        for (at, krate) in fresh.iter().zip(index_all(project, &fresh)) {
            let package = &project.packages[*at];
            wanted.extend(package.deps.iter().filter(|(name, _)| krate.reexports.contains(name)).map(|(_, dep)| *dep));
            if !krate.modules.is_empty() {
                library.insert(*at, items.len() as u32);
                package_of.push(*at);
                items.push(krate);
            }
        }
    }
}

/// The items of these packages; a crate without anything asynchronous is empty.
fn index_all(project: &Project, wanted: &[usize]) -> Vec<CrateItems> {
    let cache = project.cache.as_deref();
    let kept = parallel::map(wanted, |&at| cache::read(cache, &project.packages[at]));
    let mut crates: Vec<Option<CrateItems>> = kept.into_iter().map(Option::flatten).collect();
    let missing: Vec<usize> = (0..wanted.len()).filter(|&i| crates[i].is_none()).collect();
    let mut files: Vec<(usize, PathBuf)> = Vec::new();
    for &i in &missing {
        files.extend(sources(&project.packages[wanted[i]]).into_iter().map(|path| (i, path)));
    }
    let texts = parallel::map(&files, |(_, path)| read(path).ok());
    let is_async = |text: &Option<Option<String>>| text.iter().flatten().any(|text| ASYNC.iter().any(|word| text.contains(word)));
    let relevant: HashSet<usize> = files.iter().zip(&texts).filter(|(_, text)| is_async(text)).map(|((i, _), _)| *i).collect();
    let work: Vec<(usize, PathBuf, String)> = files
        .into_iter()
        .zip(texts)
        .filter_map(|((i, path), text)| Some((i, path, text.flatten()?)))
        .filter(|(i, _, _)| relevant.contains(i))
        .collect();
    let lowered = parallel::map(&work, |(_, _, text)| lower::file(text.clone(), Depth::Signatures).ok());
    let mut by_crate: HashMap<usize, Vec<(PathBuf, File)>> = HashMap::default();
    for ((i, path, _), file) in work.into_iter().zip(lowered) {
        by_crate.entry(i).or_default().extend(file.flatten().map(|file| (path, file)));
    }
    for i in missing {
        let package = &project.packages[wanted[i]];
        let krate = build(package, by_crate.remove(&i).unwrap_or_default());
        cache::write(cache, package, &krate);
        crates[i] = Some(krate);
    }
    crates.into_iter().map(Option::unwrap_or_default).collect()
}

fn sources(package: &Package) -> Vec<PathBuf> {
    let library = package.targets.iter().find(|target| target.kind == TargetKind::Lib);
    let dir = library.and_then(|target| target.root.parent());
    dir.map_or(Vec::new(), |dir| rust_files(dir, |_, _| {})) // what cannot be read of a dependency is not known, nothing worse
}

fn build(package: &Package, files: Vec<(PathBuf, File)>) -> CrateItems {
    let Some(library) = package.targets.iter().find(|target| target.kind == TargetKind::Lib && !files.is_empty()) else {
        return CrateItems::default();
    };
    let by_path = files.iter().enumerate().map(|(i, (path, file))| (path.clone(), (i, file.items.as_slice()))).collect();
    let mut used = vec![None; files.len()];
    let mut builder = Builder::new(&library.name, TargetKind::Lib, &by_path, &mut used);
    builder.root(&library.root);
    builder.finish().0
}
