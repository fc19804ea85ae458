//! The attribute macros of awaitkit. Use them through that crate.

mod args;
mod memoize;

use proc_macro::TokenStream;

/// Remembers the results of an async function by its arguments; see `awaitkit::memoize`.
#[proc_macro_attribute]
pub fn memoize(args: TokenStream, item: TokenStream) -> TokenStream {
    memoize::expand(args.into(), item.into()).unwrap_or_else(|e| e.into_compile_error()).into()
}
