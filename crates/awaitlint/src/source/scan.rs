//! The look at a file before it is parsed: is it shallow enough?
//!
//! syn recurses where Rust nests, and its trees are dropped by recursion, so a file of a few thousand brackets (or of a hundred thousand
//! `!`) ends the process. What the parser could recurse into is bounded here by counting tokens.

use super::lexer::{Lexer, TokenKind};

/// Brackets open at once; more are refused.
pub(crate) const MAX_BRACKETS: usize = 512;
/// Tokens that one expression could nest without a bracket (`!!!x`, `a.b().c()`, `a + b + c`), summed over the open brackets.
pub(crate) const MAX_CHAIN: usize = 10_000;
/// Bytes of a file.
pub(crate) const MAX_BYTES: usize = 4 << 20;

/// Why a text is not handed to the parser, or nothing.
pub(crate) fn too_deep(text: &str) -> Option<String> {
    if text.len() > MAX_BYTES {
        return Some(format!("{} MiB, more than the {} MiB that are read", text.len() >> 20, MAX_BYTES >> 20));
    }
    let mut open = vec![Level::default()];
    let mut outer = 0;
    let mut after_block = false;
    for token in Lexer::new(text) {
        let word = token.span.of(text);
        if std::mem::take(&mut after_block) && !matches!(word, "else" | "." | "?" | "as" | "+" | "-" | "*" | "/" | "|" | "&" | "=" | "<") {
            reset(&mut open);
        }
        match token.kind {
            TokenKind::Open(_) => {
                outer += open.last().map_or(0, Level::weight);
                open.push(Level::default());
            }
            TokenKind::Close(close) => {
                if open.len() > 1 {
                    open.pop();
                    outer -= open.last().map_or(0, Level::weight);
                }
                open.iter_mut().next_back().into_iter().for_each(|level| level.value = true);
                after_block = close == b'}';
            }
            TokenKind::Comment => {}
            _ => {
                if let Some(level) = open.last_mut() {
                    level.add(word);
                }
            }
        }
        if open.len() > MAX_BRACKETS + 1 {
            return Some(format!("nested deeper than {MAX_BRACKETS} brackets"));
        }
        if outer + open.last().map_or(0, Level::weight) > MAX_CHAIN {
            return Some(format!("an expression of more than {MAX_CHAIN} tokens without a comma or semicolon"));
        }
    }
    None
}

fn reset(open: &mut [Level]) {
    if let Some(level) = open.last_mut() {
        *level = Level::default();
    }
}

/// What could nest inside one pair of brackets.
#[derive(Default)]
struct Level {
    tokens: usize,
    /// `<` and the `|` of closures may nest across commas: `A<b, A<b, …`, `|a, b| |c, d| …`.
    lasting: usize,
    /// The last token was `-` or `=`, so a `>` belongs to an arrow.
    arrow: bool,
    /// The last token was a value, so a `|` is an operator.
    value: bool,
}

impl Level {
    fn weight(&self) -> usize {
        self.tokens + self.lasting
    }

    fn add(&mut self, word: &str) {
        let arrow = std::mem::replace(&mut self.arrow, matches!(word, "-" | "="));
        let value = std::mem::replace(&mut self.value, !word.starts_with(|c: char| c.is_ascii_punctuation() && c != '_' && c != '"'));
        match word {
            ";" => *self = Level::default(),
            "," => self.tokens = 0,
            "<" => self.lasting += 1,
            "|" if !value => self.lasting += 1,
            ">" if !arrow => self.lasting = self.lasting.saturating_sub(1),
            _ => self.tokens += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, deep: bool) {
        assert_eq!(too_deep(text).is_some(), deep, "{:.60}", text);
    }

    #[test]
    fn ordinary_files_pass() {
        check("fn main() { let x = [1, 2, 3]; if x.len() < 3 { f(x) } else { g() } }", false);
        check(&"fn a() { b(c, d); }\n".repeat(50_000), false);
        check(&format!("const T: &[u8] = &[{}];", "1 | 2, 3 < 4,".repeat(5_000)), false);
        check(&"#[a] pub struct B { c: D<E>, }\n".repeat(20_000), false);
    }

    #[test]
    fn what_would_exhaust_the_stack_is_refused() {
        check(&"(".repeat(513), true);
        check(&"(".repeat(512), false);
        check(&format!("fn f() {{ {}x }}", "!".repeat(30_000)), true);
        check(&format!("type T = {}", "A<B, ".repeat(30_000)), true);
        check(&format!("fn f() {{ {} }}", "if a {} else ".repeat(30_000)), true);
        check(&format!("type T = {}", "A<B, fn() -> ".repeat(30_000)), true);
        check(&format!("fn f() {{ {}0 }}", "|a, b| ".repeat(30_000)), true);
        check(&format!("fn f() {{ x{} }}", ".a()".repeat(30_000)), true);
    }
}
