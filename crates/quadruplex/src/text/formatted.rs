use std::fmt;
use std::ops::AddAssign;

use quadruplex_api::enums;
use quadruplex_markup::{Marked, MarkupError, units};

use super::entities::{of_span, range, set_range, to_span};

/// Telegram takes texts of so many UTF-16 code units, unless its configuration says otherwise.
pub const MESSAGE_LENGTH: usize = 4096;

/// Telegram takes captions of so many UTF-16 code units from accounts without Premium.
pub const CAPTION_LENGTH: usize = 1024;

/// Text with its formatting: where it is bold, what is a link. Plain text becomes one by itself, and is never read as markup.
///
/// [`html!`](crate::html) and [`md!`](crate::md) make one of a template that is checked when the program is compiled:
///
/// ```
/// use quadruplex::{FormattedText, html};
/// use quadruplex::api::types;
///
/// let name = "<b>";
/// let text = html!("hello <i>{name}</i>");
/// assert_eq!(text.text, "hello <b>");
/// assert_eq!(text, FormattedText::from("hello <b>").with(types::MessageEntityItalic::new(6, 3)));
/// assert_eq!(text.to_html(), "hello <i>&lt;b&gt;</i>");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FormattedText {
    /// The text.
    pub text: String,
    /// What parts of it mean; places are counted in UTF-16 code units.
    pub entities: Vec<enums::MessageEntity>,
}

impl FormattedText {
    /// Adds an entity.
    #[must_use]
    pub fn with(mut self, entity: impl Into<enums::MessageEntity>) -> Self {
        self.entities.push(entity.into());
        self
    }

    /// Reads the HTML of the [Bot API](https://core.telegram.org/bots/api#html-style).
    ///
    /// For text with values in it use [`html!`](crate::html): what a user wrote is no markup.
    ///
    /// ```
    /// use quadruplex::FormattedText;
    ///
    /// let text = FormattedText::from_html("<pre><code class=\"language-rust\">fn</code></pre> <a href=\"tg://user?id=7\">Lena</a>")?;
    /// assert_eq!(text.text, "fn Lena");
    /// assert_eq!(text.to_markdown(), "```rust\nfn``` [Lena](tg://user?id=7)");
    ///
    /// let error = FormattedText::from_html("5 < 6").unwrap_err();
    /// assert_eq!(error.to_string(), "'<' begins a tag; as a character it is written &lt; (line 1, column 3)");
    /// # Ok::<(), quadruplex::MarkupError>(())
    /// ```
    ///
    /// # Errors
    /// What is wrong and where, whenever the Bot API would refuse it.
    pub fn from_html(html: &str) -> Result<Self, MarkupError> {
        Marked::from_html(html).map(Self::from)
    }

    /// Reads HTML of whatever origin. Unknown tags vanish and their content stays, `<br>` is a new line, what is never closed ends with
    /// the text, an end without a beginning vanishes, and a `<` that begins no tag is a `<`.
    ///
    /// ```
    /// use quadruplex::FormattedText;
    ///
    /// assert_eq!(FormattedText::from_html_lenient("<p>5 < 6<br><b>yes").to_html(), "5 &lt; 6\n<b>yes</b>");
    /// ```
    pub fn from_html_lenient(html: &str) -> Self {
        Marked::from_html_lenient(html).into()
    }

    /// Reads the Markdown of the Bot API, its [`MarkdownV2`](https://core.telegram.org/bots/api#markdownv2-style).
    ///
    /// ```
    /// use quadruplex::FormattedText;
    ///
    /// let text = FormattedText::from_markdown("*bold* ||hidden||\n>quoted")?;
    /// assert_eq!(text.to_html(), "<b>bold</b> <tg-spoiler>hidden</tg-spoiler>\n<blockquote>quoted</blockquote>");
    /// # Ok::<(), quadruplex::MarkupError>(())
    /// ```
    ///
    /// # Errors
    /// What is wrong and where, whenever the Bot API would refuse it.
    pub fn from_markdown(markdown: &str) -> Result<Self, MarkupError> {
        Marked::from_markdown(markdown).map(Self::from)
    }

    /// Reads Markdown of whatever origin: a character that means nothing where it stands is that character, and so is a mark without its
    /// other half.
    ///
    /// ```
    /// use quadruplex::FormattedText;
    ///
    /// assert_eq!(FormattedText::from_markdown_lenient("1. *two* _three!").to_html(), "1. <b>two</b> _three!");
    /// ```
    pub fn from_markdown_lenient(markdown: &str) -> Self {
        Marked::from_markdown_lenient(markdown).into()
    }

    /// As HTML. What Telegram finds by itself, such as names and addresses, is not marked.
    pub fn to_html(&self) -> String {
        self.marked().to_html()
    }

