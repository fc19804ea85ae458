use quadruplex_markup::{Marked, Style};

use crate::html::shown;

fn check(markdown: &str, text: &str, expected: &[(&str, Style)]) {
    let marked = Marked::from_markdown(markdown).unwrap_or_else(|error| panic!("{markdown}: {error}"));
    assert_eq!(marked.text, text, "{markdown}");
    let expected: Vec<_> = expected.iter().map(|(part, style)| ((*part).to_owned(), style.clone())).collect();
    assert_eq!(shown(&marked), expected, "{markdown}");
    let again = marked.to_markdown();
    assert_eq!(Marked::from_markdown(&again), Ok(marked), "{again}");
}

fn refused(markdown: &str, message: &str) {
    assert_eq!(Marked::from_markdown(markdown).unwrap_err().to_string(), message, "{markdown}");
}

fn link(url: &str) -> Style {
    Style::Link { url: url.to_owned() }
}

fn pre(language: &str) -> Style {
    Style::Pre { language: language.to_owned() }
}

fn quote(collapsed: bool) -> Style {
    Style::Quote { collapsed }
}

#[test]
fn every_mark() {
    use Style::{Bold, Code, Italic, Spoiler, Strike, Underline};
    check("*a* _b_ __c__ ~d~ ||e||", "a b c d e", &[("a", Bold), ("b", Italic), ("c", Underline), ("d", Strike), ("e", Spoiler)]);
    check("[a](https://a.org/\\)\\\\)", "a", &[("a", link("https://a.org/)\\"))]);
    check("[a\\.org]", "a.org", &[("a.org", link("a.org"))]);
    check("[a]()", "a", &[]);
    check("`a*b\\``", "a*b`", &[("a*b`", Code)]);
    check("```\na\n```", "a\n", &[("a\n", pre(""))]);
    check("```rust\na```", "a", &[("a", pre("rust"))]);
    check("```a b```", "a b", &[("a b", pre(""))]);
    check("```a```", "a", &[("a", pre(""))]);
    check("![👍](tg://emoji?id=5)", "👍", &[("👍", Style::Emoji { id: "5".into() })]);
    let time = |format: &str| Style::Time { unix: "9".into(), format: format.into() };
    check("![then](tg://time?unix=9&format=r) ![a](tg://time?unix=9)", "then a", &[("then", time("r")), ("a", time(""))]);
}

#[test]
fn quotes() {
    check(">a\n>b\nc", "a\nb\nc", &[("a\nb", quote(false))]);
    check("a\n>b||", "a\nb", &[("b", quote(true))]);
    check(">a\n**>b||\nc", "a\nb\nc", &[("a", quote(false)), ("b", quote(true))]);
    check(">||a||\nb", "a\nb", &[("a", quote(false)), ("a", Style::Spoiler)]);
    check(">||a||||\nb", "a\nb", &[("a", quote(true)), ("a", Style::Spoiler)]);
    check(">*a\n>b*", "a\nb", &[("a\nb", quote(false)), ("a\nb", Style::Bold)]);
    check(">```\na\nb```\n>c", "a\nb\nc", &[("a\nb\nc", quote(false)), ("a\nb", pre(""))]);
    check("*a*\n>b", "a\nb", &[("a", Style::Bold), ("b", quote(false))]);
}

#[test]
fn underscores() {
    use Style::{Italic, Underline};
    check("__a _b_**__", "a b", &[("a b", Underline), ("b", Italic)]);
    check("___a_ b__", "a b", &[("a b", Underline), ("a", Italic)]);
    check("_\\_a_", "_a", &[("_a", Italic)]);
}

#[test]
fn what_overlaps_is_written_in_pieces() {
    let marked = Marked::from_html("<b>a<i>b</i></b><i>c</i><tg-spoiler><a href=\"x\">d</a></tg-spoiler>").unwrap();
    assert_eq!(marked.to_markdown(), "*a_b_*_c_[||d||](x)");
    assert_eq!(marked.to_html(), "<b>a<i>b</i></b><i>c</i><a href=\"x\"><tg-spoiler>d</tg-spoiler></a>");
    let marked = Marked::from_html("a\nb<blockquote>c</blockquote>d").unwrap();
    assert_eq!(marked.to_markdown(), "a\n>bcd");
}

#[test]
fn faults_and_their_places() {
    refused("a.b", "'.' means something here; as a character it is written \\. (line 1, column 2)");
    refused("a > b", "'>' means something here; as a character it is written \\> (line 1, column 3)");
    refused("a | b", "'|' means something here; as a character it is written \\| (line 1, column 3)");
    refused("é\n*a", "'*' is never closed (line 2, column 1)");
    refused("*a _b* c_", "'_' is never closed (line 1, column 9)");
    refused(">*a\nb*", "'*' is never closed (line 1, column 2)");
    refused("`a", "'`' is never closed (line 1, column 1)");
    refused("```a`b```", "'`' means something here; as a character it is written \\` (line 1, column 5)");
    refused("[a](b", "the address of a link has no ')' (line 1, column 4)");
    refused("![a]", "a picture needs an address: ![👍](tg://emoji?id=…) or ![…](tg://time?unix=…) (line 1, column 1)");
    refused("![a](b.png)", "\"b.png\" is no picture: tg://emoji?id=… or tg://time?unix=…&format=… (line 1, column 6)");
    refused("a]", "']' means something here; as a character it is written \\] (line 1, column 2)");
}
