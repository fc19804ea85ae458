//! What comments say about the order of things.

use crate::source::{Lexer, Span, TokenKind};

/// Words with which authors say that one after the other is meant.
const ON_PURPOSE: &[&str] = &[
    "sequential",
    "serially",
    "one at a time",
    "one by one",
    "in order",
    "order matter",
    "ordering",
    "in sequence",
    "all at once",
    "in turn",
    "one after",
    "on purpose",
    "intentional",
    "deliberate",
    "rate limit",
    "rate-limit",
    "throttl",
    "cached",
    "overwhelm",
    "overload",
    "memory",
    "deterministic",
    "not in parallel",
    "not concurrent",
];

/// Words that, between two awaits, say why the second comes second.
const FIRST_THIS: &[&str] =
    &["before ", " after ", " last", "first -", "first,", "first so", "first because", "must ", "race", "consisten"];

/// A comment inside, or on the lines directly above, says that one after the other is meant.
pub(crate) fn says_on_purpose(text: &str, span: Span) -> bool {
    says(text, span, ON_PURPOSE)
}

/// The same, or why one thing comes before the other.
pub(crate) fn says_why_first(text: &str, span: Span) -> bool {
    says(text, span, ON_PURPOSE) || says(text, span, FIRST_THIS)
}

/// A comment above speaks of holding something over an await.
pub(crate) fn says_held(text: &str, span: Span) -> bool {
    says(text, span, &["across the await", "across await", "over the await", "while awaiting"])
}

/// A comment there accepts that work is done twice.
pub(crate) fn accepts_twice(text: &str, span: Span) -> bool {
    says(
        text,
        span,
        &["duplicate", "twice", "race", "concurrent", "same time", "simultaneous", "another thread", "another task", "multiple t"],
    )
}

fn says(text: &str, span: Span, words: &[&str]) -> bool {
    let from = above(text, span.lo as usize);
    let Some(part) = text.get(from..span.hi as usize) else { return false };
    let comments = Lexer::new(part).filter(|token| token.kind == TokenKind::Comment);
    let mut all = String::new();
    for comment in comments {
        all.push_str(&comment.span.of(part).to_lowercase());
        all.push('\n');
    }
    let plan = ["todo", "fixme", "parallelize", "could be"].iter().any(|word| all.contains(word));
    !plan && words.iter().any(|word| all.contains(word))
}

/// The start of the lines of comment that stand directly above the line of `at`.
fn above(text: &str, at: usize) -> usize {
    let mut start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    while start > 0 {
        let before = text[..start - 1].rfind('\n').map_or(0, |end| end + 1);
        if !text[before..start].trim_start().starts_with("//") {
            break;
        }
        start = before;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_above_or_inside_counts_and_a_plan_does_not() {
        let check = |text: &str| says_on_purpose(text, Span::new(text.find("for").unwrap_or(0), text.len()));
        assert!(check("fn f() {\n    // One at a time,\n    // to be kind.\n    for x in y {}"));
        assert!(check("for x in y {\n    /* sequentially */ f(x)\n}"));
        assert!(!check("// one by one\n\nfor x in y {}"));
        assert!(!check("// TODO: not one by one\nfor x in y {}"));
        assert!(!check("for x in \"one by one\" {}"));
    }
}
