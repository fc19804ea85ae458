//! From findings and labels to precision, and from findings to a sheet for labelling.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};

use super::data::Data;
use super::run::Hit;
use crate::finding::Level;

/// Right and labelled findings, by rule and level.
pub struct Score {
    rows: BTreeMap<(String, Level), Row>,
}

#[derive(Clone, Copy, Default)]
struct Row {
    found: usize,
    labelled: usize,
    right: usize,
}

impl Score {
    pub(super) fn new(data: &Data, hits: &[Hit]) -> Score {
        let mut rows: BTreeMap<(String, Level), Row> = BTreeMap::new();
        for hit in hits {
            for rule in [hit.key.rule.clone(), "all".to_owned()] {
                let row = rows.entry((rule, hit.level)).or_default();
                row.found += 1;
                if let Some(label) = data.labels.get(&hit.key) {
                    row.labelled += 1;
                    row.right += usize::from(label.right);
                }
            }
        }
        Score { rows }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| rule | level | found | labelled | right | precision | 95 % lower bound |")?;
        writeln!(f, "|---|---|---|---|---|---|---|")?;
        for ((rule, level), row) in &self.rows {
            let Row { found, labelled, right } = *row;
            let (precision, bound) = match labelled {
                0 => ("–".to_owned(), "–".to_owned()),
                n => (format!("{:.0} %", 100.0 * right as f64 / n as f64), format!("{:.0} %", 100.0 * lower_bound(right, n))),
            };
            writeln!(f, "| {rule} | {} | {found} | {labelled} | {right} | {precision} | {bound} |", level.name())?;
        }
        Ok(())
    }
}

/// The lower end of Wilson's 95 % interval for `right` of `n`.
fn lower_bound(right: usize, n: usize) -> f64 {
    const Z: f64 = 1.96;
    let n = n as f64;
    let p = right as f64 / n;
    let centre = p + Z * Z / (2.0 * n);
    let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    ((centre - spread) / (1.0 + Z * Z / n)).max(0.0)
}

/// Findings of one code base per rule and level on a sheet: they stand and fall together, so more of them would tell little.
const PER_BASE: usize = 5;

/// Writes unlabelled findings, `sample` per rule and level, mixed so that the level cannot be told.
pub(super) fn sheet(data: &Data, hits: &[Hit], sample: usize, to: &mut dyn Write) -> io::Result<()> {
    let mut shuffled: Vec<&Hit> = hits.iter().collect();
    shuffled.sort_by_key(|hit| hash(hit));
    let mut taken: BTreeMap<(&str, Level), usize> = BTreeMap::new();
    let mut of_base: BTreeMap<(&str, &str, Level), usize> = BTreeMap::new();
    let mut chosen: Vec<&Hit> = Vec::new();
    for hit in shuffled {
        let count = taken.entry((&hit.key.rule, hit.level)).or_default();
        let here = of_base.entry((&hit.base, &hit.key.rule, hit.level)).or_default();
        if *count < sample && *here < PER_BASE {
            *count += 1;
            *here += 1;
            chosen.push(hit);
        }
    }
    for hit in chosen.into_iter().filter(|hit| !data.labels.contains_key(&hit.key)) {
        let key = &hit.key;
        writeln!(to, "=== {}\t{}\t{}\t{}\t{}", key.rule, key.package, key.version, key.path, key.line)?;
        writeln!(to, "{}\n{}", hit.message, hit.excerpt)?;
    }
    Ok(())
}

fn hash(hit: &Hit) -> u64 {
    let mut hasher = DefaultHasher::new();
    hit.key.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::lower_bound;

    #[test]
    fn wilson_bounds_are_the_published_ones() {
        for (right, n, expect) in [(50, 50, 0.9287), (45, 50, 0.7864), (0, 10, 0.0), (9, 10, 0.5958)] {
            assert!((lower_bound(right, n) - expect).abs() < 1e-3, "{right}/{n}: {}", lower_bound(right, n));
        }
    }
}
