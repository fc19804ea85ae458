//! The chores of this repository. `cargo xtask` alone lists them.

mod codegen;
mod corpus;
mod interop;
mod schema;
mod seeds;
mod strictness;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask awaitlint-corpus [STEP …]            precision and recall of awaitlint on published code (downloads gigabytes)
cargo xtask codegen [--check]                    write the generated code, or check that it is current
cargo xtask interop                              other people's clients against the sandbox, our client against another server
cargo xtask schema import FILE [--skip NAME,…]   normalise a TL file, mtcute's JSON or a list of errors into schema/
cargo xtask schema diff A B                      what changed from one TL file to another
cargo xtask seeds                                docs/seeds.md: every heading of the two pages, with what there is of it
cargo xtask strictness                           docs/strictness.md: every line of the protocol, with its tests at both ends
cargo xtask tidy                                 the rules of the house that no compiler checks";

/// What a chore ends with: an error text for the person who called it.
type Result<T = ()> = std::result::Result<T, String>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["awaitlint-corpus", words @ ..] => corpus::run(words),
        ["codegen"] => codegen::run(false),
        ["codegen", "--check"] => codegen::run(true),
        ["interop"] => interop::run(),
        ["schema", "import", file] => schema::import(Path::new(file), &[]),
        ["schema", "import", file, "--skip", names] => schema::import(Path::new(file), &names.split(',').collect::<Vec<_>>()),
        ["schema", "diff", a, b] => schema::diff(Path::new(a), Path::new(b)),
        ["seeds"] => seeds::run(),
        ["strictness"] => strictness::run(),
        ["tidy"] => tidy::run(),
        _ => Err(format!("usage:\n{USAGE}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