    /// As Markdown, in which a quote covers whole lines. What Telegram finds by itself, such as names and addresses, is not marked.
    pub fn to_markdown(&self) -> String {
        self.marked().to_markdown()
    }

    /// How long it is in UTF-16 code units, by which Telegram counts.
    ///
    /// ```
    /// use quadruplex::FormattedText;
    ///
    /// assert_eq!(FormattedText::from("👍é").length(), 3);
    /// ```
    pub fn length(&self) -> usize {
        units(&self.text)
    }

    /// Adds a text at the end. As `+=` does.
    ///
    /// ```
    /// use quadruplex::{FormattedText, html};
    ///
    /// let mut list = FormattedText::default();
    /// for (name, price) in [("tea", 2), ("coffee", 3)] {
    ///     list += html!("<b>{name}</b>: {price}\n");
    /// }
    /// assert_eq!(list.to_html(), "<b>tea</b>: 2\n<b>coffee</b>: 3\n");
    /// ```
    pub fn push(&mut self, more: impl Into<Self>) {
        let Self { text, entities } = more.into();
        let shift = self.length();
        self.text.push_str(&text);
        self.entities.extend(entities.into_iter().map(|mut entity| {
            let (start, end) = range(&entity);
            set_range(&mut entity, shift + start, shift + end);
            entity
        }));
    }

    /// As Telegram will keep it: without whitespace at the end, without spaces and newlines before the first entity, and without entities
    /// of whitespace only.
    ///
    /// ```
    /// use quadruplex::html;
    ///
    /// assert_eq!(html!("\n  <i>a </i> <b> </b>\n").trimmed().to_html(), "<i>a</i>");
    /// ```
    #[must_use]
    pub fn trimmed(self) -> Self {
        let first_entity = self.entities.iter().map(|entity| range(entity).0).min().unwrap_or(usize::MAX);
        let leading = self.text.chars().take_while(|char| matches!(char, ' ' | '\n')).count().min(first_entity);
        let end = self.text.trim_end().len();
        let Self { text, entities } = self.part(leading.min(end), end);
        let places = Places::of(&text);
        let entities = entities.into_iter().filter(|entity| {
            let (start, end) = range(entity);
            !text[places.byte(start)..places.byte(end)].trim().is_empty()
        });
        let entities = entities.collect();
        Self { text, entities }
    }

    /// Part of it, from and to bytes at borders of characters.
    pub(super) fn part(&self, from: usize, to: usize) -> Self {
        let text = self.text[from..to].to_owned();
        let (start, length) = (units(&self.text[..from]), units(&text));
        let entities = self.entities.iter().filter_map(|entity| {
            let (old_start, old_end) = range(entity);
            let (new_start, new_end) = (old_start.max(start) - start, old_end.saturating_sub(start).min(length));
            let mut entity = (new_start < new_end).then(|| entity.clone())?;
            set_range(&mut entity, new_start, new_end);
            Some(entity)
        });
        let entities = entities.collect();
        Self { text, entities }
    }

    /// The text, and the entities as requests take them: none at all, or some.
    pub(crate) fn into_parts(self) -> (String, Option<Vec<enums::MessageEntity>>) {
        (self.text, Some(self.entities).filter(|entities| !entities.is_empty()))
    }

    fn marked(&self) -> Marked {
        Marked { text: self.text.clone(), spans: self.entities.iter().filter_map(to_span).collect() }
    }
}

/// From places in UTF-16 code units to bytes.
pub(super) struct Places(Vec<usize>);

impl Places {
    pub(super) fn of(text: &str) -> Self {
        let mut bytes = Vec::with_capacity(text.len() + 1);
        for (at, char) in text.char_indices() {
            bytes.extend(std::iter::repeat_n(at, char.len_utf16()));
        }
        bytes.push(text.len());
        Self(bytes)
    }

    /// The byte where the character begins to which this unit belongs; the end of the text for what is beyond.
    pub(super) fn byte(&self, unit: usize) -> usize {
        self.0[unit.min(self.0.len() - 1)]
    }
}

impl From<Marked> for FormattedText {
    fn from(marked: Marked) -> Self {
        Self { text: marked.text, entities: marked.spans.into_iter().filter_map(of_span).collect() }
    }
}

impl From<&str> for FormattedText {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<&String> for FormattedText {
    fn from(text: &String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for FormattedText {
    fn from(text: String) -> Self {
        Self { text, entities: Vec::new() }
    }
}

impl From<&FormattedText> for FormattedText {
    fn from(text: &FormattedText) -> Self {
        text.clone()
    }
}

impl<T: Into<FormattedText>> AddAssign<T> for FormattedText {
    fn add_assign(&mut self, more: T) {
        self.push(more);
    }
}

/// The text without its formatting.
impl fmt::Display for FormattedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}
