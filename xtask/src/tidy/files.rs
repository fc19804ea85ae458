//! What may stand in a file.

use std::path::Path;
use std::process::Command;

use crate::{Result, read};

/// How long a file may be. Short files are found, read and reviewed as a whole.
const MAX_LINES: usize = 600;

/// Files that may be longer, and why.
const LONG: [(&str, &str); 0] = [];

/// Directories of text that is input, not ours: programs that a checker reads, documents, recorded data.
const INPUTS: [&str; 5] = ["ui", "fixtures", "corpus", "snapshots", "seeds"];

/// Places of the machine on which something was written. Split, so that this file does not hold them.
const MACHINE_PATHS: [(&str, &str); 5] = [("/wo", "rk/"), ("/ro", "ot/"), ("/ho", "me/"), ("/tmp/", "t-"), ("index.crates.io", "-")];

/// The crates that know no clock, no randomness, no socket and no file, and what they must not name.
const CORES: [&str; 3] = ["crates/tl/", "crates/crypto/", "crates/mtproto/"];
const NOT_IN_CORES: [&str; 7] = ["Instant::now", "SystemTime", "tokio", "std::net", "std::fs", "getrandom", "thread_rng"];

/// Who may name the system's directory for temporary files, and why; a test has `tempfile::tempdir()`, which goes when it fails too.
const TEMPORARY: [(&str, &str); 6] = [
    ("bench/router/src/durable.rs", "no test; removed at the end"),
    ("crates/awaitkit-memcached/tests/it/real.rs", "a socket for a server of another user; removed when dropped"),
    ("crates/awaitkit/src/flock.rs", "an example that readers are to understand at once"),
    ("crates/awaitlint/src/project/copy.rs", "the product; removed when dropped"),
    ("crates/awaitlint/tests/it/support.rs", "removed when dropped"),
    ("crates/cli/src/commands/demo/steps/mod.rs", "the product; removed when dropped"),
];

pub(super) fn check(root: &Path, findings: &mut Vec<String>) -> Result {
    let output =
        Command::new("git").args(["ls-files", "-z"]).current_dir(root).output().map_err(|error| format!("git ls-files: {error}"))?;
    let names = String::from_utf8_lossy(&output.stdout);
    for name in names.split('\0').filter(|name| !name.is_empty()) {
        let path = root.join(name);
        // Deleted and not yet committed, or not text.
        let Ok(text) = read(&path) else { continue };
        if !name.split('/').any(|part| INPUTS.contains(&part)) {
            file(name, &text, findings);
        }
    }
    Ok(())
}

fn file(name: &str, text: &str, findings: &mut Vec<String>) {
    let is_generated = name.split('/').any(|part| part == "generated");
    for (line, content) in (1..).zip(text.lines()) {
        for (start, end) in MACHINE_PATHS {
            if content.contains(&[start, end].concat()) {
                findings.push(format!("{name}:{line}: names a place of one machine, {start}{end}"));
            }
        }
    }
    if !name.ends_with(".rs") {
        return;
    }
    let lines = text.lines().count();
    if lines > MAX_LINES && !is_generated && !LONG.iter().any(|(long, _)| *long == name) {
        findings.push(format!("{name}: {lines} lines, more than {MAX_LINES}; split it, or give a reason in xtask/src/tidy/files.rs"));
    }
    unexplained(name, text, findings);
    if let Some(at) = text.find(concat!("env::temp", "_dir()")).filter(|_| !TEMPORARY.iter().any(|(known, _)| *known == name)) {
        let line = text[..at].lines().count().max(1);
        findings.push(format!("{name}:{line}: leaves something behind when it fails; tempfile::tempdir() does not"));
    }
    if CORES.iter().any(|core| name.starts_with(core) && name[core.len()..].starts_with("src/")) {
        core(name, text, findings);
    }
}

/// What is allowed or ignored without a reason.
fn unexplained(name: &str, text: &str, findings: &mut Vec<String>) {
    let line_of = |at: usize| text[..at].lines().count().max(1);
    for (at, _) in text.match_indices("[allow(").chain(text.match_indices("[expect(")) {
        let is_attribute = text[..at].ends_with('#') || text[..at].ends_with("#!");
        let attribute = text[at..].split(")]").next().unwrap_or_default();
        if is_attribute && !attribute.contains("reason = ") {
            findings.push(format!("{name}:{}: an allow without a reason", line_of(at + 1)));
        }
    }
    for (at, _) in text.match_indices(concat!("#[ign", "ore]")) {
        findings.push(format!("{name}:{}: a test is ignored without a reason", line_of(at + 1)));
    }
}

/// Names that bring in time, chance or the outside.
fn core(name: &str, text: &str, findings: &mut Vec<String>) {
    for (line, content) in (1..).zip(text.lines()).filter(|(_, content)| !content.trim_start().starts_with("//")) {
        for word in NOT_IN_CORES.into_iter().filter(|word| content.contains(word)) {
            findings.push(format!("{name}:{line}: names `{word}`; a core is given time, randomness and bytes"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::file;

    fn check(name: &str, text: &str, expect: &[&str]) {
        let mut findings = Vec::new();
        file(name, text, &mut findings);
        assert_eq!(findings.len(), expect.len(), "{findings:?}");
        for (finding, expect) in findings.iter().zip(expect) {
            assert!(finding.contains(expect), "{finding}");
        }
    }

    #[test]
    fn what_is_found() {
        check("a.md", &format!("see\n/{}/main", "work"), &["a.md:2: names a place"]);
        check("a.rs", &"x\n".repeat(601), &["a.rs: 601 lines"]);
        check("crates/api/src/generated/a.rs", &"x\n".repeat(601), &[]);
        check("a.rs", &format!("\n#[{}(dead_code)]", "allow"), &["a.rs:2: an allow"]);
        check("a.rs", &format!("#[{}(\n dead_code,\n reason = \"it lives\"\n)]", "allow"), &[]);
        check("a.rs", &format!("#[{}]", "ignore"), &["a.rs:1: a test"]);
        check("a.rs", &format!("#[{} = \"slow\"]", "ignore"), &[]);
        check("a.rs", &format!("\nlet path = std::env::temp{}();", "_dir"), &["a.rs:2: leaves something behind"]);
        check("crates/tl/src/a.rs", "let now = Instant::now();", &["names `Instant::now`"]);
        check("crates/tl/src/a.rs", "// not Instant::now()", &[]);
        check("crates/tl/tests/it/a.rs", "use std::fs;", &[]);
        check("crates/net/src/a.rs", "use tokio::net;", &[]);
    }
}
