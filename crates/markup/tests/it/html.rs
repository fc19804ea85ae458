use quadruplex_markup::{Marked, Style};

/// Every span as the part of the text that it covers, and what it says.
pub(crate) fn shown(marked: &Marked) -> Vec<(String, Style)> {
    let units: Vec<u16> = marked.text.encode_utf16().collect();
    let part = |offset: usize, end: usize| String::from_utf16(&units[offset..end]).expect("a span cuts no character");
    marked.spans.iter().map(|span| (part(span.offset, span.end()), span.style.clone())).collect()
}

fn check(html: &str, text: &str, expected: &[(&str, Style)]) {
    let marked = Marked::from_html(html).unwrap_or_else(|error| panic!("{html}: {error}"));
    assert_eq!(marked.text, text, "{html}");
    let expected: Vec<_> = expected.iter().map(|(part, style)| ((*part).to_owned(), style.clone())).collect();
    assert_eq!(shown(&marked), expected, "{html}");
    assert_eq!(Marked::from_html(&marked.to_html()), Ok(marked));
}

fn refused(html: &str, message: &str) {
    assert_eq!(Marked::from_html(html).unwrap_err().to_string(), message, "{html}");
}

fn link(url: &str) -> Style {
    Style::Link { url: url.to_owned() }
}

fn pre(language: &str) -> Style {
    Style::Pre { language: language.to_owned() }
}

#[test]
fn every_tag() {
    use Style::{Bold, Code, Italic, Quote, Spoiler, Strike, Underline};
    check("<b>a</b><strong>b</strong>", "ab", &[("ab", Bold)]);
    check("<i>a</i> <em>b</em>", "a b", &[("a", Italic), ("b", Italic)]);
    check("<u>a</u> <ins>b</ins>", "a b", &[("a", Underline), ("b", Underline)]);
    check("<s>a</s> <strike>b</strike> <del>c</del>", "a b c", &[("a", Strike), ("b", Strike), ("c", Strike)]);
    check("<tg-spoiler>a</tg-spoiler> <span class=\"tg-spoiler\">b</span>", "a b", &[("a", Spoiler), ("b", Spoiler)]);
    check("<a href='https://a.org/?x=1&amp;y=\"2'>a</a>", "a", &[("a", link("https://a.org/?x=1&y=\"2"))]);
    check("<a>https://a.org</a>", "https://a.org", &[("https://a.org", link("https://a.org"))]);
    check("<a href=\"tg://user?id=7\">Lena</a>", "Lena", &[("Lena", link("tg://user?id=7"))]);
    check("<code>a</code>", "a", &[("a", Code)]);
    check("<code class=\"language-rust\">a</code>", "a", &[("a", Code)]);
    check("<pre>a</pre>", "a", &[("a", pre(""))]);
    check("<pre><code class=\"language-rust\">a</code></pre>", "a", &[("a", pre("rust"))]);
    check("<pre><code class=\"language-rust\">a</code>b</pre>", "ab", &[("ab", pre(""))]);
    check("<blockquote>a\nb</blockquote>", "a\nb", &[("a\nb", Quote { collapsed: false })]);
    check("<blockquote expandable>a</blockquote>", "a", &[("a", Quote { collapsed: true })]);
    check("<tg-emoji emoji-id=\"5\">👍</tg-emoji>", "👍", &[("👍", Style::Emoji { id: "5".into() })]);
    let time = Style::Time { unix: "1647531900".into(), format: "wDT".into() };
    check("<tg-time unix=\"1647531900\" format=\"wDT\">then</tg-time>", "then", &[("then", time)]);
}

#[test]
fn characters() {
    check("&lt;b&gt; &amp;amp; &quot;&#39;&#x1F44D;", "<b> &amp; \"'👍", &[]);
    check("&lt &copy; & &; &#0; &#xD800; &#99999999999;", "< &copy; & &; &#0; &#xD800; &#99999999999;", &[]);
    check("a > b", "a > b", &[]);
    check("<B >a</b\n>", "a", &[("a", Style::Bold)]);
    check("👍<b>👍</b>é", "👍👍é", &[("👍", Style::Bold)]);
    check("<b></b><i>a</>", "a", &[("a", Style::Italic)]);
}

#[test]
fn nesting() {
    use Style::{Bold, Code, Italic};
    check("<b>a<i>b</i>c</b>", "abc", &[("abc", Bold), ("b", Italic)]);
    check("<b>a<code>b</code>c</b>", "abc", &[("a", Bold), ("b", Code), ("c", Bold)]);
    check("<a href=\"x.org\">a<b>b</b></a>", "ab", &[("ab", link("x.org")), ("b", Bold)]);
    check("<a href=\"x.org\">a<code>b</code></a>", "ab", &[("ab", link("x.org"))]);
    check("<blockquote>a<blockquote>b</blockquote></blockquote>", "ab", &[("ab", Style::Quote { collapsed: false })]);
}

#[test]
fn faults_and_their_places() {
    refused("a < b", "'<' begins a tag; as a character it is written &lt; (line 1, column 3)");
    refused("a <b", "the tag <b has no '>' (line 1, column 3)");
    refused("é\n<b>a", "<b> is never closed (line 2, column 1)");
    refused("<b><i>a</b>", "</i> is expected here, not </b> (line 1, column 8)");
    refused("a</b>", "</b> ends nothing (line 1, column 2)");
    refused("<p>", "Telegram knows no tag <p> (line 1, column 1)");
    refused("<span>", "<span> means something only as <span class=\"tg-spoiler\"> (line 1, column 1)");
    refused("<a =x>", "an attribute of <a> has no name (line 1, column 4)");
    refused("<a href=x/y>", "a value of other characters than letters, digits, '.' and '-' is written in quotes (line 1, column 9)");
    refused("<a href=\"x>", "the tag <a has no '>' (line 1, column 1)");
    refused("<tg-emoji>a</tg-emoji>", "<tg-emoji> needs emoji-id (line 1, column 1)");
    refused("<tg-emoji emoji-id=x>a</tg-emoji>", "emoji-id of <tg-emoji> is a number, not \"x\" (line 1, column 1)");
    refused(
        "<tg-time unix=1 format=x>a</tg-time>",
        "\"x\" is no format of a time: 'r', or some of 'w', 'd' or 'D', 't' or 'T' (line 1, column 1)",
    );
}
