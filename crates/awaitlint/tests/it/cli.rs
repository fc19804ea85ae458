//! The command: options, exit status, configuration, explain and plan.

use crate::support::{Dir, FORGOTTEN, stderr, stdout};

#[track_caller]
fn check(dir: &Dir, args: &[&str], status: i32, contains: &[&str]) {
    let output = dir.run(args);
    let text = stdout(&output) + &stderr(&output);
    assert_eq!(output.status.code(), Some(status), "{args:?}\n{text}");
    for part in contains {
        assert!(text.contains(part), "{args:?} lacks {part:?}:\n{text}");
    }
}

#[test]
fn the_status_tells_what_happened() {
    let found = Dir::package(&[("src/lib.rs", FORGOTTEN)], &[]);
    check(&found, &[], 1, &["warning[unawaited-future, certain]", "src/lib.rs:4:19", "awaitlint: 1 certain in 1 files"]);
    let clean = Dir::package(&[("src/lib.rs", "pub async fn run() {}\n")], &[]);
    check(&clean, &[], 0, &["nothing found in 1 files"]);
    check(&clean, &["nowhere"], 2, &["there is no such file or directory"]);
    check(&clean, &["--level", "sure"], 2, &["there is no level `sure`"]);
    check(&clean, &["--rule", "late-wait"], 2, &["did you mean `late-await`?"]);
    check(&clean, &["--unsafe-fixes"], 2, &["--unsafe-fixes needs --fix or --dry-run"]);
    check(&clean, &["--nonsense"], 2, &["unexpected argument"]);
}

#[test]
fn a_path_narrows_what_is_shown() {
    let dir = Dir::package(&[("src/lib.rs", "pub mod a;\npub mod b;\n"), ("src/a.rs", FORGOTTEN), ("src/b.rs", FORGOTTEN)], &[]);
    check(&dir, &[], 1, &["2 certain"]);
    check(&dir, &["src/a.rs"], 1, &["src/a.rs:4:19", "1 certain"]);
}

#[test]
fn rules_and_levels_are_chosen() {
    let dir = Dir::package(&[("src/lib.rs", FORGOTTEN)], &[]);
    check(&dir, &["--rule", "busy-poll"], 0, &["nothing found"]);
    check(&dir, &["--rule", "unawaited_future", "--level", "certain"], 1, &["1 certain"]);
}

#[test]
fn configuration_is_read_and_checked() {
    let dir = Dir::package(&[("src/lib.rs", FORGOTTEN)], &[]);
    dir.write("awaitlint.toml", "[rules]\nunawaited-future = \"off\"\n");
    check(&dir, &[], 0, &["nothing found"]);
    dir.write("awaitlint.toml", "[ruls]\n");
    check(&dir, &[], 2, &["awaitlint.toml: unknown key `ruls`; did you mean `rules`?"]);
    let manifest = Dir::package(&[("src/lib.rs", FORGOTTEN)], &[]);
    let text = manifest.read("Cargo.toml") + "[package.metadata.awaitlint]\nrules = { unawaited-future = \"off\" }\n";
    manifest.write("Cargo.toml", text);
    check(&manifest, &[], 0, &["nothing found"]);
}

#[test]
fn explain_prints_the_rule() {
    let dir = Dir::new();
    check(&dir, &["explain", "futurelock"], 0, &["# futurelock", "## Why", "RFD 609"]);
    check(&dir, &["explain"], 0, &["await-in-loop", "zero-concurrency"]);
    check(&dir, &["explain", "futurlock"], 2, &["there is no rule `futurlock`; did you mean `futurelock`?"]);
}

const PAGE: &str = "\
pub struct Db;
impl Db {
    pub async fn fetch_ids(&self, author: u32) -> Vec<u32> { ask(author).await }
    pub async fn fetch_name(&self, author: u32) -> String { ask(author).await.len().to_string() }
    pub async fn fetch_text(&self, id: u32) -> String { ask(id).await.len().to_string() }
}
async fn ask(n: u32) -> Vec<u32> { std::future::poll_fn(|_| std::task::Poll::Ready(vec![n])).await }

pub async fn page(db: &Db, author: u32) -> String {
    let ids = db.fetch_ids(author).await;
    let name = db.fetch_name(author).await;
    let mut texts = Vec::new();
    for id in ids {
        texts.push(db.fetch_text(id).await);
    }
    format!(\"{name}: {}\", texts.join(\" \"))
}
";

#[test]
fn a_plan_counts_the_rounds() {
    let dir = Dir::package(&[("src/lib.rs", PAGE)], &[]);
    check(
        &dir,
        &["plan", "src/lib.rs::page"],
        0,
        &["rounds of waiting now 2 + n, possible 2", "let (ids, name) = tokio::join!(db.fetch_ids(author), db.fetch_name(author));"],
    );
    check(&dir, &["plan", "src/lib.rs::pag"], 2, &["no function `pag`; did you mean `page`?"]);
    check(&dir, &["plan", "page"], 2, &["is not FILE::FUNCTION"]);
}
