//! Whether `docs/seeds.md` says of every heading of the two pages what there is, and whether it is there; and whether what other pages show is
//! compiled.

mod columns;

use std::collections::HashSet;
use std::path::Path;

use crate::{Result, read, root};

/// The headings of the page "Async" of MadelineProto.
const ASYNC: &[&str] = &[
    "Async",
    "Usage",
    "That's it.",
    "Async in event handler",
    "Ignored async",
    "Multiple async",
    "Combining async operations",
    "Handling timeouts",
    "Blocking async",
    "MadelineProto and AMPHP async APIs",
    "Helper methods",
    "Async sleep",
    "Async readline",
    "Async echo",
    "MadelineProto HTTP client",
    "Async forking",
    "Async flock",
    "Async loop APIs",
];

/// Those of Hack's guidelines.
const GUIDELINES: &[&str] = &[
    "Be Liberal, but Careful, with Async",
    "Use Async Extensions",
    "Do Not Use Async in Loops",
    "Considering Data Dependencies Is Important",
    "Consider Batching",
    "Don't Forget to Await an Awaitable",
    "Minimize Undesired Side Effects",
    "Memoization May be Good, But Only Awaitables",
    "Use Lambdas Where Possible",
    "Integrating async and non-async functions",
    "Remember Async Is NOT Multi-threading",
    "await Is Not a General Expression",
];

pub(crate) fn run() -> Result {
    let docs = root().join("docs");
    let entries = parse(&read(&docs.join("seeds.md"))?);
    let headings: Vec<&str> = entries.iter().map(|entry| entry.heading.as_str()).collect();
    let mut wrong = columns::problems(&docs)?;
    if !headings.iter().eq(ASYNC.iter().chain(GUIDELINES)) {
        let missing: Vec<_> = ASYNC.iter().chain(GUIDELINES).filter(|heading| !headings.contains(heading)).collect();
        wrong.push(format!("the headings are not those of the pages, in their order; missing: {missing:?}"));
    }
    for entry in &entries {
        let problems = entry.problems(&|path| read(&docs.join(path)).ok());
        wrong.extend(problems.into_iter().map(|problem| format!("{}: {problem}", entry.heading)));
    }
    if wrong.is_empty() {
        let missing = entries.iter().filter(|entry| entry.is_missing).count();
        println!("{} headings, {missing} of them not there yet", entries.len());
        return Ok(());
    }
    Err(format!("the pages do not say what there is\n  {}", wrong.join("\n  ")))
}

/// What is said of one heading.
#[derive(Debug, Default, PartialEq)]
struct Entry {
    heading: String,
    lines: Vec<String>,
    /// Their names and files.
    programs: Vec<(String, String)>,
    tests: Vec<(String, String)>,
    is_counted: bool,
    /// It is said that there is nothing.
    is_missing: bool,
}

fn parse(page: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut in_code = false;
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            entries.push(Entry { heading: heading.to_owned(), ..Entry::default() });
        }
        let Some(entry) = entries.last_mut() else { continue };
        match line.split_once(": ") {
            _ if line.starts_with("```") => in_code = !in_code,
            _ if in_code => entry.lines.push(line.trim().to_owned()),
            Some(("- program", link)) => entry.programs.extend(parse_link(link)),
            Some(("- test", link)) => entry.tests.extend(parse_link(link)),
            Some(("- counted", what)) => entry.is_counted = !what.is_empty(),
            Some(("- missing", what)) => entry.is_missing = !what.is_empty(),
            _ => {}
        }
    }
    entries
}

/// `[name](path)`.
fn parse_link(link: &str) -> Option<(String, String)> {
    let (name, path) = link.strip_prefix('[')?.strip_suffix(')')?.split_once("](")?;
    Some((name.to_owned(), path.to_owned()))
}

impl Entry {
    /// What is not as it says; `read` gives the text of a file that is named.
    fn problems(&self, read: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
        let mut problems = Vec::new();
        if self.is_missing {
            return problems;
        }
        if self.lines.is_empty() || self.programs.is_empty() || self.tests.is_empty() || !self.is_counted {
            problems.push("a line of Rust, a program, a test or what was counted is missing".to_owned());
        }
        let mut written = String::new();
        for (name, path) in &self.programs {
            match read(path) {
                Some(text) => written += &text,
                None => problems.push(format!("the program {path} is not there")),
            }
            if Path::new(path).file_stem().is_none_or(|stem| stem != name.as_str()) {
                problems.push(format!("{path} is not called {name}"));
            }
        }
        // Examples in the documentation are compiled too.
        let code = |line: &str| line.trim().trim_start_matches("//!").trim_start_matches("///").trim_start().to_owned();
        let written: HashSet<String> = written.lines().map(code).collect();
        for line in self.lines.iter().filter(|line| !written.contains(*line)) {
            problems.push(format!("no program has the line {line}"));
        }
        for (name, path) in &self.tests {
            if !read(path).is_some_and(|text| text.contains(&format!("fn {name}("))) {
                problems.push(format!("there is no test {name} in {path}"));
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
### Async sleep

```rust
sleep(SECOND).await;
```

- program: [nap](../examples/nap.rs)
- test: [naps](../tests/nap.rs)
- counted: 1

### HTTP

- missing: all of it
";

    #[test]
    fn what_is_not_there_is_told() {
        let check = |program: &str, test: &str, expect: &[&str]| {
            let entries = parse(PAGE);
            assert_eq!((entries.len(), entries[1].is_missing), (2, true));
            let problems = entries[0].problems(&|path| match path {
                "../examples/nap.rs" => Some(program.to_owned()),
                _ => Some(test.to_owned()),
            });
            assert_eq!(problems, expect);
        };
        check("    sleep(SECOND).await;\n", "async fn naps() {}", &[]);
        check("sleep(MINUTE).await;", "async fn naps() {}", &["no program has the line sleep(SECOND).await;"]);
        check("sleep(SECOND).await;", "async fn wakes() {}", &["there is no test naps in ../tests/nap.rs"]);
    }
}
