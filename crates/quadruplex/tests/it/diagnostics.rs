//! What the compiler says of wrong handlers, commands and buttons: snapshots of `tests/ui`. Written anew with `BLESS=1`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The library that Cargo has built for this test: the newest, where there are several.
fn library(deps: &Path) -> PathBuf {
    let files = fs::read_dir(deps).expect("tests are built here").filter_map(Result::ok).map(|entry| entry.path());
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libquadruplex-") && name.ends_with(".rlib")
    };
    let built = |path: &PathBuf| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    files.filter(is_library).max_by_key(built).expect("the library is built before its tests")
}

/// The errors, with what points at the program and the notes; without the places in our own sources, which move.
fn errors(program: &Path) -> String {
    let own = std::env::current_exe().expect("a test has a path");
    let deps = own.parent().expect("it is in a directory");
    let place = tempfile::tempdir().expect("a directory can be made");
    let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition=2024", "--crate-type=bin", "--emit=metadata", "--error-format=json", "-Awarnings", "-o"])
        .arg(place.path().join("program"))
        .arg("-L")
        .arg(format!("dependency={}", deps.display()))
        .arg("--extern")
        .arg(format!("quadruplex={}", library(deps).display()))
        .arg(program)
        .output()
        .expect("rustc is there");
    assert!(!output.status.success(), "{} compiles", program.display());
    let mut text = String::new();
    for line in String::from_utf8_lossy(&output.stderr).lines() {
        let message: Value = serde_json::from_str(line).expect("rustc prints JSON");
        let said = message["message"].as_str().unwrap_or_default();
        if message["level"] != "error" || said.starts_with("aborting due to") {
            continue;
        }
        let _ = writeln!(text, "error: {said}");
        for span in message["spans"].as_array().into_iter().flatten().filter(|span| span["is_primary"] == true) {
            let source = &span["text"][0];
            let (from, to) = (column(&source["highlight_start"]), column(&source["highlight_end"]));
            let at: String = source["text"].as_str().unwrap_or_default().chars().skip(from).take(to - from).collect();
            let _ = writeln!(text, "  at `{at}`: {}", span["label"].as_str().unwrap_or_default());
        }
        for child in message["children"].as_array().into_iter().flatten() {
            let said = child["message"].as_str().unwrap_or_default();
            // Which types there are otherwise changes with every release.
            if child["level"] == "note" && !said.contains("the full name") {
                let _ = writeln!(text, "  note: {said}");
            }
        }
    }
    text
}

fn column(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap_or(1)).unwrap_or(1) - 1
}

#[test]
fn mistakes_are_explained() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui");
    let mut programs: Vec<PathBuf> =
        fs::read_dir(&directory).expect("it is there").filter_map(Result::ok).map(|entry| entry.path()).collect();
    programs.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    programs.sort();
    assert!(!programs.is_empty());
    for program in programs {
        let (snapshot, said) = (program.with_extension("stderr"), errors(&program));
        if std::env::var_os("BLESS").is_some() {
            fs::write(&snapshot, said).expect("a snapshot can be written");
            continue;
        }
        assert_eq!(said, fs::read_to_string(&snapshot).unwrap_or_default(), "{}", program.display());
    }
}
