//! Reading and lowering the files of the members.

use std::fs;
use std::path::{Path, PathBuf};

use super::Source;
use crate::lower::{self, Depth};
use crate::parallel;
use crate::project::{Notice, Package, Project, TargetKind};
use crate::source::{MAX_BYTES, rust_files};

/// Which code of the members is read besides libraries and binaries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    pub(crate) tests: bool,
    pub(crate) build_scripts: bool,
    pub(crate) examples: bool,
}

impl Scope {
    pub(super) fn includes(self, kind: TargetKind) -> bool {
        match kind {
            TargetKind::Lib | TargetKind::Bin => true,
            TargetKind::Example => self.examples,
            TargetKind::Test | TargetKind::Bench => self.tests,
            TargetKind::Build => self.build_scripts,
        }
    }
}

/// Reads all files of all members that are in scope; what cannot be read becomes a notice.
pub(super) fn read_members(project: &Project, scope: Scope, notices: &mut Vec<Notice>) -> Vec<Source> {
    let mut paths: Vec<(usize, TargetKind, PathBuf)> = Vec::new();
    for (at, package) in project.packages.iter().enumerate().filter(|(_, package)| package.member) {
        let found =
            rust_files(&package.dir, |path, error| notices.push(Notice { path: path.to_owned(), message: format!("not read: {error}") }));
        paths.extend(found.into_iter().map(|path| (at, kind_of(package, &path), path)).filter(|(at, kind, path)| {
            let below_src = *kind == TargetKind::Test && !is_test_target(&project.packages[*at], path);
            below_src || scope.includes(*kind)
        }));
    }
    let lowered = parallel::map(&paths, |(_, _, path)| read(path).and_then(|text| lower::file(text, Depth::Bodies)));
    let mut files = Vec::with_capacity(paths.len());
    for ((package, kind, path), result) in paths.into_iter().zip(lowered) {
        match result.unwrap_or_else(|| Err("the checker failed on it; please report this".to_owned())) {
            Ok(file) => files.push(Source { path, package, kind, file }),
            Err(message) => notices.push(Notice { path, message: format!("skipped: {message}") }),
        }
    }
    files
}

/// Lowers files that are in memory.
pub(super) fn lower_texts(texts: Vec<(PathBuf, String)>, notices: &mut Vec<Notice>) -> Vec<Source> {
    let lowered = parallel::map(&texts, |(_, text)| lower::file(text.clone(), Depth::Bodies));
    let mut files = Vec::with_capacity(texts.len());
    for ((path, _), result) in texts.into_iter().zip(lowered) {
        match result.unwrap_or_else(|| Err("the checker failed on it; please report this".to_owned())) {
            Ok(file) => {
                let kind = if path.as_os_str() == "main.rs" { TargetKind::Bin } else { TargetKind::Lib };
                files.push(Source { path, package: 0, kind, file });
            }
            Err(message) => notices.push(Notice { path, message: format!("skipped: {message}") }),
        }
    }
    files
}

/// The text of a file, unless it is too large or not UTF-8.
pub(super) fn read(path: &Path) -> Result<String, String> {
    let size = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > MAX_BYTES as u64 {
        return Err(format!("{} MiB, more than the {} MiB that are read", size >> 20, MAX_BYTES >> 20));
    }
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|error| format!("not UTF-8 at byte {}", error.utf8_error().valid_up_to()))
}

/// In `tests/` or `benches/`, or the root of such a target.
fn is_test_target(package: &Package, path: &Path) -> bool {
    let first = path.strip_prefix(&package.dir).ok().and_then(|path| path.components().next());
    first.is_some_and(|part| matches!(part.as_os_str().to_str(), Some("tests" | "benches")))
        || package.targets.iter().any(|target| target.root == path)
}

/// The kind of target that a file most likely belongs to, by its place in the package.
fn kind_of(package: &Package, path: &Path) -> TargetKind {
    let relative = path.strip_prefix(&package.dir).unwrap_or(path);
    if let Some(target) = package.targets.iter().find(|target| target.root == path) {
        let aside = target.kind != TargetKind::Lib && path.file_stem().and_then(|name| name.to_str()).is_some_and(for_tests);
        return if aside { TargetKind::Test } else { target.kind };
    }
    match relative.components().next().and_then(|part| part.as_os_str().to_str()) {
        Some("tests") => TargetKind::Test,
        Some("benches") => TargetKind::Bench,
        Some("examples") => TargetKind::Example,
        Some("build.rs" | "build") => TargetKind::Build,
        _ if relative.iter().any(|part| part.to_str().is_some_and(for_tests)) => TargetKind::Test,
        _ => TargetKind::Lib,
    }
}

/// `tests.rs`, `integration_tests.rs`, `testing/`, `test_utils/`: test code that is compiled into a library.
fn for_tests(name: &str) -> bool {
    let words = || name.trim_end_matches(".rs").split('_');
    words().any(|word| {
        matches!(
            word,
            "test"
                | "tests"
                | "testing"
                | "integration"
                | "simulation"
                | "simulator"
                | "mock"
                | "mocks"
                | "fake"
                | "bench"
                | "benches"
                | "benchmark"
                | "benchmarks"
        )
    })
}
