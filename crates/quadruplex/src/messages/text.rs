use quadruplex_api::enums;

/// Text with its formatting: where it is bold, what is a link. Plain text becomes one by itself.
///
/// ```
/// use quadruplex::FormattedText;
/// use quadruplex::api::types;
///
/// let text = FormattedText::from("hello").with(types::MessageEntityBold::new(0, 5));
/// assert_eq!(text.entities.len(), 1);
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

    /// The entities as requests take them: none at all, or some.
    pub(super) fn split(self) -> (String, Option<Vec<enums::MessageEntity>>) {
        (self.text, Some(self.entities).filter(|entities| !entities.is_empty()))
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
