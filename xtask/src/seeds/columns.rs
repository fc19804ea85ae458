//! The pages that put the code of others beside ours, in tables of two columns.

use std::path::Path;

use crate::{Result, read};

/// The pages, and the file in which everything in their right columns is compiled.
const PAGES: [&str; 5] = ["from-telethon.md", "from-aiogram.md", "from-teloxide.md", "from-grammers.md", "from-madelineproto.md"];
const COMPILED: &str = "../examples/tests/it/moving.rs";

/// What of the right columns is not compiled anywhere.
pub(super) fn problems(docs: &Path) -> Result<Vec<String>> {
    let compiled = joined(&read(&docs.join(COMPILED))?);
    let mut problems = Vec::new();
    for page in PAGES {
        let text = read(&docs.join(page))?;
        let codes: Vec<&str> = text.lines().filter_map(right_column).flat_map(codes).collect();
        if codes.len() < 10 {
            problems.push(format!("docs/{page} has a table of {} lines only", codes.len()));
        }
        let missing = codes.into_iter().filter(|code| !compiled.contains(&joined(code)));
        problems.extend(missing.map(|code| format!("docs/{page}: {COMPILED} does not have {code}")));
    }
    Ok(problems)
}

/// Without line breaks and indentation, since rustfmt may break what is one line in a table.
fn joined(code: &str) -> String {
    code.split_whitespace().collect()
}

fn right_column(line: &str) -> Option<&str> {
    line.strip_prefix("| ")?.strip_suffix(" |")?.rsplit_once(" | ").map(|(_, right)| right)
}

/// What stands between backticks.
fn codes(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_of_the_right_column() {
        let found: Vec<&str> = right_column("| `a | b` | `let x = 1;`, then `y()` |").into_iter().flat_map(codes).collect();
        assert_eq!(found, ["let x = 1;", "y()"]);
        assert_eq!((right_column("|---|---|"), right_column("words")), (None, None));
        assert_eq!(joined("a\n    .b()"), joined("a.b()"));
    }
}
