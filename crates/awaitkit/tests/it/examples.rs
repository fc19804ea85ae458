//! Every program of the page runs and proves what it says: each asserts its own numbers.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Cargo builds the examples of a package with its tests, next to them.
fn built(name: &str) -> PathBuf {
    let directory = std::env::current_exe().unwrap().parent().and_then(Path::parent).unwrap().join("examples");
    directory.join(name).with_extension(std::env::consts::EXE_EXTENSION)
}

fn check(name: &str, says: &str) {
    let path = built(name);
    assert!(path.exists(), "{} is built by `cargo test -p awaitkit`, not by `--test it` alone", path.display());
    let run = Command::new(path).output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{name} failed: {said}\n{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.contains(says), "{name} says: {said}");
}

#[test]
fn programs_of_the_page() {
    check("be_liberal", "ready at the first poll");
    check("extensions", "again: 297 found, 3 damaged, 1 queries so far");
    check("no_await_in_loops", "awaiting in a loop: 5 round trips; map_concurrent: 1; same order");
    check("data_dependencies", "7 queries in 2 rounds of waiting");
    check("batching", "3 lookups in 2 round trips");
    check("do_not_forget_to_await", "not awaited: []\nawaited: [\"one\", \"two\", \"three\"]");
    check("side_effects", "created early: [\"side effect\", \"request sent\"]");
    check("memoization", "value memoised: 2 runs for two callers\nwork memoised: 1 run");
    check("lambdas", "3.0");
    check("from_plain_code", "plain code: Hello");
    check("not_multithreading", "spawned: 4 threads");
    check("await_in_expressions", "3 in 2 rounds, 3 in 1");
}

/// A program without a line above would rot unseen.
#[test]
fn no_program_is_forgotten() {
    let here = include_str!("examples.rs");
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")).unwrap() {
        let name = entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned();
        assert!(here.contains(&format!("check(\"{name}\"")), "examples/{name}.rs is not run by a test");
    }
}
