//! `codegen`: writes the generated code, or checks that it is what it would write.

use std::collections::BTreeMap;
use std::path::Path;

use quadruplex_tl_gen::Files;
use quadruplex_tl_schema::Schema;

use crate::{Result, read, root, write};

/// Writes everything generated; with `check`, only says what differs.
pub(crate) fn run(check: bool) -> Result {
    let schema =
        |name: &str| Schema::parse(&read(&root().join("schema").join(name))?).map_err(|errors| format!("schema/{name}:\n{errors}"));
    let api = schema("api.tl")?;
    let mut stale = sync("crates/api/src/generated", quadruplex_tl_gen::api(&api), check)?;
    let test = Files::from([("mod.rs".to_owned(), quadruplex_tl_gen::api_test(&api))]);
    stale.extend(sync("crates/api/tests/it/generated", test, check)?);
    match (check, stale.len()) {
        (true, 1..) => Err(format!("stale, run `cargo xtask codegen`:\n{}", stale.join("\n"))),
        (true, 0) => Ok(()),
        (false, count) => {
            println!("{count} files changed");
            Ok(())
        }
    }
}

/// Makes a directory hold exactly these files; returns the paths that differed.
fn sync(directory: &str, files: Files, check: bool) -> Result<Vec<String>> {
    let base = root().join(directory);
    let mut there = BTreeMap::new();
    collect(&base, &base, &mut there)?;
    let mut stale = Vec::new();
    for (name, text) in &files {
        if there.remove(name).as_ref() != Some(text) {
            stale.push(format!("{directory}/{name}"));
            if !check {
                let path = base.join(name);
                let parent = path.parent().unwrap_or(&base);
                std::fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
                write(&path, text)?;
            }
        }
    }
    for name in there.keys() {
        stale.push(format!("{directory}/{name}"));
        if !check {
            let path = base.join(name);
            std::fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(stale)
}

fn collect(base: &Path, directory: &Path, files: &mut BTreeMap<String, String>) -> Result {
    let Ok(entries) = std::fs::read_dir(directory) else { return Ok(()) };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(base, &path, files)?;
        } else if let Ok(name) = path.strip_prefix(base) {
            files.insert(name.to_string_lossy().replace('\\', "/"), read(&path)?);
        }
    }
    Ok(())
}
