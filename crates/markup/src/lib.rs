//! Telegram's HTML and Markdown: from markup to text and places, and back.
//!
//! Both dialects are those of the [Bot API](https://core.telegram.org/bots/api#formatting-options): whatever it takes is taken here and
//! means the same. The crate knows nothing of the API, so that the macros of `quadruplex` can check markup when a program is compiled.
//!
//! ```
//! use quadruplex_markup::{Marked, Style};
//!
//! let marked = Marked::from_html("👍 <b>good</b>")?;
//! assert_eq!(marked.text, "👍 good");
//! assert_eq!((marked.spans[0].offset, marked.spans[0].length), (3, 4)); // in UTF-16 code units
//! assert_eq!(marked.spans[0].style, Style::Bold);
//! assert_eq!(marked.to_markdown(), "👍 *good*");
//! # Ok::<(), quadruplex_markup::MarkupError>(())
//! ```

mod error;
pub mod fuzzing;
mod html;
mod insert;
mod markdown;
mod normal;
mod output;
mod placeholder;
mod write;

pub use error::MarkupError;
pub use insert::{Insertion, Insertions};
pub use placeholder::{MAX_PLACEHOLDERS, placeholder, placeholder_of};

/// A text, and what is said of its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// The text without markup.
    pub text: String,
    /// What is said of it, in the order of the text, what is outside before what is inside.
    pub spans: Vec<Span>,
}

/// Something said of a part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it begins, in UTF-16 code units.
    pub offset: usize,
    /// How long it is, in UTF-16 code units.
    pub length: usize,
    /// What is said.
    pub style: Style,
}

/// What can be said of a part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Style {
    /// `<b>`, `*`
    Bold,
    /// `<i>`, `_`
    Italic,
    /// `<u>`, `__`
    Underline,
    /// `<s>`, `~`
    Strike,
    /// `<tg-spoiler>`, `||`: hidden until it is tapped.
    Spoiler,
    /// `<blockquote>`, `>`
    Quote {
        /// Shown folded.
        collapsed: bool,
    },
    /// `<code>`, `` ` ``
    Code,
    /// `<pre>`, ` ``` `: a block of code.
    Pre {
        /// The programming language, or empty.
        language: String,
    },
    /// `<a href="…">`, `[…](…)`: a link, or a mention if it is `tg://user?id=…`.
    Link {
        /// Where it leads.
        url: String,
    },
    /// `<tg-emoji emoji-id="…">`, `![…](tg://emoji?id=…)`: another picture instead of an emoji.
    Emoji {
        /// Of the document with the picture: a number.
        id: String,
    },
    /// `<tg-time unix="…" format="…">`, `![…](tg://time?unix=…&format=…)`: a time, shown in the zone of the reader.
    Time {
        /// In Unix time: a number.
        unix: String,
        /// How it is shown: `r`, or some of `w`, `d` or `D`, `t` or `T`; or empty.
        format: String,
    },
}

impl Marked {
    /// Reads HTML as the Bot API does.
    ///
    /// ```
    /// use quadruplex_markup::Marked;
    ///
    /// assert_eq!(Marked::from_html("1 &lt; <i>2</i>").unwrap().text, "1 < 2");
    /// let error = Marked::from_html("one\n<b>two").unwrap_err();
    /// assert_eq!(error.to_string(), "<b> is never closed (line 2, column 1)");
    /// ```
    ///
    /// # Errors
    /// The place and the fault, where the Bot API would refuse it.
    pub fn from_html(html: &str) -> Result<Self, MarkupError> {
        html::parse(html, false)
    }

    /// Reads HTML of whatever origin: what is not understood is left out or stays text.
    ///
    /// Unknown tags vanish and their content stays, `<br>` is a new line, what is never closed ends with the text, an end tag without
    /// its start vanishes, and a `<` that begins no tag is a `<`.
    ///
    /// ```
    /// use quadruplex_markup::Marked;
    ///
    /// let marked = Marked::from_html_lenient("<p>1 < 2, <b>of course<br></p>");
    /// assert_eq!(marked.to_html(), "1 &lt; 2, <b>of course\n</b>");
    /// ```
    pub fn from_html_lenient(html: &str) -> Self {
        html::parse(html, true).unwrap_or_else(|_| Self::plain(html))
    }

