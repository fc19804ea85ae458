//! Templates in the syntax of `format!`.

use quadruplex_markup::{MAX_PLACEHOLDERS, placeholder, placeholder_of};

/// A template taken apart.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Template {
    /// The text, with a character of its own for each placeholder.
    pub(crate) text: String,
    pub(crate) placeholders: Vec<Placeholder>,
}

/// What stands in braces.
#[derive(Debug, PartialEq)]
pub(crate) struct Placeholder {
    pub(crate) value: Value,
    /// What follows the colon.
    pub(crate) format: String,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Value {
    /// The argument at this place.
    At(usize),
    /// The argument or variable with this name.
    Named(String),
}

pub(crate) fn parse(source: &str) -> Result<Template, String> {
    if source.chars().any(|char| placeholder_of(char).is_some()) {
        return Err("the template contains a character that the macro uses itself".to_owned());
    }
    let mut template = Template::default();
    let mut next_place = 0;
    let mut rest = source;
    while let Some(at) = rest.find(['{', '}']) {
        template.text.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("}}")) {
            template.text.push_str(&rest[..1]);
            rest = after;
            continue;
        }
        let inside = rest.strip_prefix('{').ok_or("'}' without '{'; as a character it is written }}")?;
        let end = inside.find('}').ok_or("'{' without '}'; as a character it is written {{")?;
        let (value, format) = inside[..end].split_once(':').unwrap_or((&inside[..end], ""));
        if format.contains(['$', '*']) {
            return Err(format!("{{:{format}}} takes its width or precision from an argument; use format! for the value"));
        }
        let value = match value.trim() {
            "" => {
                next_place += 1;
                Value::At(next_place - 1)
            }
            value if value.starts_with(|char: char| char.is_ascii_digit()) => {
                Value::At(value.parse().map_err(|_| format!("{value:?} is neither a number nor a name"))?)
            }
            name => Value::Named(name.to_owned()),
        };
        let count = u32::try_from(template.placeholders.len()).unwrap_or(u32::MAX);
        template.text.push(placeholder(count).ok_or_else(|| format!("more than {MAX_PLACEHOLDERS} values"))?);
        template.placeholders.push(Placeholder { value, format: format.to_owned() });
        rest = &inside[end + 1..];
    }
    template.text.push_str(rest);
    Ok(template)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, text: &str, expected: &[(Value, &str)]) {
        let template = parse(source).expect(source);
        let shown: String = template.text.chars().map(|char| if placeholder_of(char).is_some() { '#' } else { char }).collect();
        assert_eq!(shown, text, "{source}");
        let found: Vec<_> = template.placeholders.iter().map(|found| (&found.value, found.format.as_str())).collect();
        let expected: Vec<_> = expected.iter().map(|(value, format)| (value, *format)).collect();
        assert_eq!(found, expected, "{source}");
    }

    fn named(name: &str) -> Value {
        Value::Named(name.to_owned())
    }

    #[test]
    fn templates() {
        check("no {{values}}", "no {values}", &[]);
        check("{name} and {name:?}", "# and #", &[(named("name"), ""), (named("name"), "?")]);
        check("{} {1:>8.2} {}", "# # #", &[(Value::At(0), ""), (Value::At(1), ">8.2"), (Value::At(1), "")]);
    }

    #[test]
    fn faults() {
        let refused = |source: &str, message: &str| assert_eq!(parse(source).unwrap_err(), message);
        refused("{", "'{' without '}'; as a character it is written {{");
        refused("a}", "'}' without '{'; as a character it is written }}");
        refused("{1a}", "\"1a\" is neither a number nor a name");
        refused("{x:width$}", "{:width$} takes its width or precision from an argument; use format! for the value");
        refused("{x:.*}", "{:.*} takes its width or precision from an argument; use format! for the value");
    }
}
