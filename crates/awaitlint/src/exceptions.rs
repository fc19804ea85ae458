//! Exceptions: which findings they take away, and which exceptions are findings themselves.

use std::path::Path;

use crate::config::Config;
use crate::finding::{Finding, Level};
use crate::ir::{Exception, ExceptionKind};
use crate::rules::Rule;
use crate::source::Text;

/// Removes what is excepted with a reason; exceptions without reason, of unknown rules, or without anything to except become findings.
pub(crate) fn apply(exceptions: &[Exception], config: &Config, file: usize, path: &Path, text: &Text, findings: &mut Vec<Finding>) {
    let mut own = Vec::new();
    for exception in exceptions {
        let mut complain = |message: String, why: &str, help: &str| {
            let (line, column) = text.position(exception.at.lo);
            own.push(Finding {
                rule: Rule::Exception,
                level: Level::Certain,
                path: path.to_owned(),
                line,
                column,
                end: text.position(exception.at.hi),
                message,
                why: why.to_owned(),
                help: help.to_owned(),
                fix: None,
                file,
                span: exception.at,
                labels: Vec::new(),
            });
        };
        if exception.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
            complain(
                "this exception has no reason".into(),
                "whoever comes next cannot tell whether it still holds",
                "write the reason behind it",
            );
        }
        for name in &exception.rules {
            let rule = Rule::named(name);
            if rule == Some(Rule::Exception) {
                complain(format!("`{name}` cannot be excepted"), "an exception that is of no use helps nobody", "mend what it says");
                continue;
            }
            let Some(rule) = rule else {
                let known = crate::config::suggest(name, Rule::all().map(Rule::name));
                complain(format!("there is no rule `{name}`"), "the exception has no effect", &known);
                continue;
            };
            let before = findings.len();
            findings.retain(|finding| finding.rule != rule || !exception.covers.contains(finding.span));
            let stale = before == findings.len();
            if stale && config.wants(rule) {
                let message = match exception.kind {
                    ExceptionKind::Allow => format!("`{name}` finds nothing here any more"),
                    ExceptionKind::Expect => format!("`{name}` was expected here and finds nothing"),
                };
                complain(message, "a stale exception hides the next mistake", "remove it");
            }
        }
        if exception.rules.is_empty() {
            complain("this exception names no rule".into(), "it has no effect", "name the rule: `awaitlint: allow(await-in-loop) reason`");
        }
    }
    findings.extend(own);
}
