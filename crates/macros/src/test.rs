//! `#[quadruplex::test]`: an async function becomes a test that runs in a sandbox.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ItemFn, Result};

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !arguments.is_empty() {
        return Err(Error::new_spanned(arguments, "the attribute takes nothing"));
    }
    let ItemFn { attrs, vis, sig, block, .. } = syn::parse2(item)?;
    if sig.asyncness.is_none() {
        return Err(Error::new_spanned(sig.fn_token, "a test in a sandbox is an `async fn`"));
    }
    let (name, inputs, output) = (&sig.ident, &sig.inputs, &sig.output);
    let call = match inputs.len() {
        0 => quote!(|_| test()),
        1 => quote!(test),
        _ => return Err(Error::new_spanned(inputs, "a test takes one argument, the `Sandbox`, or none")),
    };
    Ok(quote! {
        #(#attrs)*
        #[::core::prelude::v1::test]
        #vis fn #name() {
            async fn test(#inputs) #output #block
            ::quadruplex::testing::run(#call)
        }
    })
}
