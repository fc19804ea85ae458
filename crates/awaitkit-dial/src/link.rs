use std::fmt;

/// A link, an address or a policy that cannot be read: which, and what is wrong with it. Passwords are not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkError {
    text: String,
    problem: String,
}

impl LinkError {
    /// What is wrong with this text.
    pub fn new(text: &str, problem: impl Into<String>) -> Self {
        Self { text: without_password(text), problem: problem.into() }
    }

    /// What is wrong, without the text.
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.text, self.problem)
    }
}

impl std::error::Error for LinkError {}

/// The text with whatever stands between a colon and an @ behind `://` hidden.
fn without_password(text: &str) -> String {
    let Some(scheme) = text.find("://").map(|at| at + 3) else { return text.to_owned() };
    let Some(end) = text[scheme..].rfind('@').map(|at| scheme + at) else { return text.to_owned() };
    match text[scheme..end].find(':') {
        Some(colon) => format!("{}***{}", &text[..=scheme + colon], &text[end..]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        let check = |text: &str, expect: &str| assert_eq!(without_password(text), expect);
        check("socks5://me:secret@host", "socks5://me:***@host");
        check("socks5://me:p:a@ss@host", "socks5://me:***@host");
        check("socks5://me@host:1", "socks5://me@host:1");
        check("socks5://host:1", "socks5://host:1");
        check("a:b@c", "a:b@c");
    }
}