    /// Reads Markdown as the Bot API does (`MarkdownV2`).
    ///
    /// ```
    /// use quadruplex_markup::Marked;
    ///
    /// assert_eq!(Marked::from_markdown("*2* \\* _2_").unwrap().text, "2 * 2");
    /// let error = Marked::from_markdown("wow!").unwrap_err();
    /// assert_eq!(error.to_string(), "'!' means something here; as a character it is written \\! (line 1, column 4)");
    /// ```
    ///
    /// # Errors
    /// The place and the fault, where the Bot API would refuse it.
    pub fn from_markdown(markdown: &str) -> Result<Self, MarkupError> {
        markdown::parse(markdown, false)
    }

    /// Reads Markdown of whatever origin: a character that means nothing where it stands is that character, and so is a mark without
    /// its other half.
    ///
    /// ```
    /// use quadruplex_markup::Marked;
    ///
    /// assert_eq!(Marked::from_markdown_lenient("2 * 2 = _four_!").to_html(), "2 * 2 = <i>four</i>!");
    /// ```
    pub fn from_markdown_lenient(markdown: &str) -> Self {
        markdown::parse(markdown, true).unwrap_or_else(|_| Self::plain(markdown))
    }

    /// As HTML, which [`from_html`](Self::from_html) reads back as the [normal](Self::normal) form.
    pub fn to_html(&self) -> String {
        html::write(self)
    }

    /// As Markdown, which [`from_markdown`](Self::from_markdown) reads back as the [normal](Self::normal) form, but for what cannot be
    /// written: quotes cover whole lines, and a language with spaces or backticks is left out.
    pub fn to_markdown(&self) -> String {
        markdown::write(self)
    }

    /// The same as Telegram would keep it: inside the text, at borders of characters, sorted; touching parts of one style are one, code
    /// contains nothing else, quotes are not nested, and of links, code and emoji that overlap the first stays.
    ///
    /// ```
    /// use quadruplex_markup::{Marked, Span, Style};
    ///
    /// let bold = |offset, length| Span { offset, length, style: Style::Bold };
    /// let marked = Marked { text: "abcdef".to_owned(), spans: vec![bold(2, 9), bold(0, 2)] };
    /// assert_eq!(marked.normal().spans, [bold(0, 6)]);
    /// ```
    #[must_use]
    pub fn normal(self) -> Self {
        let spans = normal::spans(&self.text, self.spans);
        Self { text: self.text, spans }
    }

    fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), spans: Vec::new() }
    }
}

impl Span {
    /// Where it ends, in UTF-16 code units.
    pub fn end(&self) -> usize {
        self.offset.saturating_add(self.length)
    }
}

impl Style {
    /// Whether it may begin and end anywhere, within and across others.
    fn is_toggle(&self) -> bool {
        matches!(self, Self::Bold | Self::Italic | Self::Underline | Self::Strike | Self::Spoiler)
    }

    fn is_quote(&self) -> bool {
        matches!(self, Self::Quote { .. })
    }

    fn is_code(&self) -> bool {
        matches!(self, Self::Code | Self::Pre { .. })
    }

    /// Of two that say something of the same part the lower is outside.
    fn rank(&self) -> u8 {
        match self {
            Self::Quote { .. } => 0,
            Self::Pre { .. } => 1,
            Self::Code => 2,
            Self::Link { .. } => 3,
            Self::Bold => 4,
            Self::Italic => 5,
            Self::Underline => 6,
            Self::Strike => 7,
            Self::Spoiler => 8,
            Self::Time { .. } => 9,
            Self::Emoji { .. } => 10,
        }
    }
}

/// How many UTF-16 code units a text has.
pub fn units(text: &str) -> usize {
    // Every character is a byte that continues nothing; those of four bytes are two units.
    text.bytes().map(|byte| usize::from(byte & 0xc0 != 0x80) + usize::from(byte >= 0xf0)).sum()
}
