//! The body of the fuzz target: any bytes as files, any sequence of files.

use std::path::PathBuf;

use crate::check::{check_session, scope, session_of};
use crate::config::{Config, Overrides};
use crate::finding::Level;
use crate::fix::{self, Kit};
use crate::index::load_texts;
use crate::output::{self, Format};
use crate::plan;

/// Checks `data` as a sequence of files (a zero byte ends one), plans every function, writes what is found in every format, and makes every
/// fix. It must neither panic nor hang, whatever the bytes are, and what was Rust is Rust after the fixes.
pub fn fuzz(data: &[u8]) {
    let files = data.split(|&byte| byte == 0).enumerate().map(|(i, bytes)| {
        let name = if i == 0 { "lib.rs".to_owned() } else { format!("f{i}.rs") };
        (PathBuf::from(name), String::from_utf8_lossy(bytes).into_owned())
    });
    let mut config = Config::default();
    let overrides = Overrides { level: Some(Level::Pedantic), limit: Some(8), tests: Some(true), ..Overrides::default() };
    if config.apply(&overrides).is_err() {
        return;
    }
    let edition = if data.len().is_multiple_of(2) { 2021 } else { 2024 };
    let mut session = session_of(load_texts(files.collect(), edition, scope(&config)), &config);
    let kit = Kit { awaitkit: data.len().is_multiple_of(3), futures: true, tokio: true, limit: Some(8) };
    session.kits.fill(kit);
    plan::all(&session);
    let report = check_session(session, &config, None);
    for format in [Format::Human, Format::Json, Format::Sarif] {
        let written = output::write(&report, format, false, &mut std::io::sink());
        debug_assert!(written.is_ok(), "a sink takes everything");
    }
    for (before, after) in fix::texts(&report) {
        debug_assert!(crate::lower::parses(&after), "was Rust:\n{before}\nand is not with its fixes:\n{after}");
    }
}
