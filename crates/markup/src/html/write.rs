use crate::write::{self, Marks};
use crate::{Marked, Style};

pub(crate) fn write(marked: &Marked) -> String {
    let marked = marked.clone().normal();
    let mut html = Html(String::with_capacity(marked.text.len() + 16 * marked.spans.len()));
    write::write(&marked, &mut html);
    html.0
}

struct Html(String);

impl Marks for Html {
    fn open(&mut self, style: &Style) {
        let (start, value, end) = match style {
            Style::Bold => ("<b>", "", ""),
            Style::Italic => ("<i>", "", ""),
            Style::Underline => ("<u>", "", ""),
            Style::Strike => ("<s>", "", ""),
            Style::Spoiler => ("<tg-spoiler>", "", ""),
            Style::Quote { collapsed: false } => ("<blockquote>", "", ""),
            Style::Quote { collapsed: true } => ("<blockquote expandable>", "", ""),
            Style::Code => ("<code>", "", ""),
            Style::Pre { language } if language.is_empty() => ("<pre>", "", ""),
            Style::Pre { language } => ("<pre><code class=\"language-", language.as_str(), "\">"),
            Style::Link { url } => ("<a href=\"", url.as_str(), "\">"),
            Style::Emoji { id } => ("<tg-emoji emoji-id=\"", id.as_str(), "\">"),
            Style::Time { unix, format } => {
                self.0.push_str("<tg-time unix=\"");
                self.escaped(unix);
                ("\" format=\"", format.as_str(), "\">")
            }
        };
        self.0.push_str(start);
        self.escaped(value);
        self.0.push_str(end);
    }

    fn close(&mut self, style: &Style) {
        self.0.push_str(match style {
            Style::Bold => "</b>",
            Style::Italic => "</i>",
            Style::Underline => "</u>",
            Style::Strike => "</s>",
            Style::Spoiler => "</tg-spoiler>",
            Style::Quote { .. } => "</blockquote>",
            Style::Code => "</code>",
            Style::Pre { language } if language.is_empty() => "</pre>",
            Style::Pre { .. } => "</code></pre>",
            Style::Link { .. } => "</a>",
            Style::Emoji { .. } => "</tg-emoji>",
            Style::Time { .. } => "</tg-time>",
        });
    }

    fn char(&mut self, char: char) {
        match char {
            '<' => self.0.push_str("&lt;"),
            '>' => self.0.push_str("&gt;"),
            '&' => self.0.push_str("&amp;"),
            '"' => self.0.push_str("&quot;"),
            _ => self.0.push(char),
        }
    }
}

impl Html {
    fn escaped(&mut self, text: &str) {
        text.chars().for_each(|char| self.char(char));
    }
}
