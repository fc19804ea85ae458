use std::error::Error;
use std::{fmt, vec};

/// Every error of a group, each with the index of the item that failed, in input order. Never empty unless the group was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errors<E> {
    errors: Vec<(usize, E)>,
}

impl<E> Errors<E> {
    pub(crate) fn new(mut errors: Vec<(usize, E)>) -> Self {
        errors.sort_by_key(|(index, _)| *index);
        Self { errors }
    }

    /// How many failed.
    pub fn len(&self) -> usize {
        self.errors.len()
    }

    /// Whether there was nothing that could fail: only [`race_ok`](crate::race_ok) of an empty vector gives this.
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// The errors with the index of their item.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &E)> {
        self.errors.iter().map(|(index, e)| (*index, e))
    }
}

impl<E> IntoIterator for Errors<E> {
    type Item = (usize, E);
    type IntoIter = vec::IntoIter<(usize, E)>;

    fn into_iter(self) -> Self::IntoIter {
        self.errors.into_iter()
    }
}

impl<E: fmt::Display> fmt::Display for Errors<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.errors.is_empty() {
            return f.write_str("there was nothing to run");
        }
        write!(f, "{} failed", self.errors.len())?;
        for (nth, (index, e)) in self.errors.iter().take(SHOWN).enumerate() {
            write!(f, "{} #{index}: {e}", if nth == 0 { ":" } else { ";" })?;
        }
        if self.errors.len() > SHOWN { write!(f, "; and {} more", self.errors.len() - SHOWN) } else { Ok(()) }
    }
}

impl<E: Error + 'static> Error for Errors<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.errors.first().map(|(_, e)| e as _)
    }
}

/// How many errors the text shows; all of them can be iterated.
const SHOWN: usize = 8;
