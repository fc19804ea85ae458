//! Files that a checker meets and that are no Rust: reported, never a crash.

use awaitlint::{Overrides, check, check_texts};
use proptest::prelude::*;

use crate::support::{Dir, FORGOTTEN};

/// A file that must be skipped with a notice that says why.
#[track_caller]
fn skipped(text: String, why: &str) {
    let report = check_texts([("lib.rs".into(), text)], 2024, &Overrides::default()).expect("no overrides");
    let notices: Vec<&str> = report.notices.iter().map(|notice| notice.message.as_str()).collect();
    assert!(matches!(notices.as_slice(), [only] if only.contains(why)), "{notices:?}");
}

#[test]
fn what_would_end_the_process_is_skipped() {
    skipped(format!("fn f() {{ {} }}", "(".repeat(100_000)), "nested deeper than 512 brackets");
    skipped(format!("fn f() {{ {}x }}", "!".repeat(100_000)), "without a comma or semicolon");
    skipped(format!("fn f() {{ x{} }}", ".a()".repeat(50_000)), "without a comma or semicolon");
    skipped(format!("type T = {}u8{};", "A<".repeat(50_000), ">".repeat(50_000)), "without a comma or semicolon");
    skipped("//".repeat(3 << 20), "more than the 4 MiB");
    skipped("fn f( {".to_owned(), "does not parse");
}

#[test]
fn the_deepest_file_that_passes_is_checked() {
    let deep = |n: usize| format!("async fn f() {{ let x = {}1{}; }}", "(".repeat(n), ")".repeat(n));
    for text in
        [deep(510), format!("fn f() {{ let x = {}true; }}", "!".repeat(9_000)), format!("fn f() {{ let x = 1{}; }}", " + 1".repeat(4_900))]
    {
        let report = check_texts([("lib.rs".into(), text)], 2024, &Overrides::default()).expect("no overrides");
        assert!(report.notices.is_empty(), "{:?}", report.notices);
    }
}

#[test]
fn odd_files_are_notices_and_the_rest_is_checked() {
    let dir = Dir::package(&[("src/lib.rs", FORGOTTEN), ("src/broken.rs", "fn (")], &[]);
    dir.write("src/latin1.rs", [b'/', b'/', 0xe9, b'\n']);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(dir.path().join("src"), dir.path().join("src/loop")).expect("a link can be made");
        std::os::unix::fs::symlink("nowhere", dir.path().join("src/gone.rs")).expect("a link can be made");
    }
    let report = check(dir.path(), &Overrides::default()).expect("the project can be checked");
    assert_eq!(report.findings.len(), 1);
    let all: String = report.notices.iter().map(|notice| format!("{}: {}\n", notice.path.display(), notice.message)).collect();
    #[cfg(unix)]
    assert!(all.contains("loop: not read: a link back to"), "{all}");
    for part in ["broken.rs: skipped: does not parse", "latin1.rs: skipped: not UTF-8 at byte 2"] {
        assert!(all.contains(part), "{all}");
    }
}

#[test]
fn a_byte_order_mark_and_a_shebang_move_nothing() {
    for head in ["\u{feff}", "#!/usr/bin/env run\n"] {
        let report = check_texts([("main.rs".into(), format!("{head}{FORGOTTEN}"))], 2024, &Overrides::default()).expect("no overrides");
        let line = if head.ends_with('\n') { 5 } else { 4 };
        assert_eq!((report.findings[0].line, report.findings[0].column), (line, 19));
    }
}

