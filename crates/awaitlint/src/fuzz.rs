//! The body of the fuzz target: any bytes as files, any sequence of files.

use std::path::PathBuf;

use crate::check::check_texts;
use crate::config::Overrides;
use crate::finding::Level;
use crate::output::{self, Format};

/// Checks `data` as a sequence of files (a zero byte ends one) and writes what is found in every format. It must neither panic nor hang,
/// whatever the bytes are.
pub fn fuzz(data: &[u8]) {
    let files = data.split(|&byte| byte == 0).enumerate().map(|(i, bytes)| {
        let name = if i == 0 { "lib.rs".to_owned() } else { format!("f{i}.rs") };
        (PathBuf::from(name), String::from_utf8_lossy(bytes).into_owned())
    });
    let overrides = Overrides { level: Some(Level::Pedantic), limit: Some(8), tests: Some(true), ..Overrides::default() };
    let edition = if data.len().is_multiple_of(2) { 2021 } else { 2024 };
    let Ok(report) = check_texts(files, edition, &overrides) else { return };
    for format in [Format::Human, Format::Json, Format::Sarif] {
        let written = output::write(&report, format, false, &mut std::io::sink());
        debug_assert!(written.is_ok(), "a sink takes everything");
    }
}
