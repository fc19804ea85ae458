//! Exceptions: reasons are required, stale ones are findings.

use awaitlint::{Overrides, Rule, check_texts};

/// The rules and messages that are found in a file.
#[track_caller]
fn check(text: &str, expect: &[&str]) {
    let report = check_texts([("lib.rs".into(), text.to_owned())], 2024, &Overrides::default()).expect("no overrides");
    let found: Vec<String> = report.findings.iter().map(|f| format!("{}: {}", f.rule.name(), f.message)).collect();
    assert_eq!(found, expect, "{text}");
}

const FOUND: &str = "unawaited-future: the future of `speak` is bound to a name that nothing awaits";

#[test]
fn a_comment_with_a_reason_takes_the_finding_away() {
    check("async fn speak() {}\nasync fn run() {\n    let _x = speak();\n}", &[FOUND]);
    check(
        "async fn speak() {}\nasync fn run() {\n    // awaitlint: allow(unawaited-future) measured, not run\n    let _x = speak();\n}",
        &[],
    );
    check("async fn speak() {}\nasync fn run() {\n    let _x = speak(); // awaitlint: allow(unawaited_future): measured\n}", &[]);
    check(
        "async fn speak() {}\n// awaitlint: allow(unawaited-future)\n// measured, not run\nasync fn run() {\n    let _x = speak();\n}",
        &[],
    );
}

#[test]
fn so_does_an_attribute_that_compiles_everywhere() {
    let attribute = "#[cfg_attr(false, awaitlint::allow(unawaited_future, reason = \"measured\"))]";
    check(&format!("async fn speak() {{}}\nasync fn run() {{\n    {attribute}\n    let _x = speak();\n}}"), &[]);
    check(&format!("async fn speak() {{}}\n{attribute}\nasync fn run() {{\n    let _x = speak();\n}}"), &[]);
    check(&format!("async fn speak() {{}}\n{attribute}\nmod inner {{\n    async fn run() {{ let _x = super::speak(); }}\n}}"), &[]);
    let whole = "#![cfg_attr(any(), awaitlint::allow(unawaited_future, reason = \"measured\"))]";
    check(&format!("{whole}\nasync fn speak() {{}}\nasync fn run() {{\n    let _x = speak();\n}}"), &[]);
}

#[test]
fn it_covers_only_what_follows() {
    let text = "async fn speak() {}\nasync fn run() {\n    // awaitlint: allow(unawaited-future) measured\n    let _x = speak();\n    let _y = speak();\n}";
    check(text, &[FOUND]);
}

#[test]
fn without_a_reason_it_is_a_finding_itself() {
    let text = "async fn speak() {}\nasync fn run() {\n    // awaitlint: allow(unawaited-future)\n    let _x = speak();\n}";
    check(text, &["exception: this exception has no reason"]);
    let text =
        "async fn speak() {}\nasync fn run() {\n    #[cfg_attr(false, awaitlint::allow(unawaited_future))]\n    let _x = speak();\n}";
    check(text, &["exception: this exception has no reason"]);
}

#[test]
fn stale_and_misspelt_ones_are_findings() {
    check("// awaitlint: allow(busy-poll) it was slow once\nfn run() {}", &["exception: `busy-poll` finds nothing here any more"]);
    check("// awaitlint: expect(busy-poll) it is known\nfn run() {}", &["exception: `busy-poll` was expected here and finds nothing"]);
    check("// awaitlint: allow(bussy-poll) it was slow\nfn run() {}", &["exception: there is no rule `bussy-poll`"]);
    check("// awaitlint: allow() because\nfn run() {}", &["exception: this exception names no rule"]);
}

#[test]
fn text_in_a_string_is_no_exception() {
    check("fn run() -> &'static str { \"// awaitlint: allow(busy-poll)\" }", &[]);
}

#[test]
fn a_stale_exception_from_a_rule_that_does_not_run_is_left_alone() {
    let text = "// awaitlint: allow(busy-poll) it was slow once\nfn run() {}";
    let overrides = Overrides { rules: vec![Rule::LateAwait], ..Overrides::default() };
    let report = check_texts([("lib.rs".into(), text.to_owned())], 2024, &overrides).expect("right");
    assert!(report.findings.is_empty());
}
