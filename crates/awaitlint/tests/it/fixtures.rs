//! Each rule on its file in `fixtures/src`: exactly the lines marked `//~ level` are found, at that level, and what is said of them is as in
//! the snapshots.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use awaitlint::{Level, Overrides, Rule, check_texts};

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/src")
}

fn read(name: &str) -> String {
    fs::read_to_string(dir().join(name)).unwrap_or_else(|error| panic!("fixtures/src/{name}: {error}"))
}

type Lines = BTreeMap<usize, Vec<String>>;

/// The levels written behind `//~`, by line.
fn expected(text: &str) -> Lines {
    let mut lines = Lines::new();
    for (line, marks) in (1..).zip(text.lines()).filter_map(|(i, line)| Some((i, line.split_once("//~")?.1))) {
        lines.insert(line, marks.split_whitespace().map(str::to_owned).collect());
    }
    lines
}

#[track_caller]
fn check(rule: Rule) {
    let module = rule.name().replace('-', "_");
    let (name, text, texts) = match rule {
        // A program: it has the only functions that are entries.
        Rule::BlockOnAtEntry => {
            let text = read(&format!("bin/{module}.rs"));
            ("main.rs".to_owned(), text.clone(), vec![(PathBuf::from("main.rs"), text)])
        }
        _ => {
            let name = format!("{module}.rs");
            let text = read(&name);
            let root = (PathBuf::from("lib.rs"), format!("mod support;\nmod {module};\n"));
            (name.clone(), text.clone(), vec![root, (PathBuf::from("support.rs"), read("support.rs")), (PathBuf::from(name), text)])
        }
    };
    // An exception is stale only if the rule that it names runs.
    let rules = if rule == Rule::Exception { Vec::new() } else { vec![rule] };
    let overrides = Overrides { level: Some(Level::Pedantic), rules, ..Overrides::default() };
    let report = check_texts(texts, 2024, &overrides).expect("the overrides are right");
    assert!(report.notices.is_empty(), "{:?}", report.notices);
    let mut found = Lines::new();
    for finding in report.findings.iter().filter(|finding| finding.rule == rule) {
        assert_eq!(finding.path, PathBuf::from(&name), "found in support.rs: {}", finding.message);
        found.entry(finding.line).or_default().push(finding.level.name().to_owned());
    }
    let expected = expected(&text);
    let line = |n: &usize| text.lines().nth(n - 1).unwrap_or_default().trim();
    let mut wrong: Vec<String> = Vec::new();
    for n in expected.keys().chain(found.keys()).collect::<std::collections::BTreeSet<_>>() {
        if expected.get(n) != found.get(n) {
            wrong.push(format!("{name}:{n}: expected {:?}, found {:?}: {}", expected.get(n), found.get(n), line(n)));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let mut said = Vec::new();
    awaitlint::write(&report, awaitlint::Format::Human, false, &mut said).expect("a vector takes everything");
    insta::assert_snapshot!(module.as_str(), String::from_utf8(said).expect("it is text"));
    assert!(!expected.is_empty() && expected.len() < text.matches("fn ").count(), "{name} has both what must and what must not be found");
}

macro_rules! fixtures {
    ($($name:ident $rule:ident,)*) => {
        $(#[test] fn $name() { check(Rule::$rule); })*

        #[test]
        fn every_rule_has_a_fixture() {
            let with = [$(Rule::$rule,)*];
            let without: Vec<&str> = Rule::all().filter(|rule| !with.contains(rule)).map(Rule::name).collect();
            assert_eq!(without, [""; 0]);
        }
    };
}

fixtures! {
    await_in_condition AwaitInCondition,
    await_in_loop AwaitInLoop,
    batchable_lookup BatchableLookup,
    block_on_at_entry BlockOnAtEntry,
    block_on_in_async BlockOnInAsync,
    blocking_in_async BlockingInAsync,
    busy_poll BusyPoll,
    cancel_unsafe_in_select CancelUnsafeInSelect,
    detached_handle DetachedHandle,
    exception Exception,
    futurelock Futurelock,
    guard_across_await GuardAcrossAwait,
    independent_awaits IndependentAwaits,
    late_await LateAwait,
    memo_race MemoRace,
    stalled_stream StalledStream,
    unawaited_future UnawaitedFuture,
    unbounded_concurrency UnboundedConcurrency,
    zero_concurrency ZeroConcurrency,
}
