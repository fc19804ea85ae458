//! Exceptions written as comments: `// awaitlint: allow(rule) reason`.

use crate::ir::{Exception, ExceptionKind};
use crate::source::{Lexer, Span, Text, TokenKind};

/// Finds the comments of a file and what each covers: what stands before it on its line, else the item or statement after it.
pub(super) fn exceptions(text: &Text, anchors: &[Span], to: &mut Vec<Exception>) {
    let source = text.as_str();
    if !source.contains("awaitlint:") {
        return;
    }
    for token in Lexer::new(source).filter(|t| t.kind == TokenKind::Comment) {
        let Some((kind, rules, reason)) = parse(token.span.of(source)) else { continue };
        let reason = if reason.is_empty() { continued(text, token.span) } else { Some(reason.to_owned()) };
        let line = text.line_span(text.line(token.span.lo));
        let before = Span { lo: line.lo, hi: token.span.lo };
        let covers = if before.of(source).trim().is_empty() { next_anchor(anchors, token.span).unwrap_or(token.span) } else { before };
        to.push(Exception { kind, rules, reason, at: token.span, covers });
    }
}

fn parse(comment: &str) -> Option<(ExceptionKind, Vec<String>, &str)> {
    let rest = comment.trim_start_matches(['/', '*', '!']).trim_start().strip_prefix("awaitlint:")?.trim_start();
    let (kind, rest) = match (rest.strip_prefix("allow"), rest.strip_prefix("expect")) {
        (Some(rest), _) => (ExceptionKind::Allow, rest),
        (_, Some(rest)) => (ExceptionKind::Expect, rest),
        _ => return None,
    };
    let (rules, reason) = rest.trim_start().strip_prefix('(')?.split_once(')')?;
    let rules = rules.split(',').map(|rule| rule.trim().replace('_', "-")).filter(|rule| !rule.is_empty()).collect();
    Some((kind, rules, reason.trim_start_matches([':', '-', ' ']).trim_end_matches("*/").trim()))
}

/// A reason on the comment line that follows.
fn continued(text: &Text, comment: Span) -> Option<String> {
    let next = text.line_span(text.line(comment.lo) + 1).of(text.as_str()).trim();
    let reason = next.strip_prefix("//")?.trim();
    (!reason.is_empty() && !reason.starts_with("awaitlint:")).then(|| reason.to_owned())
}

/// The largest of the items and statements that begin first after the comment.
fn next_anchor(anchors: &[Span], comment: Span) -> Option<Span> {
    let first = anchors.iter().filter(|a| a.lo >= comment.hi).map(|a| a.lo).min()?;
    anchors.iter().copied().filter(|a| a.lo == first).max_by_key(|a| a.hi)
}
