//! A tolerant lexer: the tokens and comments of a file with their byte ranges, for what must be known before, or without, parsing.
//!
//! It accepts every text. On Rust it agrees with rustc about where strings, comments and brackets are; on anything else it yields something
//! and ends.

use super::Span;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TokenKind {
    Ident,
    Lifetime,
    Literal,
    Open(u8),
    Close(u8),
    Punct(u8),
    Comment,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

pub(crate) struct Lexer<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Lexer { text, bytes: text.as_bytes(), at: 0 }
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn scan(&mut self) -> TokenKind {
        let first = self.peek(0);
        match first {
            b'/' if self.peek(1) == b'/' => {
                self.at = find(self.bytes, self.at, b'\n');
                TokenKind::Comment
            }
            b'/' if self.peek(1) == b'*' => {
                self.block_comment();
                TokenKind::Comment
            }
            b'"' => self.quoted(1),
            b'\'' => self.quote(),
            b'r' | b'b' | b'c' if self.prefixed_literal() => TokenKind::Literal,
            b'0'..=b'9' => self.number(),
            b'(' | b'[' | b'{' => self.single(TokenKind::Open(first)),
            b')' | b']' | b'}' => self.single(TokenKind::Close(first)),
            _ if is_ident_start(first) => {
                self.ident();
                TokenKind::Ident
            }
            _ => self.single(TokenKind::Punct(first)),
        }
    }

    fn single(&mut self, kind: TokenKind) -> TokenKind {
        self.at += 1;
        kind
    }

    fn ident(&mut self) {
        while self.at < self.bytes.len() && is_ident_continue(self.bytes[self.at]) {
            self.at += 1;
        }
    }

    fn number(&mut self) -> TokenKind {
        self.ident();
        if self.peek(0) == b'.' && self.peek(1).is_ascii_digit() {
            self.at += 1;
            self.ident();
        }
        TokenKind::Literal
    }

    fn block_comment(&mut self) {
        let mut depth = 0usize;
        while self.at < self.bytes.len() {
            match (self.peek(0), self.peek(1)) {
                (b'/', b'*') => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += 1,
            }
        }
    }

    /// A string whose opening quote ends `prefix` bytes from here.
    fn quoted(&mut self, prefix: usize) -> TokenKind {
        self.at += prefix;
        while self.at < self.bytes.len() {
            match self.peek(0) {
                b'\\' => self.at += 2,
                b'"' => {
                    self.at += 1;
                    break;
                }
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.bytes.len());
        TokenKind::Literal
    }

    /// A character or a lifetime: the next byte is `'`.
    fn quote(&mut self) -> TokenKind {
        let rest = &self.text[self.at + 1..];
        let mut chars = rest.chars();
        match chars.next() {
            Some('\\') => {
                self.at += 3;
                self.at = (find(self.bytes, self.at, b'\'') + 1).min(self.bytes.len());
                TokenKind::Literal
            }
            Some(c) if chars.next() == Some('\'') => {
                self.at += 2 + c.len_utf8();
                TokenKind::Literal
            }
            Some(c) if c == '_' || c.is_alphabetic() => {
                self.at += 1;
                self.ident();
                TokenKind::Lifetime
            }
            _ => self.single(TokenKind::Punct(b'\'')),
        }
    }

    /// `r"…"`, `r#"…"#`, `b"…"`, `br"…"`, `c"…"`, `b'x'`, `r#ident`; false when an ordinary identifier starts here.
    fn prefixed_literal(&mut self) -> bool {
        let mut prefix = 1;
        let raw = match (self.peek(0), self.peek(1)) {
            (b'b', b'\'') => {
                self.at += 1;
                self.quote();
                return true;
            }
            (b'b' | b'c', b'"') => {
                self.quoted(2);
                return true;
            }
            (b'b' | b'c', b'r') => {
                prefix = 2;
                true
            }
            (b'r', _) => true,
            _ => false,
        };
        let mut hashes = 0;
        while self.peek(prefix + hashes) == b'#' {
            hashes += 1;
        }
        if !raw || self.peek(prefix + hashes) != b'"' {
            return false;
        }
        self.at += prefix + hashes + 1;
        loop {
            self.at = find(self.bytes, self.at, b'"');
            if self.at >= self.bytes.len() {
                return true;
            }
            self.at += 1;
            if (0..hashes).all(|i| self.peek(i) == b'#') {
                self.at += hashes;
                return true;
            }
        }
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        while self.at < self.bytes.len() && self.bytes[self.at].is_ascii_whitespace() {
            self.at += 1;
        }
        if self.at >= self.bytes.len() {
            return None;
        }
        let lo = self.at;
        let kind = self.scan();
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
        Some(Token { kind, span: Span::new(lo, self.at) })
    }
}

fn is_ident_start(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphabetic() || byte >= 0x80
}

fn is_ident_continue(byte: u8) -> bool {
    is_ident_start(byte) || byte.is_ascii_digit()
}

/// The position of `wanted` from `at` on, or the end.
fn find(bytes: &[u8], at: usize, wanted: u8) -> usize {
    let at = at.min(bytes.len());
    bytes[at..].iter().position(|&b| b == wanted).map_or(bytes.len(), |i| at + i)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &[&str]) {
        let found: Vec<&str> = Lexer::new(text).map(|t| t.span.of(text)).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn strings_hide_brackets_and_comments() {
        check(r#"a("}//", '{', b'"')"#, &["a", "(", "\"}//\"", ",", "'{'", ",", "b'\"'", ")"]);
        check(r###"r#"a"b{"# x"###, &["r#\"a\"b{\"#", "x"]);
        check(r"'\'' 'a 'b'", &[r"'\''", "'a", "'b'"]);
    }

    #[test]
    fn comments_nest_and_numbers_stay_whole() {
        check("/* /* { */ */ 1.5e3 0..2 // }", &["/* /* { */ */", "1.5e3", "0", ".", ".", "2", "// }"]);
    }

    #[test]
    fn any_text_ends() {
        for text in ["\"", "'", "r#\"", "/*", "b'", "\u{a0}\u{2028}é", "'é", "'\\", "c\"\\", "*/"] {
            assert!(Lexer::new(text).all(|t| t.span.lo <= t.span.hi));
        }
    }
}
