//! The files of the corpus: tab-separated, `#` begins a comment line.

use crate::hash::HashMap;
use std::path::Path;

use super::{Half, read};

/// What is committed.
pub(super) struct Data {
    pub(super) packages: Vec<PackageRow>,
    /// Group, package and version: what a scratch project depends on.
    pub(super) roots: Vec<(String, String, String)>,
    pub(super) labels: HashMap<Key, Label>,
    /// Package, version and the arguments of `cargo test`: what is fixed and tested.
    pub(super) fixes: Vec<(String, String, String)>,
}

/// A package that is checked.
pub(super) struct PackageRow {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) group: String,
    pub(super) half: String,
}

/// Where a finding is; the same as long as the package's version is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Key {
    pub(super) rule: String,
    pub(super) package: String,
    pub(super) version: String,
    pub(super) path: String,
    pub(super) line: usize,
}

/// What a reader said.
#[derive(Clone, Debug)]
pub(super) struct Label {
    /// The finding is a mistake of this rule.
    pub(super) right: bool,
}

impl Data {
    pub(super) fn read(dir: &Path) -> Result<Data, String> {
        let packages = rows(dir, "packages.tsv", 4)?.into_iter().map(|row| {
            let [name, version, group, half] = [0, 1, 2, 3].map(|i| row[i].clone());
            PackageRow { name, version, group, half }
        });
        let roots = rows(dir, "roots.tsv", 3)?.into_iter().map(|row| (row[0].clone(), row[1].clone(), row[2].clone()));
        let fixes = rows(dir, "fixes.tsv", 3)?.into_iter().map(|row| (row[0].clone(), row[1].clone(), row[2].clone()));
        let mut labels = HashMap::default();
        if dir.join("labels.tsv").is_file() {
            for row in rows(dir, "labels.tsv", 7)? {
                let line = row[4].parse().map_err(|_| format!("labels.tsv: `{}` is no line number", row[4]))?;
                let key = Key { rule: row[0].clone(), package: row[1].clone(), version: row[2].clone(), path: row[3].clone(), line };
                let right = match row[5].as_str() {
                    "right" => true,
                    "wrong" => false,
                    other => return Err(format!("labels.tsv: a label is right or wrong, not `{other}`")),
                };
                if row[6].trim().is_empty() {
                    return Err(format!("labels.tsv: a label needs a reason: {}", row.join(" ")));
                }
                labels.insert(key, Label { right });
            }
        }
        Ok(Data { packages: packages.collect(), roots: roots.collect(), labels, fixes: fixes.collect() })
    }

    pub(super) fn half(&self, half: Half) -> impl Iterator<Item = &PackageRow> {
        self.packages.iter().filter(move |row| row.half == half.name())
    }
}

fn rows(dir: &Path, name: &str, columns: usize) -> Result<Vec<Vec<String>>, String> {
    let text = read(&dir.join(name))?;
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines
        .map(|line| {
            let row: Vec<String> = line.split('\t').map(str::to_owned).collect();
            if row.len() >= columns { Ok(row) } else { Err(format!("{name}: {} columns instead of {columns}: {line}", row.len())) }
        })
        .collect()
}
