use proptest::prelude::*;
use quadruplex_markup::{Marked, Span, Style, fuzzing};

fn style() -> impl Strategy<Value = Style> {
    prop_oneof![
        Just(Style::Bold),
        Just(Style::Italic),
        Just(Style::Underline),
        Just(Style::Strike),
        Just(Style::Spoiler),
        Just(Style::Code),
        "[a-z+]{0,3}".prop_map(|language| Style::Pre { language }),
        "[a-z:/.?&=\"<>()\\\\]{1,6}".prop_map(|url| Style::Link { url }),
        any::<bool>().prop_map(|collapsed| Style::Quote { collapsed }),
        any::<i64>().prop_map(|id| Style::Emoji { id: id.to_string() }),
        (any::<i32>(), "w?[dD]?[tT]?").prop_map(|(unix, format)| Style::Time { unix: unix.to_string(), format }),
    ]
}

fn marked() -> impl Strategy<Value = Marked> {
    let span = (0..24_usize, 0..12_usize, style()).prop_map(|(offset, length, style)| Span { offset, length, style });
    let text = "[a-c👍é <>&;\"'_*~|`!.\\\\\n\\[\\](){}#-]{0,20}";
    (text, prop::collection::vec(span, 0..6)).prop_map(|(text, spans)| Marked { text, spans })
}

/// Pieces of markup, which make trouble far oftener than any bytes do.
fn source() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-c👍é \n]{0,3}",
        prop::sample::select(vec![
            "<b>",
            "</b>",
            "<i>",
            "</i>",
            "</>",
            "<a href=\"x\">",
            "</a>",
            "<pre>",
            "</pre>",
            "<code class=\"language-c\">",
            "</code>",
            "<blockquote expandable>",
            "</blockquote>",
            "<tg-emoji emoji-id=\"5\">",
            "</tg-emoji>",
            "&lt;",
            "&",
            "<",
            ">",
        ])
        .prop_map(str::to_owned),
        prop::sample::select(vec![
            "*",
            "_",
            "__",
            "~",
            "||",
            "|",
            "`",
            "```",
            "```c\n",
            "[",
            "](x)",
            "](",
            "![",
            "](tg://emoji?id=5)",
            ")",
            "\\",
            "\n>",
            "**>",
            ">",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Whether Markdown can say it: quotes cover whole lines, do not end with an empty one, and nothing is said of the newlines around.
fn quotes_lines(marked: &Marked) -> bool {
    let units: Vec<u16> = marked.text.encode_utf16().collect();
    let newline = u16::from(b'\n');
    let border = |at: Option<usize>| at.and_then(|at| units.get(at)).is_none_or(|unit| *unit == newline);
    let said = |at: usize| marked.spans.iter().any(|span| span.offset <= at && at < span.end());
    marked.spans.iter().filter(|span| matches!(span.style, Style::Quote { .. })).all(|span| {
        let begins = border(span.offset.checked_sub(1));
        let free = span.offset.checked_sub(1).is_none_or(|before| !said(before));
        begins && border(Some(span.end())) && units[span.end() - 1] != newline && free && !said(span.end())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn html_is_read_back_as_it_was_written(marked in marked()) {
        let normal = marked.clone().normal();
        prop_assert_eq!(&normal.clone().normal(), &normal, "normal is not normal");
        prop_assert_eq!(Marked::from_html(&marked.to_html()), Ok(normal), "{}", marked.to_html());
    }

    #[test]
    fn markdown_is_read_back_as_it_was_written(marked in marked()) {
        let normal = marked.normal();
        let markdown = normal.to_markdown();
        let again = Marked::from_markdown(&markdown);
        prop_assert_eq!(again.as_ref().map(|again| &again.text), Ok(&normal.text), "{}", markdown);
        if quotes_lines(&normal) {
            prop_assert_eq!(again, Ok(normal), "{}", markdown);
        }
    }

    #[test]
    fn whatever_is_read_can_be_written(source in source()) {
        fuzzing::markup(source.as_bytes());
    }
}
