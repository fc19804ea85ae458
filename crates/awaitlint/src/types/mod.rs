//! What type an expression has, as far as source alone tells, and which function a call calls.
//!
//! This is no type checker: what is not obvious is [`Type::Unknown`], and every question about an unknown type has a cautious answer.

mod calls;
mod infer;
mod known;
mod patterns;
mod ty;
mod written;

pub(crate) use calls::Callee;
pub(crate) use infer::Typing;
pub(crate) use ty::{ASYNC_GUARDS, Adt, BLOCKING_GUARDS, JOIN_HANDLES, Type};
pub(crate) use written::Env;
