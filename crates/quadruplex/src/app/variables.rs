use std::collections::HashMap;
use std::env;
use std::fmt;

/// The environment, and under it the file `.env` of the working directory.
///
/// ```
/// let variables = quadruplex::Variables::load();
/// assert_eq!(variables.get("NOBODY_SETS_THIS"), None);
/// ```
#[derive(Default)]
pub struct Variables(HashMap<String, String>);

impl Variables {
    /// Reads `.env` if it is there.
    pub fn load() -> Self {
        Self(std::fs::read_to_string(".env").map(|text| parse(&text)).unwrap_or_default())
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<String> {
        let from_environment = env::var(name).ok();
        from_environment.or_else(|| self.0.get(name).cloned()).filter(|value| !value.is_empty())
    }
}

/// Names only: among the values are tokens.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Lines of `NAME=value`, with `export` before them or quotes around the value or neither; `#` begins a comment.
fn parse(text: &str) -> HashMap<String, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.strip_prefix("export ").unwrap_or(line).split_once('='));
    pairs.map(|(name, value)| (name.trim().to_owned(), unquote(value.trim()).to_owned())).collect()
}

fn unquote(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some((inner, _)) = value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inner;
        }
    }
    value.split(" #").next().unwrap_or(value).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let check = |line: &str, expect: Option<(&str, &str)>| {
            let found = parse(line).into_iter().next();
            assert_eq!(found.as_ref().map(|(name, value)| (name.as_str(), value.as_str())), expect, "{line}");
        };
        check("API_ID=123", Some(("API_ID", "123")));
        check("  export API_ID = 123  ", Some(("API_ID", "123")));
        check("API_HASH=\"a b\" # mine", Some(("API_HASH", "a b")));
        check("API_HASH='a#b'", Some(("API_HASH", "a#b")));
        check("API_HASH=abc # mine", Some(("API_HASH", "abc")));
        check("API_HASH=", Some(("API_HASH", "")));
        check("# API_ID=1", None);
        check("nothing", None);
    }
}
