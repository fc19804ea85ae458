use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

/// One route that was tried.
#[derive(Debug)]
pub struct Attempt {
    /// The route, as it is written in the policy.
    pub route: String,
    /// How long it was tried.
    pub took: Duration,
    /// Why it failed.
    pub error: io::Error,
}

/// No route led there: each that was tried, and why it failed.
#[derive(Debug)]
pub struct DialError {
    /// Where they were to lead.
    pub target: String,
    /// The routes in the order in which they were tried.
    pub attempts: Vec<Attempt>,
}

impl DialError {
    /// The kind of error if all attempts agree on it.
    pub fn kind(&self) -> io::ErrorKind {
        let mut kinds = self.attempts.iter().map(|attempt| attempt.error.kind());
        let first = kinds.next().unwrap_or(io::ErrorKind::InvalidInput);
        if kinds.all(|kind| kind == first) { first } else { io::ErrorKind::Other }
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot reach {}: ", self.target)?;
        if self.attempts.is_empty() {
            return f.write_str("the policy has no route");
        }
        for (place, Attempt { route, took, error }) in self.attempts.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(f, "{separator}{route} ({}): {error}", Seconds(*took))?;
        }
        Ok(())
    }
}

impl Error for DialError {}

impl From<DialError> for io::Error {
    fn from(error: DialError) -> Self {
        Self::new(error.kind(), error)
    }
}

/// A time with as many digits as anybody reads.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64();
        if seconds < 10.0 { write!(f, "{seconds:.1} s") } else { write!(f, "{seconds:.0} s") }
    }
}
