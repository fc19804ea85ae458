//! Downloading and checking the corpus.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::Half;
use super::data::{Data, Key};
use crate::check::check_project;
use crate::config::{Config, Overrides};
use crate::finding::Level;
use crate::project::Project;

/// A finding in the corpus.
pub(super) struct Hit {
    pub(super) key: Key,
    pub(super) level: Level,
    pub(super) message: String,
    /// The lines around it.
    pub(super) excerpt: String,
}

impl Hit {
    pub(super) fn json(&self) -> Value {
        let Key { rule, package, version, path, line } = &self.key;
        json!({ "rule": rule, "level": self.level, "package": package, "version": version, "path": path, "line": line, "message": self.message, "excerpt": self.excerpt })
    }
}

/// Makes a scratch project per group and lets Cargo fetch what it depends on.
pub(super) fn fetch(data: &Data, work: &Path) -> Result<(), String> {
    let groups: BTreeSet<&str> = data.roots.iter().map(|(group, ..)| group.as_str()).collect();
    for group in groups {
        let dir = work.join(group);
        let roots = data.roots.iter().filter(|(g, ..)| g == group);
        let deps: String = roots.map(|(_, name, version)| format!("{name} = \"={version}\"\n")).collect();
        let manifest = format!(
            "[package]\nname = \"corpus-{group}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{deps}"
        );
        let made = fs::create_dir_all(dir.join("src"))
            .and_then(|()| fs::write(dir.join("Cargo.toml"), manifest))
            .and_then(|()| fs::write(dir.join("src/main.rs"), "fn main() {}\n"));
        made.map_err(|error| format!("{}: {error}", dir.display()))?;
        let status = Command::new("cargo").args(["fetch", "--target", "x86_64-unknown-linux-gnu"]).current_dir(&dir).status();
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("cargo fetch in {}: {status}", dir.display())),
            Err(error) => return Err(format!("cargo fetch: {error}")),
        }
    }
    Ok(())
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
                hits.push(Hit { key, level: finding.level, message: finding.message.clone(), excerpt: excerpt.collect() });
            }
        }
    }
    hits.sort_by(|a, b| a.key.cmp(&b.key));
    hits.dedup_by(|a, b| a.key == b.key);
    Ok(hits)
}
