//! Types and paths as they are written; resolving them is the work of [`crate::index`].

use serde::{Deserialize, Serialize};

use super::Name;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Ty {
    Path(Path),
    /// `<T as Trait>::Name`
    Assoc(Box<Ty>, Name),
    Ref {
        mutable: bool,
        inner: Box<Ty>,
    },
    Tuple(Vec<Ty>),
    /// Slices and arrays.
    Slice(Box<Ty>),
    /// `impl A + B`
    Impl(Vec<Bound>),
    /// `dyn A + B`
    Dyn(Vec<Bound>),
    /// `fn(…) -> T`
    Fn(Box<Ty>),
    /// `_`, `!`, pointers and macros.
    Unknown,
}

impl Ty {
    pub(crate) fn unit() -> Ty {
        Ty::Tuple(Vec::new())
    }
}

/// A trait with what it says about its associated types: `Future<Output = T>`, `Fn(A) -> T`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Bound {
    pub(crate) path: Path,
    pub(crate) assoc: Vec<(Name, Ty)>,
    /// What a bound of the `Fn` family returns.
    pub(crate) returns: Option<Box<Ty>>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Path {
    /// Written with a leading `::`.
    pub(crate) global: bool,
    pub(crate) segments: Vec<Segment>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Segment {
    pub(crate) name: Name,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) args: Vec<Ty>,
}

impl Path {
    pub(crate) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Path {
        Path { global: false, segments: names.into_iter().map(|name| Segment { name: name.into(), args: Vec::new() }).collect() }
    }

    /// The last name, `""` for a path without any.
    pub(crate) fn last(&self) -> &str {
        self.segments.last().map_or("", |s| &s.name)
    }

    /// The generic arguments of the last segment.
    pub(crate) fn args(&self) -> &[Ty] {
        self.segments.last().map_or(&[], |s| &s.args)
    }

    pub(crate) fn single(&self) -> Option<&Name> {
        match self.segments.as_slice() {
            [only] if !self.global => Some(&only.name),
            _ => None,
        }
    }

    /// The last two names, the first `""` when there is only one.
    pub(crate) fn last_two(&self) -> (&str, &str) {
        match self.segments.as_slice() {
            [.., a, b] => (&a.name, &b.name),
            [b] => ("", &b.name),
            [] => ("", ""),
        }
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, segment) in self.segments.iter().enumerate() {
            if i > 0 || self.global {
                f.write_str("::")?;
            }
            f.write_str(&segment.name)?;
        }
        Ok(())
    }
}
