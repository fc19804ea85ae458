//! What is checked: packages, their targets and their dependencies.

mod copy;
mod metadata;

use std::path::{Path, PathBuf};

use crate::ir::Name;

pub(crate) use copy::{Copy, copy};

/// A place on disk with the packages that belong to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Project {
    /// Paths in findings are relative to it.
    pub(crate) root: PathBuf,
    /// Members and dependencies; `Package::deps` are positions here.
    pub(crate) packages: Vec<Package>,
    /// Where the signature index of dependencies may be kept.
    pub(crate) cache: Option<PathBuf>,
    /// Configuration in the manifest of the workspace or of its only package.
    pub(crate) settings: Option<serde_json::Value>,
    pub(crate) notices: Vec<Notice>,
}

/// Something that could not be looked at, and why.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Notice {
    /// The file or directory.
    pub path: PathBuf,
    /// What is wrong with it.
    pub message: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) edition: u16,
    pub(crate) dir: PathBuf,
    pub(crate) targets: Vec<Target>,
    /// The name in code and the package behind it.
    pub(crate) deps: Vec<(Name, usize)>,
    /// Checked, not only used.
    pub(crate) member: bool,
    /// From a registry or repository, so that one version never changes.
    pub(crate) fixed: bool,
    /// Where its sources are kept, as its manifest says.
    pub(crate) repository: Option<String>,
    /// What it is for, as its manifest says in the words of crates.io.
    pub(crate) categories: Vec<String>,
    /// The same in its own words, small letters: its keywords and its description.
    pub(crate) about: String,
}

#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) kind: TargetKind,
    /// The crate's name in code.
    pub(crate) name: Name,
    pub(crate) root: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TargetKind {
    Lib,
    Bin,
    Example,
    Test,
    Bench,
    Build,
}

impl Project {
    /// The project around `path`: the Cargo workspace it lies in, else the Rust files under it.
    pub(crate) fn load(path: &Path) -> Result<Project, String> {
        if !path.exists() {
            return Err(format!("{}: there is no such file or directory", path.display()));
        }
        let path = path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))?;
        match path.ancestors().map(|dir| dir.join("Cargo.toml")).find(|manifest| manifest.is_file()) {
            Some(manifest) => metadata::load(&manifest).or_else(|error| {
                let mut project = Project::loose(&path);
                project.notices.push(Notice { path: manifest, message: format!("checked without its dependencies: {error}") });
                Ok(project)
            }),
            None => Ok(Project::loose(&path)),
        }
    }

    /// The same packages with this one as the only member.
    pub(crate) fn only(&self, name: &str, version: &str) -> Option<Project> {
        let at = self.packages.iter().position(|package| package.name == name && package.version == version)?;
        let mut packages = self.packages.clone();
        packages.iter_mut().enumerate().for_each(|(i, package)| package.member = i == at);
        Some(Project { root: packages[at].dir.clone(), packages, ..Project::default() })
    }

    /// Files that belong to no package, as one crate without dependencies.
    pub(crate) fn loose(path: &Path) -> Project {
        let dir = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
        let package = Package {
            name: "loose".to_owned(),
            version: String::new(),
            edition: 2024,
            dir: path.to_owned(),
            targets: Vec::new(),
            deps: Vec::new(),
            member: true,
            fixed: false,
            repository: None,
            categories: Vec::new(),
            about: String::new(),
        };
        Project { root: dir.to_owned(), packages: vec![package], ..Project::default() }
    }
}
