//! The macros of `quadruplex`, which exports them.

mod format;
mod markup;

use proc_macro::TokenStream;

/// Formatted text from a template of HTML.
#[proc_macro]
pub fn html(input: TokenStream) -> TokenStream {
    markup::expand(input.into(), markup::Dialect::Html).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Formatted text from a template of Markdown.
#[proc_macro]
pub fn md(input: TokenStream) -> TokenStream {
    markup::expand(input.into(), markup::Dialect::Markdown).unwrap_or_else(syn::Error::into_compile_error).into()
}
