//! One object per finding and line.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::check::Report;
use crate::finding::Finding;

pub(super) fn write(report: &Report, to: &mut dyn Write) -> io::Result<()> {
    for finding in &report.findings {
        serde_json::to_writer(&mut *to, &object(report, finding))?;
        writeln!(to)?;
    }
    for notice in &report.notices {
        serde_json::to_writer(&mut *to, &json!({ "notice": notice.message, "path": notice.path }))?;
        writeln!(to)?;
    }
    Ok(())
}

fn object(report: &Report, finding: &Finding) -> Value {
    let text = report.text(finding);
    let place = |at: u32| {
        let (line, column) = text.position(at);
        json!({ "line": line, "column": column })
    };
    let fix = finding.fix.as_ref().map(|fix| {
        let edits: Vec<Value> =
            fix.edits.iter().map(|edit| json!({ "start": place(edit.span.lo), "end": place(edit.span.hi), "text": edit.text })).collect();
        json!({ "title": fix.title, "grade": fix.grade, "edits": edits })
    });
    json!({
        "rule": finding.rule.name(),
        "level": finding.level,
        "path": finding.path,
        "line": finding.line,
        "column": finding.column,
        "end": { "line": finding.end.0, "column": finding.end.1 },
        "message": finding.message,
        "why": finding.why,
        "help": finding.help,
        "fix": fix,
    })
}
