//! Downloading and checking the corpus.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io};

use serde_json::{Value, json};

use super::Half;
use super::data::{Data, Key};
use crate::check::check_project;
use crate::config::{Config, Overrides};
use crate::finding::Level;
use crate::project::{Project, copy};

/// How the name of a group begins that is one application.
const APPLICATION: &str = "app-";

/// A finding in the corpus.
pub(super) struct Hit {
    pub(super) key: Key,
    pub(super) level: Level,
    pub(super) message: String,
    /// The lines around it.
    pub(super) excerpt: String,
    /// The repository that the package belongs to, or the package itself.
    pub(super) base: String,
}

impl Hit {
    pub(super) fn json(&self) -> Value {
        let Key { rule, package, version, path, line } = &self.key;
        json!({ "rule": rule, "level": self.level, "package": package, "version": version, "path": path, "line": line, "message": self.message, "excerpt": self.excerpt })
    }
}

/// Lets Cargo fetch every group: a scratch project that depends on its roots, or an application in a copy.
pub(super) fn fetch(data: &Data, work: &Path) -> Result<(), String> {
    let groups: BTreeSet<&str> = data.roots.iter().map(|(group, ..)| group.as_str()).collect();
    for group in groups {
        let dir = work.join(group);
        let roots: Vec<(&str, &str)> =
            data.roots.iter().filter(|(g, ..)| g == group).map(|(_, name, version)| (name.as_str(), version.as_str())).collect();
        match roots.as_slice() {
            [(name, version)] if group.starts_with(APPLICATION) => application(&dir, name, version)?,
            roots => scratch(&dir, group, roots).map_err(|error| format!("{}: {error}", dir.display()))?,
        }
        cargo(&["fetch", "--target", "x86_64-unknown-linux-gnu"], &dir)?;
    }
    Ok(())
}

fn scratch(dir: &Path, group: &str, roots: &[(&str, &str)]) -> io::Result<()> {
    let deps: String = roots.iter().map(|(name, version)| format!("{name} = \"={version}\"\n")).collect();
    let manifest =
        format!("[package]\nname = \"corpus-{group}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{deps}");
    fs::create_dir_all(dir.join("src"))?;
    fs::write(dir.join("Cargo.toml"), manifest)?;
    fs::write(dir.join("src/main.rs"), "fn main() {}\n")
}

/// A package without a library, which nothing can depend on, as a workspace of its own with the lock file that it was published with.
pub(super) fn application(dir: &Path, name: &str, version: &str) -> Result<(), String> {
    fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    cargo(&["info", "--quiet", &format!("{name}@{version}")], dir)?;
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let registries = home.and_then(|home| fs::read_dir(home.join("registry/src")).ok()).into_iter().flatten().flatten();
    let source = registries.map(|registry| registry.path().join(format!("{name}-{version}"))).find(|source| source.is_dir());
    let source = source.ok_or_else(|| format!("{name} {version} is not in Cargo's cache, though `cargo info` fetched it"))?;
    copy(&source, dir).map_err(|error| format!("{}: {error}", source.display()))?;
    // What it was developed with need not be installed, and is not needed to read it.
    for name in ["rust-toolchain", "rust-toolchain.toml"] {
        let _ = fs::remove_file(dir.join(name)); // most have none
    }
    let manifest = dir.join("Cargo.toml");
    let text = super::read(&manifest)?;
    let text = if text.contains("\n[workspace]") { text } else { format!("{text}\n[workspace]\n") };
    fs::write(&manifest, text).map_err(|error| format!("{}: {error}", manifest.display()))
}

pub(super) fn cargo(words: &[&str], dir: &Path) -> Result<(), String> {
    match Command::new("cargo").args(words).current_dir(dir).stdout(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo {} in {}: {status}", words.join(" "), dir.display())),
        Err(error) => Err(format!("cargo cannot be run: {error}")),
    }
}

/// Checks every package of a half at all levels.
pub(super) fn find(data: &Data, work: &Path, half: Half) -> Result<Vec<Hit>, String> {
    let mut hits = Vec::new();
    let groups: BTreeSet<&str> = data.half(half).map(|row| row.group.as_str()).collect();
    let mut config = Config::default();
    config.apply(&Overrides { level: Some(Level::Pedantic), ..Overrides::default() })?;
    for group in groups {
        let whole = Project::load(&work.join(group))?;
        for row in data.half(half).filter(|row| row.group == group) {
            let Some(mut project) = whole.only(&row.name, &row.version) else {
                return Err(format!("{} {} is not in {group}; run the fetch step", row.name, row.version));
            };
            project.cache = Some(work.join("index"));
            let base = project.packages.iter().find(|package| package.member).and_then(|package| package.repository.clone());
            let base = base.as_deref().map_or_else(|| row.name.clone(), code_base);
            let report = check_project(project, &config, None);
            for finding in &report.findings {
                let text = report.text(finding);
                let key = Key {
                    rule: finding.rule.name().to_owned(),
                    package: row.name.clone(),
                    version: row.version.clone(),
                    path: finding.path.to_string_lossy().into_owned(),
                    line: finding.line,
                };
                let lines = finding.line.saturating_sub(9).max(1)..=finding.end.0.min(finding.line + 6) + 8;
                let excerpt =
                    lines.map(|n| format!("{n:>5}{} {}\n", if n == finding.line { '>' } else { ' ' }, text.line_span(n).of(text.as_str())));
                hits.push(Hit {
                    key,
                    level: finding.level,
                    message: finding.message.clone(),
                    excerpt: excerpt.collect(),
                    base: base.clone(),
                });
            }
        }
    }
    hits.sort_by(|a, b| a.key.cmp(&b.key));
    hits.dedup_by(|a, b| a.key == b.key);
    Ok(hits)
}

/// Host, owner and name of a repository, whatever part of it an address means.
fn code_base(address: &str) -> String {
    let bare = address.split_once("://").map_or(address, |(_, rest)| rest).trim_end_matches('/').trim_end_matches(".git");
    bare.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}
