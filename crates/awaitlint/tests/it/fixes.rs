//! Fixes: what they write, that it compiles and still passes its tests, and that failures are taken back.

use std::process::Command;

use crate::support::{Dir, stderr, stdout};

/// A stand-in for Tokio that needs no download: `join!` that polls its futures in turn.
const TOKIO: &str = "\
#[macro_export]
macro_rules! join { ($($f:expr),* $(,)?) => { ($($f.await),*) } }
#[macro_export]
macro_rules! try_join { ($a:expr, $b:expr $(,)?) => { async { Ok((($a).await?, ($b).await?)) }.await } }
pub mod net { pub async fn ask(n: u32) -> u32 { super::wait(n).await } }
pub fn wait(n: u32) -> impl Future<Output = u32> { std::future::poll_fn(move |_| std::task::Poll::Ready(n)) }
pub mod time { pub async fn sleep(_: std::time::Duration) {} }
";
const TOKIO_MANIFEST: &str = "[package]\nname = \"tokio\"\nversion = \"1.0.0\"\nedition = \"2024\"\n";
const AWAITKIT: &str = "\
pub async fn map_concurrent<T, O>(items: impl IntoIterator<Item = T>, _: usize, mut f: impl AsyncFnMut(T) -> O) -> Vec<O> {
    let mut all = Vec::new();
    for item in items { all.push(f(item).await); }
    all
}
#[macro_export]
macro_rules! limit { ($n:expr) => { $n } }
#[macro_export]
macro_rules! join { ($($f:expr),* $(,)?) => { ($($f.await),*) } }
";
const AWAITKIT_MANIFEST: &str = "[package]\nname = \"awaitkit\"\nversion = \"1.0.0\"\nedition = \"2024\"\n";

/// What every program here calls, the request that makes it run, and its test.
const BASE: &str = "
pub struct Request;
pub async fn fetch_one(n: u32) -> u32 { tokio::net::ask(n).await }
#[test]
fn sums() {
    let mut f = std::pin::pin!(run(&Request));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    assert_eq!(std::future::Future::poll(f.as_mut(), &mut cx), std::task::Poll::Ready(3));
}
";

fn with_tokio(program: &str) -> Dir {
    let text = format!("{program}{BASE}");
    Dir::package(&[("src/lib.rs", &text), ("tokio/Cargo.toml", TOKIO_MANIFEST), ("tokio/src/lib.rs", TOKIO)], &["tokio"])
}

#[track_caller]
fn tests_pass(dir: &Dir) {
    let output = Command::new("cargo")
        .args(["test", "--offline", "--quiet"])
        .current_dir(dir.path())
        .env("CARGO_TARGET_DIR", dir.path().join("target"))
        .output();
    let output = output.expect("cargo runs");
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
}

const NEIGHBOURS: &str = "pub async fn run(_: &Request) -> u32 {\n    // the first\n    let a = fetch_one(1).await;\n    // and the other\n    let b = fetch_one(2).await;\n    a + b\n}\n";

#[test]
fn independent_awaits_are_joined_with_their_comments() {
    let dir = with_tokio(NEIGHBOURS);
    let diff = stdout(&dir.run(&["--dry-run"]));
    assert!(diff.contains("-    let b = fetch_one(2).await;") && diff.contains("+    let (a, b) = tokio::join!("), "{diff}");
    assert!(dir.read("src/lib.rs").contains(NEIGHBOURS), "a dry run changes nothing");
    let output = dir.run(&["--fix"]);
    assert!(stdout(&output).contains("fixed 1 findings in 1 files"), "{}{}", stdout(&output), stderr(&output));
    let joined = "    // the first\n    let (a, b) = tokio::join!(\n        fetch_one(1),\n        // and the other\n        fetch_one(2),\n    );\n    a + b\n";
    assert!(dir.read("src/lib.rs").contains(joined), "{}", dir.read("src/lib.rs"));
    tests_pass(&dir);
}

#[test]
fn a_comment_without_a_place_in_the_new_form_keeps_the_old_one() {
    let program = "pub async fn run(_: &Request) -> u32 {\n    let a = fetch_one(1)\n        // slow on Mondays\n        .await;\n    let b = fetch_one(2).await;\n    a + b\n}\n";
    let dir = with_tokio(program);
    assert_eq!(stdout(&dir.run(&["--dry-run", "--unsafe-fixes"])), "");
}

