//! What the checker keeps of a file: items, signatures and bodies, without tokens, in a form that can be sent to other threads.
//!
//! The syntax tree of syn lives only while one file is lowered ([`crate::lower`]); everything after that, on a workspace of a million
//! lines, works on these types. Bodies are arenas ([`Body`]): an expression is a number, and side tables are vectors.

mod body;
mod builder;
mod item;
mod ty;

pub(crate) use body::{Arm, Body, ExprId, JoinKind, Kind, Lit, Local, LocalId, LoopKind, PatId, PatKind, SelectArm, Stmt, StmtKind};
pub(crate) use builder::Builder;
pub(crate) use item::{
    Enum, Exception, ExceptionKind, File, Function, Impl, Import, Item, ItemKind, Module, Param, Receiver, Signature, Struct, Trait,
};
pub(crate) use ty::{Bound, Path, Segment, Ty};

/// A name, shared by all its uses in a file.
pub(crate) type Name = std::sync::Arc<str>;