/// Pieces of async code, in any order and number.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "async ",
        "fn f",
        "(",
        ")",
        "{",
        "}",
        ".await",
        "let ",
        "x",
        " = ",
        ";",
        "for ",
        " in ",
        "match ",
        "=>",
        ",",
        "?",
        "tokio::select!",
        "|",
        "&mut ",
        "self",
        "loop ",
        "if let Some(x) ",
        "move ",
        "\"{x}\"",
        "'a",
        "impl X for Y",
        "::<",
        ">",
        "#[cfg(test)]",
        "use a::{b, c as d, *}",
        "join!",
        "// awaitlint: allow(",
        "..",
        "mod m",
        "1",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn any_text_is_checked_or_skipped(texts in prop::collection::vec(prop_oneof![soup(), ".{0,80}", soup().prop_map(|s| format!("async fn f() {{ {s} }}"))], 1..4)) {
        let files = texts.into_iter().enumerate().map(|(i, text)| (format!("f{i}.rs").into(), text));
        let report = check_texts(files, 2024, &Overrides { level: Some(awaitlint::Level::Pedantic), ..Overrides::default() }).expect("no overrides");
        let mut out = Vec::new();
        awaitlint::write(&report, awaitlint::Format::Human, false, &mut out).expect("a vector takes everything");
    }

    #[test]
    fn any_bytes_are_any_files(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        awaitlint::fuzz(&bytes);
    }

    #[test]
    fn a_damaged_file_is_checked_or_skipped(which in any::<prop::sample::Index>(), damage in prop::collection::vec((any::<prop::sample::Index>(), 0usize..40, soup()), 1..4)) {
        let files = real_files();
        let mut text = which.get(&files).clone();
        for (at, cut, put) in damage {
            let boundary = |mut i: usize| { while !text.is_char_boundary(i) { i -= 1; } i };
            let from = boundary(at.index(text.len() + 1));
            let to = boundary((from + cut).min(text.len()));
            text.replace_range(from..to.max(from), &put);
        }
        awaitlint::fuzz(text.as_bytes());
    }
}

/// The fixtures, and the checker's own sources.
fn real_files() -> Vec<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut dirs = vec![root.join("src"), root.join("fixtures/src")];
    let mut files = Vec::new();
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).expect("it is part of the crate").flatten() {
            let path = entry.path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(std::fs::read_to_string(path).expect("it is text"));
            }
        }
    }
    files.sort();
    files
}

/// Checked in a time that grows with the text, not with its square: here a hundred times longer would be minutes.
#[track_caller]
fn soon(name: &str, text: String) {
    let start = std::time::Instant::now();
    awaitlint::fuzz(text.as_bytes());
    assert!(start.elapsed().as_secs() < 60, "{name}: {:?} for {} bytes", start.elapsed(), text.len());
}

#[test]
fn giant_functions_and_lines_end() {
    const READ: &str = "async fn g(n: u32) -> u32 { tokio::fs::read(n).await; n }\n";
    let many = |n: usize, piece: &dyn Fn(usize) -> String| (0..n).map(piece).collect::<String>();
    soon("awaits", format!("{READ}async fn run() {{ {} }}", many(300, &|i| format!("let x{i} = g({i}).await; "))));
    soon("operands", format!("{READ}async fn run() {{ h({}) }}", "g(1).await, ".repeat(300)));
    soon(
        "looks and stores",
        format!(
            "{READ}impl S {{ async fn run(&self) {{ {} }} }}",
            many(60, &|i| {
                format!(
                    "let l{i} = self.c.lock().unwrap().get(&{i}).copied(); let v{i} = g({i}).await; self.c.lock().unwrap().insert({i}, v{i}); "
                )
            })
        ),
    );
    let loops = many(60, &|i| format!("for a{i} in v.iter() {{ let q = g(*a{i}).await; "));
    soon("loops", format!("{READ}async fn run(v: Vec<u32>) {{ {loops} {} }}", "}".repeat(60)));
    soon(
        "guards",
        format!("{READ}async fn run() {{ {} {} }}", many(80, &|i| format!("let g{i} = m().lock().unwrap(); ")), "g(1).await; ".repeat(80)),
    );
    soon("calls", format!("{} async fn f800() {{}}", many(800, &|i| format!("async fn f{i}() {{ f{}().await }}\n", i + 1))));
    soon("a line", format!("fn run() {{ let x = [{}]; }}", "1,".repeat(30_000)));
    soon("a string", format!("async fn run() {{ f(\"{}\").await }}", "x".repeat(3 << 20)));
}
