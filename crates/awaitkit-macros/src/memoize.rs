use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::spanned::Spanned;
use syn::{Error, FnArg, Ident, ItemFn, Pat, ReceiverKind, Result, ReturnType, Signature, Type, parse2};

use crate::args::Args;

pub(crate) fn expand(args: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let args: Args = parse2(args)?;
    let function: ItemFn = parse2(item)?;
    let parameters = check(&function.sig, &args)?;
    let output = Output::of(&function.sig.output);
    Ok(if function.sig.receiver().is_some() {
        method(&function, &args, &parameters, &output)
    } else {
        free(&function, &args, &parameters, &output)
    })
}

/// An argument: it becomes part of the key, as an owned value.
struct Parameter {
    name: Ident,
    given: Type,
    /// The type behind the reference, if it is one.
    behind: Option<Type>,
}

impl Parameter {
    fn owned(&self) -> TokenStream {
        match &self.behind {
            Some(behind) => quote!(<#behind as ::std::borrow::ToOwned>::Owned),
            None => {
                let given = &self.given;
                quote!(#given)
            }
        }
    }

    fn to_owned(&self) -> TokenStream {
        let name = &self.name;
        match &self.behind {
            Some(behind) => quote!(<#behind as ::std::borrow::ToOwned>::to_owned(#name)),
            None => quote!(#name),
        }
    }

    fn pass(&self) -> TokenStream {
        let name = &self.name;
        match &self.behind {
            Some(behind) => quote!(::std::borrow::Borrow::<#behind>::borrow(&#name)),
            None => quote!(#name),
        }
    }
}

/// Refuses what cannot be remembered, with the reason.
fn check(signature: &Signature, args: &Args) -> Result<Vec<Parameter>> {
    let refuse = |at: proc_macro2::Span, text: &str| Err(Error::new(at, text));
    if signature.asyncness.is_none() {
        return refuse(signature.fn_token.span(), "`#[memoize]` is for an `async fn`");
    }
    if let Some(parameter) = signature.generics.params.first() {
        let text = "a generic function cannot be memoised: there would be one memo for all types; make a function for each type";
        return refuse(parameter.span(), text);
    }
    if let Some(token) = &signature.constness {
        return refuse(token.span(), "`#[memoize]` is for an ordinary `async fn`");
    }
    let mut parameters = Vec::new();
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                if !matches!(receiver.kind, ReceiverKind::Reference(_, _, None)) {
                    return refuse(receiver.span(), "a memoised method takes `&self`: its work is shared by many callers");
                }
                if args.store.is_none() {
                    let text = "a memoised method needs `store = self.field`, a `Memo` in its own struct: a static one would be shared by all values";
                    return refuse(receiver.span(), text);
                }
            }
            FnArg::Typed(typed) => {
                let Pat::Ident(name) = &*typed.pat else {
                    return refuse(typed.pat.span(), "a memoised function names its arguments; take the pattern apart inside");
                };
                let behind = match &*typed.ty {
                    Type::Reference(reference) if reference.mutability.is_some() => {
                        return refuse(reference.span(), "an argument that is changed cannot be part of a key");
                    }
                    Type::Reference(reference) => Some((*reference.elem).clone()),
                    Type::ImplTrait(opaque) => {
                        return refuse(opaque.span(), "a generic function cannot be memoised: name the type of the argument");
                    }
                    _ => None,
                };
                parameters.push(Parameter { name: name.ident.clone(), given: (*typed.ty).clone(), behind });
            }
        }
    }
    Ok(parameters)
}

/// What the function returns, and how that is kept.
enum Output {
    /// A `Result`: its error is kept apart.
    Result(Type),
    /// Anything else. It cannot say that the work panicked, so the function panics, as it would without a memo.
    Plain(Type),
}

impl Output {
    fn of(output: &ReturnType) -> Self {
        match output {
            ReturnType::Default => Self::Plain(syn::parse_quote!(())),
            ReturnType::Type(_, output) => match &**output {
                Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Result") => {
                    Self::Result((**output).clone())
                }
                _ => Self::Plain((**output).clone()),
            },
        }
    }

    /// The types of a value and of an error.
    fn kept(&self) -> (TokenStream, TokenStream) {
        match self {
            Self::Result(output) => {
                (quote!(<#output as ::awaitkit::__private::Memoized>::Value), quote!(<#output as ::awaitkit::__private::Memoized>::Error))
            }
            Self::Plain(output) => (quote!(#output), quote!(::std::convert::Infallible)),
        }
    }

    /// Work that ends with `call`, as a `Result`.
    fn work(&self, call: &TokenStream) -> TokenStream {
        match self {
            Self::Result(_) => quote!(::awaitkit::__private::Memoized::into_result(#call)),
            Self::Plain(_) => quote!(::std::result::Result::Ok::<_, ::std::convert::Infallible>(#call)),
        }
    }

    /// What the function returns for what the memo gave.
    fn given(&self, found: &TokenStream) -> TokenStream {
        match self {
            Self::Result(_) => quote!(::awaitkit::__private::Memoized::from_memo(#found)),
            Self::Plain(_) => quote!(::awaitkit::__private::value_or_panic(#found)),
        }
    }
}

/// One argument is the key itself, several are a tuple, none is `()`.
fn tuple(parts: &[TokenStream]) -> TokenStream {
    match parts {
        [only] => quote!(#only),
        several => quote!((#(#several),*)),
    }
}

/// The key from the arguments, and the arguments from the key, for the call in the task.
fn asked(parameters: &[Parameter], store: &TokenStream, call: &TokenStream, output: &Output) -> TokenStream {
    let owned = tuple(&parameters.iter().map(Parameter::to_owned).collect::<Vec<_>>());
    let names = tuple(
        &parameters
            .iter()
            .map(|parameter| {
                let name = &parameter.name;
                quote!(#name)
            })
            .collect::<Vec<_>>(),
    );
    let work = output.work(call);
    let found = quote! {{
        let __key = #owned;
        #store.get(::std::clone::Clone::clone(&__key), async move {
            let #names = __key;
            #work
        }).await
    }};
    output.given(&found)
}

fn free(function: &ItemFn, args: &Args, parameters: &[Parameter], output: &Output) -> TokenStream {
    let ItemFn { attrs, vis, sig, block, .. } = function;
    let mut inner = sig.clone();
    inner.ident = format_ident!("__memoized_{}", sig.ident);
    let (name, passed) = (&inner.ident, parameters.iter().map(Parameter::pass));
    let call = quote!(#name(#(#passed),*).await);
    let (memo, store) = match &args.store {
        Some(store) => (TokenStream::new(), quote!((#store))),
        None => {
            let key = tuple(&parameters.iter().map(Parameter::owned).collect::<Vec<_>>());
            let (value, error) = output.kept();
            let settings = args.settings.iter().map(|(name, value)| quote!(.#name(#value)));
            let memo = quote! {
                static __MEMO: ::std::sync::LazyLock<::awaitkit::Memo<#key, #value, #error>> =
                    ::std::sync::LazyLock::new(|| ::awaitkit::Memo::builder()#(#settings)*.build());
            };
            (memo, quote!(__MEMO))
        }
    };
    let asked = asked(parameters, &store, &call, output);
    quote! {
        #(#attrs)* #vis #sig {
            #memo
            #inner #block
            #asked
        }
    }
}

fn method(function: &ItemFn, args: &Args, parameters: &[Parameter], output: &Output) -> TokenStream {
    let ItemFn { attrs, vis, sig, block, .. } = function;
    let mut inner = sig.clone();
    inner.ident = format_ident!("__memoized_{}", sig.ident);
    let (name, passed) = (&inner.ident, parameters.iter().map(Parameter::pass));
    let call = quote!(__this.#name(#(#passed),*).await);
    let store = &args.store;
    let asked = asked(parameters, &quote!((#store)), &call, output);
    quote! {
        #(#attrs)* #vis #sig {
            ::awaitkit::__private::memoize_on_a_method_needs_self_to_be_clone_send_sync_static::<Self>();
            let __this = ::std::clone::Clone::clone(self);
            #asked
        }

        #[doc(hidden)]
        #inner #block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `expect`: a part of the message.
    fn check_refused(args: &str, item: &str, expect: &str) {
        let e = expand(args.parse().unwrap(), item.parse().unwrap()).unwrap_err();
        assert!(e.to_string().contains(expect), "{item}: {e}");
    }

    #[test]
    fn refusals_say_why() {
        check_refused("", "fn f() {}", "is for an `async fn`");
        check_refused("", "async fn f<T>(t: T) {}", "one memo for all types");
        check_refused("", "async fn f<'a>(t: &'a str) {}", "one memo for all types");
        check_refused("", "async fn f(t: impl Clone) {}", "name the type of the argument");
        check_refused("", "async fn f((a, b): (u8, u8)) {}", "names its arguments");
        check_refused("", "async fn f(a: &mut u8) {}", "cannot be part of a key");
        check_refused("", "async fn f(&self) {}", "needs `store = self.field`");
        check_refused("store = self.memo", "async fn f(&mut self) {}", "takes `&self`");
        check_refused("store = self.memo", "async fn f(self) {}", "takes `&self`");
        check_refused("store = MEMO, ttl = HOUR", "async fn f() {}", "give it to the builder");
        check_refused("size = 3", "async fn f() {}", "there are `ttl`, `max_entries`, `keep_errors` and `store`");
        check_refused("ttl = A, ttl = B", "async fn f() {}", "given twice");
    }
}
