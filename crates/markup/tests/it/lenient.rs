//! What becomes of markup that Telegram would refuse.

use quadruplex_markup::Marked;

#[test]
fn html() {
    let check = |source: &str, expected: &str| assert_eq!(Marked::from_html_lenient(source).to_html(), expected, "{source}");
    check("<p>a<br>b<br/>c</p>", "a\nb\nc");
    check("1 < 2 <3 <", "1 &lt; 2 &lt;3 &lt;");
    check("<b>a", "<b>a</b>");
    check("<b>a<i>b</b>c</i>", "<b>a<i>b</i></b>c");
    check("a</b>b", "ab");
    check("<a href=\"x", "&lt;a href=&quot;x");
    check("<b>good</b> <tg-emoji>a</tg-emoji>", "<b>good</b> a");
}

#[test]
fn markdown() {
    let check = |source: &str, expected: &str| assert_eq!(Marked::from_markdown_lenient(source).to_html(), expected, "{source}");
    check("1. a + b = c!", "1. a + b = c!");
    check("2 * 3", "2 * 3");
    check("*a _b* c_", "<b>a <i>b</i></b><i> c</i>");
    check("see [1] and [a](b", "see [1] and [a](b");
    check("[a [b](c)", "[a <a href=\"c\">b</a>");
    check("it`s", "it`s");
    check("```rust\nfn", "```rust\nfn");
    check("![a](b.png)", "<a href=\"b.png\">a</a>");
    check("a_b", "a_b");
    check("_a_ __ [*b*", "<i>a</i> __ [<b>b</b>");
    check(">*a\nb", "<blockquote>*a</blockquote>\nb");
    check("||a", "||a");
}

#[test]
fn what_is_hopeless_takes_no_longer_than_what_is_long() {
    // Looking again from every mark would be ten thousand million steps.
    let parsed = |parse: &dyn Fn(&str) -> Marked, piece: &str| {
        let text = parse(&piece.repeat(50_000)).text;
        assert!(text.len() <= 50_000 * piece.len(), "{piece}");
    };
    for piece in ["<a b='", "<a", "</b><i>", "<b>a", "&", "&#"] {
        parsed(&Marked::from_html_lenient, piece);
    }
    for piece in ["*a_", "[", "[a](\\)", "![", "`a``", "a```", ">a||\n", "||", "[]("] {
        parsed(&Marked::from_markdown_lenient, piece);
    }
}
