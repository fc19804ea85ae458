//! Recall: correct code, changed mechanically into mistakes that rustc accepts. `cargo awaitlint mutants crates/awaitlint/correct --compile`
//! counts only what clippy passes over in silence, too.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::Dir;

/// The correct programs, without the packages that they depend on.
fn correct() -> Dir {
    let sources = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("correct/src")).expect("it is part of the crate");
    let files: Vec<(String, String)> = sources
        .map(|entry| entry.expect("it can be read").path())
        .map(|path| {
            let name = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
            (format!("src/{name}"), fs::read_to_string(&path).expect("it is text"))
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    Dir::package(&files, &[])
}

#[test]
fn seven_of_eight_mutants_are_found() {
    let recall = awaitlint::recall(correct().path(), false).expect("the programs can be read");
    let (made, found) = recall.totals();
    assert!(made >= 100, "{recall}");
    assert!(found * 8 >= made * 7, "{recall}");
    for (rule, made, found) in recall.by_rule() {
        assert!(found * 5 >= made * 3, "{}: {recall}", rule.name());
    }
}

#[test]
fn nothing_is_found_in_the_correct_programs() {
    let report = awaitlint::check(correct().path(), &awaitlint::Overrides::default()).expect("the programs can be checked");
    let found: Vec<String> = report.findings.iter().map(|f| format!("{}:{} {}", f.path.display(), f.line, f.rule.name())).collect();
    assert_eq!(found, [""; 0]);
}

/// A function that waits for another one, which a mutant forgets to await.
const SPOKEN: &str = "async fn speak() {}\n\npub async fn run() {\n    speak().await;\n}\n";

#[test]
fn mutants_are_compiled_in_a_copy() {
    if !Command::new("cargo").args(["clippy", "--version"]).output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: cargo clippy is not installed");
        return;
    }
    let dir = Dir::package(&[("src/lib.rs", SPOKEN)], &[]);
    let path = dir.path().join("src/lib.rs");
    let written = || fs::metadata(&path).and_then(|file| file.modified()).expect("it is there");
    let before = written();
    let recall = awaitlint::recall(dir.path(), true).expect("the package compiles");
    assert!(recall.by_rule().next().is_some(), "{recall}");
    assert_eq!(written(), before);
    let files: Vec<_> = fs::read_dir(dir.path()).expect("it is there").map(|file| file.expect("it can be read").file_name()).collect();
    assert!(!files.iter().any(|name| name == "target"), "{files:?}");
}
