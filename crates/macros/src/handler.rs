//! `#[handler]`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, FnArg, ItemFn, Result, ReturnType, Type};

/// A handler takes so many arguments.
const ARGUMENTS: usize = 8;

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> Result<TokenStream> {
    if !args.is_empty() {
        return Err(Error::new_spanned(args, "`handler` takes no options"));
    }
    let function: ItemFn = syn::parse2(item)?;
    let signature = &function.sig;
    if signature.asyncness.is_none() {
        return Err(Error::new_spanned(signature.fn_token, "a handler is an `async fn`"));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new_spanned(&signature.generics, "a handler has no type parameters: nothing would say what they are"));
    }
    if let Some(ninth) = signature.inputs.iter().nth(ARGUMENTS) {
        return Err(Error::new_spanned(
            ninth,
            format!("a handler takes at most {ARGUMENTS} arguments; an argument of your own can hold several"),
        ));
    }
    let mut checks = Vec::new();
    for argument in &signature.inputs {
        match argument {
            FnArg::Receiver(receiver) => {
                return Err(Error::new_spanned(receiver, "a handler is a free function: what it needs comes as `State<T>`"));
            }
            FnArg::Typed(argument) => {
                let ty = &argument.ty;
                checks.push(quote_spanned!(ty.span()=> argument::<#ty>();));
            }
        }
    }
    if let ReturnType::Type(_, ty) = &signature.output
        && !matches!(**ty, Type::ImplTrait(_))
    {
        checks.push(quote_spanned!(ty.span()=> answer::<#ty>();));
    }
    Ok(quote! {
        #function

        const _: fn() = || {
            fn argument<T: ::quadruplex::router::Argument>() {}
            fn answer<T: ::quadruplex::router::IntoOutcome>() {}
            let _ = (argument::<::quadruplex::router::Update>, answer::<()>);
            #(#checks)*
        };
    })
}
