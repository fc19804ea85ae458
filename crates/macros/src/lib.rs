//! The macros of `quadruplex`, which exports them.

mod callback;
mod command;
mod format;
mod handler;
mod markup;
mod names;
mod test;

use proc_macro::TokenStream;
use syn::{DeriveInput, Error, parse_macro_input};

/// Formatted text from a template of HTML.
#[proc_macro]
pub fn html(input: TokenStream) -> TokenStream {
    markup::expand(input.into(), markup::Dialect::Html).unwrap_or_else(Error::into_compile_error).into()
}

/// Formatted text from a template of Markdown.
#[proc_macro]
pub fn md(input: TokenStream) -> TokenStream {
    markup::expand(input.into(), markup::Dialect::Markdown).unwrap_or_else(Error::into_compile_error).into()
}

/// A command of a bot; see `quadruplex::router::Command`.
#[proc_macro_derive(Command, attributes(command, arg))]
pub fn command(item: TokenStream) -> TokenStream {
    command::expand(&parse_macro_input!(item as DeriveInput)).unwrap_or_else(Error::into_compile_error).into()
}

/// What a button carries; see `quadruplex::router::Callback`.
#[proc_macro_derive(Callback)]
pub fn callback(item: TokenStream) -> TokenStream {
    callback::expand(&parse_macro_input!(item as DeriveInput)).unwrap_or_else(Error::into_compile_error).into()
}

/// Says which argument of a handler is wrong; see `quadruplex::handler`.
#[proc_macro_attribute]
pub fn handler(args: TokenStream, item: TokenStream) -> TokenStream {
    handler::expand(args.into(), item.into()).unwrap_or_else(Error::into_compile_error).into()
}

/// A test of a bot; see `quadruplex::testing`.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    test::expand(arguments.into(), item.into()).unwrap_or_else(Error::into_compile_error).into()
}
