//! Which crate may use which, that every dependency is explained, and that no two crates have their documentation in one place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{Result, read};

/// The arrows of the house: a crate may use those named here, and whatever they may use. What is not drawn is forbidden.
const ARROWS: &[(&str, &[&str])] = &[
    ("awaitkit", &["awaitkit-macros"]),
    ("awaitkit-dial", &[]),
    ("awaitkit-http", &["awaitkit", "awaitkit-dial"]),
    ("awaitkit-macros", &[]),
    ("awaitkit-memcached", &["awaitkit", "awaitkit-dial"]),
    ("awaitlint", &[]),
    (
        "quadruplex",
        &[
            "quadruplex-macros",
            "quadruplex-markup",
            "quadruplex-net",
            "quadruplex-store",
            "quadruplex-stores",
            "quadruplex-api",
            "quadruplex-tl-schema",
            "quadruplex-sandbox",
            "awaitkit",
            "awaitkit-http",
        ],
    ),
    ("quadruplex-api", &["quadruplex-tl"]),
    ("quadruplex-cli", &["quadruplex", "quadruplex-sandbox", "quadruplex-stores"]),
    ("quadruplex-crypto", &[]),
    ("quadruplex-macros", &["quadruplex-markup"]),
    ("quadruplex-markup", &[]),
    ("quadruplex-mtproto", &["quadruplex-crypto", "quadruplex-tl"]),
    ("quadruplex-net", &["quadruplex-mtproto", "awaitkit-dial"]),
    ("quadruplex-sandbox", &["quadruplex-mtproto", "quadruplex-net", "quadruplex-tl-schema", "quadruplex-api", "quadruplex-store"]),
    ("quadruplex-store", &[]),
    ("quadruplex-stores", &["quadruplex-store"]),
    ("quadruplex-tl", &[]),
    ("quadruplex-tl-gen", &["quadruplex-tl-schema"]),
    ("quadruplex-tl-schema", &["quadruplex-tl"]),
    ("xtask", &["quadruplex-tl-gen"]),
];

/// Crates at the end of all arrows, which may use everything.
const ENDS: [&str; 2] = ["bench", "quadruplex-examples"];

pub(super) fn check(root: &Path, findings: &mut Vec<String>) -> Result {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let metadata: Value = serde_json::from_slice(&output.stdout).map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let packages = metadata.get("packages").and_then(Value::as_array).ok_or("cargo metadata names no packages")?;
    let names: BTreeSet<&str> = packages.iter().map(|package| text(package, "name")).collect();
    let mut external = BTreeMap::new();
    for package in packages {
        let name = text(package, "name");
        let dependencies = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
        for dependency in dependencies {
            let used = text(dependency, "name");
            let is_for_tests = dependency.get("kind").and_then(Value::as_str) == Some("dev");
            if !names.contains(used) {
                external.insert(used, name);
            } else if !is_for_tests && !ENDS.contains(&name) && !may_use(name, used) {
                findings.push(format!("{name} uses {used}: no arrow allows it"));
            }
        }
    }
    check_reasons(&read(&root.join("CONTRIBUTING.md"))?, &external, findings);
    check_places(packages, findings);
    Ok(())
}

/// Whether an arrow leads from one crate to another, directly or over others.
fn may_use(from: &str, to: &str) -> bool {
    let direct = ARROWS.iter().find(|(name, _)| *name == from).map_or([].as_slice(), |(_, direct)| direct);
    direct.iter().any(|name| *name == to || may_use(name, to))
}

/// Every dependency from outside has its line in the table of CONTRIBUTING, and every line its dependency.
fn check_reasons(contributing: &str, external: &BTreeMap<&str, &str>, findings: &mut Vec<String>) {
    let rows = contributing.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    let explained: BTreeSet<&str> = rows.map(|(name, _)| name.trim()).filter(|name| *name != "crate").collect();
    for (name, user) in external.iter().filter(|(name, _)| !explained.contains(*name)) {
        findings.push(format!("CONTRIBUTING.md: `{name}`, used by {user}, has no line: what for, why this one"));
    }
}

/// Documentation lies in a directory named after its crate, which is emptied first: of two crates with one name, documented at the same time,
/// one loses its directory while it is written.
fn check_places(packages: &[Value], findings: &mut Vec<String>) {
    let mut owners = BTreeMap::new();
    for package in packages {
        let targets = package.get("targets").and_then(Value::as_array).into_iter().flatten();
        for target in targets.filter(|target| target.get("doc").and_then(Value::as_bool) == Some(true)) {
            let (owner, place) = (text(package, "name"), text(target, "name").replace('-', "_"));
            match owners.insert(place, owner) {
                // Of a package's library and program Cargo documents the library.
                Some(other) if other != owner => {
                    let name = text(target, "name");
                    findings.push(format!("{name}: {other} and {owner} are both documented under this name: `doc = false` for one"));
                }
                _ => {}
            }
        }
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arrows() {
        assert!(may_use("quadruplex-net", "quadruplex-tl"));
        assert!(may_use("quadruplex-cli", "awaitkit"));
        assert!(!may_use("quadruplex-sandbox", "quadruplex"));
        assert!(!may_use("quadruplex-mtproto", "quadruplex-api"));
        assert!(!may_use("awaitkit", "quadruplex-tl"));
    }

    #[test]
    fn a_dependency_without_a_line() {
        let mut findings = Vec::new();
        let external = BTreeMap::from([("aes", "quadruplex-crypto"), ("left-pad", "quadruplex")]);
        check_reasons("| crate | what for |\n|---|---|\n| aes | blocks |\n", &external, &mut findings);
        assert_eq!(findings, ["CONTRIBUTING.md: `left-pad`, used by quadruplex, has no line: what for, why this one"]);
    }

    #[test]
    fn two_crates_documented_in_one_place() {
        let package = |name: &str, target: &str, doc: bool| json!({ "name": name, "targets": [{ "name": target, "doc": doc }] });
        let findings = |packages: &[Value]| {
            let mut findings = Vec::new();
            check_places(packages, &mut findings);
            findings
        };
        assert!(findings(&[package("lib", "a-b", true), package("cli", "a_b", false)]).is_empty());
        let colliding = findings(&[package("lib", "a-b", true), package("cli", "a_b", true)]);
        assert_eq!(colliding, ["a_b: lib and cli are both documented under this name: `doc = false` for one"]);
    }
}