#[test]
fn a_loop_becomes_a_map_when_there_is_a_limit() {
    let program = "pub async fn run(_: &Request) -> u32 {\n    let mut all = Vec::new();\n    for n in [1, 2] {\n        all.push(fetch_one(n).await);\n    }\n    all.iter().sum()\n}\n";
    let text = format!("{program}{BASE}");
    let dir = Dir::package(
        &[
            ("src/lib.rs", &text),
            ("awaitkit/Cargo.toml", AWAITKIT_MANIFEST),
            ("awaitkit/src/lib.rs", AWAITKIT),
            ("tokio/Cargo.toml", TOKIO_MANIFEST),
            ("tokio/src/lib.rs", TOKIO),
        ],
        &["awaitkit", "tokio"],
    );
    assert!(!stdout(&dir.run(&["--dry-run"])).contains("map_concurrent"), "without a limit there is no fix");
    let output = dir.run(&["--fix", "--limit", "8"]);
    assert!(stdout(&output).contains("fixed 1"), "{}{}", stdout(&output), stderr(&output));
    let mapped = "all.extend(awaitkit::map_concurrent([1, 2], awaitkit::limit!(8), async |n| fetch_one(n).await).await);";
    assert!(dir.read("src/lib.rs").contains(mapped), "{}", dir.read("src/lib.rs"));
    tests_pass(&dir);
}

#[test]
fn blocking_sleep_becomes_async() {
    let program = "pub async fn run(_: &Request) -> u32 {\n    std::thread::sleep(std::time::Duration::from_millis(1));\n    3\n}\n";
    let dir = with_tokio(program);
    dir.run(&["--fix"]);
    assert!(
        dir.read("src/lib.rs").contains("    tokio::time::sleep(std::time::Duration::from_millis(1)).await;"),
        "{}",
        dir.read("src/lib.rs")
    );
    tests_pass(&dir);
}

#[test]
fn what_changes_the_meaning_needs_the_second_option() {
    let program = "pub async fn run(_: &Request) -> u32 {\n    let _sent = fetch_one(1);\n    3\n}\n";
    let dir = with_tokio(program);
    assert_eq!(stdout(&dir.run(&["--dry-run"])), "");
    let diff = stdout(&dir.run(&["--dry-run", "--unsafe-fixes"]));
    assert!(diff.contains("+    let _sent = fetch_one(1).await;"), "{diff}");
}

#[test]
fn a_fix_that_does_not_compile_is_taken_back() {
    // Joined futures would borrow one value twice, which only the compiler knows: `Token` lends itself by value.
    let program = "pub struct Token(u32);\nimpl std::ops::Deref for Token { type Target = u32; fn deref(&self) -> &u32 { &self.0 } }\n\
        pub async fn run(_: &Request) -> u32 {\n    let a = fetch_one(1).await;\n    let b = fetch_one(2).await;\n    a + b\n}\n";
    let broken = TOKIO.replace("macro_rules! join", "macro_rules! other");
    let text = format!("{program}{BASE}");
    let dir = Dir::package(&[("src/lib.rs", &text), ("tokio/Cargo.toml", TOKIO_MANIFEST), ("tokio/src/lib.rs", &broken)], &["tokio"]);
    let output = dir.run(&["--fix"]);
    assert!(stdout(&output).contains("restored, because cargo check failed"), "{}{}", stdout(&output), stderr(&output));
    assert_eq!(dir.read("src/lib.rs"), text);
}

#[test]
fn a_project_that_did_not_compile_is_left_as_it_was() {
    let text = format!("{NEIGHBOURS}{BASE}\nconst WRONG: u32 = \"\";\n");
    let dir = Dir::package(&[("src/lib.rs", &text), ("tokio/Cargo.toml", TOKIO_MANIFEST), ("tokio/src/lib.rs", TOKIO)], &["tokio"]);
    let output = dir.run(&["--fix"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("does not compile"), "{}", stderr(&output));
    assert_eq!(dir.read("src/lib.rs"), text);
}
