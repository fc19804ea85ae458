//! Items of a file.

use serde::{Deserialize, Serialize};

use super::{Body, Bound, Name, Path, Ty};
use crate::source::{Span, Text};

/// A file after lowering.
#[derive(Debug, Default)]
pub(crate) struct File {
    pub(crate) text: Text,
    pub(crate) items: Vec<Item>,
    pub(crate) exceptions: Vec<Exception>,
    /// The head of the file says that a program wrote it.
    pub(crate) generated: bool,
}

#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) name: Name,
    pub(crate) span: Span,
    pub(crate) public: bool,
    /// Under `#[cfg(test)]` or marked as a test.
    pub(crate) test: bool,
    pub(crate) kind: ItemKind,
}

#[derive(Debug)]
pub(crate) enum ItemKind {
    Module(Module),
    Import(Import),
    Function(Box<Function>),
    Struct(Struct),
    Enum(Enum),
    Impl(Impl),
    Trait(Trait),
    Alias(Vec<Name>, Ty),
    /// A constant or static.
    Value(Ty),
}

#[derive(Debug)]
pub(crate) enum Module {
    Inline(Vec<Item>),
    /// In a file of its own, named by `#[path]` if at all.
    File(Option<String>),
}

/// One leaf of a `use`: the item's name is the name it gets here, `*` for a glob.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Import {
    pub(crate) path: Path,
}

#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) signature: Signature,
    pub(crate) body: Option<Body>,
    /// `use` inside the body.
    pub(crate) imports: Vec<(Name, Import)>,
    /// What the body awaits, by name, where the body itself is not kept.
    pub(crate) awaits: Option<Vec<String>>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Signature {
    pub(crate) is_async: bool,
    /// An attribute macro may have made something else of it.
    #[serde(default)]
    pub(crate) altered: bool,
    pub(crate) receiver: Receiver,
    pub(crate) params: Vec<Param>,
    pub(crate) returns: Ty,
    /// Bounds of type parameters, from the list and the `where` clause, the surrounding impl's included.
    pub(crate) generics: Vec<(Name, Vec<Bound>)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Param {
    pub(crate) name: Option<Name>,
    pub(crate) ty: Ty,
}

/// How a method takes `self`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Receiver {
    None,
    Ref,
    Mut,
    Value,
    /// `self: Pin<&mut Self>`
    Pin,
}

#[derive(Debug)]
pub(crate) struct Struct {
    pub(crate) generics: Vec<Name>,
    /// Tuple fields are named `0`, `1`, ….
    pub(crate) fields: Vec<(Name, Ty)>,
}

#[derive(Debug)]
pub(crate) struct Enum {
    pub(crate) generics: Vec<Name>,
    pub(crate) variants: Vec<(Name, Vec<(Name, Ty)>)>,
}

#[derive(Debug)]
pub(crate) struct Impl {
    pub(crate) of: Option<Bound>,
    pub(crate) ty: Ty,
    pub(crate) items: Vec<Item>,
    /// Associated types: `type Output = T`.
    pub(crate) assoc: Vec<(Name, Ty)>,
}

#[derive(Debug)]
pub(crate) struct Trait {
    pub(crate) supertraits: Vec<Bound>,
    pub(crate) items: Vec<Item>,
}

/// A written exception from a rule.
#[derive(Clone, Debug)]
pub(crate) struct Exception {
    pub(crate) kind: ExceptionKind,
    pub(crate) rules: Vec<String>,
    pub(crate) reason: Option<String>,
    /// Where it is written.
    pub(crate) at: Span,
    /// What it covers.
    pub(crate) covers: Span,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ExceptionKind {
    Allow,
    Expect,
}
