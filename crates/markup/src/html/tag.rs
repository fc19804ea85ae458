//! Tags and character references.

/// A tag as it is written.
#[derive(Debug, Default)]
pub(super) struct Tag {
    /// In lower case.
    pub(super) name: String,
    pub(super) is_end: bool,
    /// Names in lower case; those without a value have an empty one.
    pub(super) attributes: Vec<(String, String)>,
}

/// What is wrong with a tag, and where.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) what: String,
    /// How far was read before it was seen.
    pub(super) seen: usize,
}

/// Reads the tag at `start`, where the `<` is. Returns it with the place behind it.
pub(super) fn read(source: &str, start: usize) -> Result<(Tag, usize), Fault> {
    let mut reader = Reader { source, at: start + 1 };
    let is_end = reader.eat('/');
    let name = reader.take(|char| !char.is_ascii_whitespace() && char != '>').to_ascii_lowercase();
    if name.is_empty() && !is_end {
        return Err(Fault { at: start, what: "'<' begins a tag; as a character it is written &lt;".to_owned(), seen: reader.at });
    }
    let unclosed = || Fault { at: start, what: format!("the tag <{}{name} has no '>'", if is_end { "/" } else { "" }), seen: source.len() };
    let mut attributes = Vec::new();
    loop {
        reader.space();
        if reader.eat('>') {
            return Ok((Tag { name, is_end, attributes }, reader.at));
        }
        if reader.rest().is_empty() {
            return Err(unclosed());
        }
        let place = reader.at;
        if is_end {
            return Err(Fault { at: place, what: format!("the end tag </{name} takes no attributes"), seen: place });
        }
        let attribute = reader.take(|char| !char.is_ascii_whitespace() && !matches!(char, '=' | '>')).to_ascii_lowercase();
        if attribute.is_empty() {
            return Err(Fault { at: place, what: format!("an attribute of <{name}> has no name"), seen: place });
        }
        reader.space();
        let value = if reader.eat('=') { reader.value().ok_or_else(unclosed)?? } else { String::new() };
        attributes.push((attribute, value));
    }
}

impl Tag {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().rev().find(|(attribute, _)| attribute == name).map(|(_, value)| value.as_str())
    }
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn eat(&mut self, char: char) -> bool {
        let there = self.rest().starts_with(char);
        self.at += if there { char.len_utf8() } else { 0 };
        there
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|char| !belongs(char)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    fn space(&mut self) {
        self.take(|char| char.is_ascii_whitespace());
    }

    /// The value of an attribute; `None` if the text ends before it does.
    fn value(&mut self) -> Option<Result<String, Fault>> {
        self.space();
        let quote = self.rest().chars().next()?;
        if !matches!(quote, '"' | '\'') {
            let start = self.at;
            let token = self.take(|char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-')).to_ascii_lowercase();
            let next = self.rest().chars().next()?;
            let what = "a value of other characters than letters, digits, '.' and '-' is written in quotes";
            return Some(match next.is_ascii_whitespace() || next == '>' {
                true => Ok(token),
                false => Err(Fault { at: start, what: what.to_owned(), seen: self.at }),
            });
        }
        self.at += 1;
        let raw = self.take(|char| char != quote);
        self.eat(quote).then(|| Ok(decode(raw)))
    }
}

/// The character that `&…;` at the beginning stands for, and how long that is. What else begins with `&` is text.
pub(super) fn reference(text: &str) -> Option<(char, usize)> {
    let rest = text.strip_prefix('&')?;
    let (char, length) = match rest.strip_prefix('#') {
        Some(number) => {
            let (digits, radix) = number.strip_prefix(['x', 'X']).map_or((number, 10), |digits| (digits, 16));
            let length = digits.find(|char: char| !char.is_digit(radix)).unwrap_or(digits.len());
            let code = u32::from_str_radix(&digits[..length], radix).ok()?;
            (char::from_u32(code).filter(|char| *char != '\0')?, rest.len() - digits.len() + length)
        }
        None => {
            let length = rest.find(|char: char| !char.is_ascii_alphabetic()).unwrap_or(rest.len());
            let char = match &rest[..length] {
                "lt" => '<',
                "gt" => '>',
                "amp" => '&',
                "quot" => '"',
                _ => return None,
            };
            (char, length)
        }
    };
    Some((char, 1 + length + usize::from(rest[length..].starts_with(';'))))
}

fn decode(raw: &str) -> String {
    let mut decoded = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        let (char, length) = reference(&rest[at..]).unwrap_or(('&', 1));
        decoded.push(char);
        rest = &rest[at + length..];
    }
    decoded.push_str(rest);
    decoded
}
