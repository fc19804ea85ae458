//! SARIF 2.1.0.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::check::Report;
use crate::finding::{Finding, Level};
use crate::rules::Rule;

pub(super) fn write(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<Value> = Rule::all().map(rule).collect();
    let results: Vec<Value> = report.findings.iter().map(result).collect();
    let notices: Vec<Value> = report
        .notices
        .iter()
        .map(|notice| json!({ "level": "note", "message": { "text": format!("{}: {}", notice.path.display(), notice.message) } }))
        .collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "awaitlint", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notices }],
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *to, &document)?;
    writeln!(to)
}

fn rule(rule: Rule) -> Value {
    let what = rule.explain().split("## What").nth(1).and_then(|text| text.split("\n\n").nth(1)).unwrap_or_default();
    json!({
        "id": rule.name(),
        "shortDescription": { "text": what.replace('\n', " ") },
        "help": { "text": rule.explain(), "markdown": rule.explain() },
    })
}

fn result(finding: &Finding) -> Value {
    let level = match finding.level {
        Level::Certain => "warning",
        Level::Likely | Level::Pedantic => "note",
    };
    json!({
        "ruleId": finding.rule.name(),
        "level": level,
        "message": { "text": format!("{}: {}", finding.message, finding.why) },
        "properties": { "level": finding.level },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": uri(&finding.path.to_string_lossy()) },
            "region": {
                "startLine": finding.line, "startColumn": finding.column,
                "endLine": finding.end.0, "endColumn": finding.end.1,
            },
        } }],
    })
}

/// A relative path as a URI: what has a meaning there is escaped.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.replace('\\', "/").bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'+' | b'@' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    #[test]
    fn paths_become_references() {
        assert_eq!(super::uri("src/a b/x%1#é.rs"), "src/a%20b/x%251%23%C3%A9.rs");
        assert_eq!(super::uri("src\\main.rs"), "src/main.rs");
    }
}
