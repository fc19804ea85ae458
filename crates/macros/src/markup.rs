//! `html!` and `md!`: the template is checked here and filled when the program runs.

use proc_macro2::{Span, TokenStream};
use quadruplex_markup::{Marked, placeholder_of};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Ident, LitStr, Result, Token};

use crate::format::{self, Placeholder, Template, Value};

#[derive(Clone, Copy)]
pub(crate) enum Dialect {
    Html,
    Markdown,
}

struct Input {
    literal: LitStr,
    arguments: Vec<Argument>,
}

struct Argument {
    name: Option<Ident>,
    value: Expr,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let literal = input.parse::<LitStr>().map_err(|error| Error::new(error.span(), "a template is a string literal"))?;
        let mut arguments = Vec::new();
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let is_named = input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]);
            let name = if is_named { Some(input.call(Ident::parse_any)?) } else { None };
            if is_named {
                input.parse::<Token![=]>()?;
            }
            arguments.push(Argument { name, value: input.parse()? });
        }
        Ok(Self { literal, arguments })
    }
}

pub(crate) fn expand(input: TokenStream, dialect: Dialect) -> Result<TokenStream> {
    let Input { literal, arguments } = syn::parse2(input)?;
    let template = format::parse(&literal.value()).map_err(|what| Error::new(literal.span(), what))?;
    check(&template.text, dialect).map_err(|what| Error::new(literal.span(), what))?;
    fill(&template, &arguments, &literal, dialect)
}

fn check(text: &str, dialect: Dialect) -> std::result::Result<(), String> {
    let parsed = match dialect {
        Dialect::Html => Marked::from_html(text),
        Dialect::Markdown => Marked::from_markdown(text),
    };
    // The characters that stand for values mean nothing to the reader of the message.
    let shown = |what: &str| what.chars().map(|char| if placeholder_of(char).is_some() { '…' } else { char }).collect();
    parsed.map(drop).map_err(|error| shown(&error.to_string()))
}

fn fill(template: &Template, arguments: &[Argument], literal: &LitStr, dialect: Dialect) -> Result<TokenStream> {
    let bound: Vec<Ident> = (0..arguments.len()).map(|at| format_ident!("argument_{at}", span = Span::mixed_site())).collect();
    let mut used = vec![false; arguments.len()];
    let mut values = Vec::new();
    for Placeholder { value, format } in &template.placeholders {
        let at = match value {
            Value::At(at) if *at < arguments.len() => Some(*at),
            Value::At(at) => {
                let what = format!("there is no argument {at}: the template is given {}", arguments.len());
                return Err(Error::new(literal.span(), what));
            }
            Value::Named(name) => arguments.iter().position(|argument| argument.name.as_ref().is_some_and(|given| given == name)),
        };
        let value = match (at, value) {
            (Some(at), _) => {
                used[at] = true;
                let bound = &bound[at];
                quote!(#bound)
            }
            (None, Value::Named(name)) => {
                let variable = syn::parse_str::<Ident>(name);
                let mut variable =
                    variable.map_err(|_| Error::new(literal.span(), format!("{name:?} is no name; pass it: {{}}, {name}")))?;
                variable.set_span(literal.span());
                quote!(&#variable)
            }
            (None, Value::At(_)) => continue,
        };
        values.push(match format.as_str() {
            "" => quote!(::quadruplex::template::Value(#value).formatted()),
            format => {
                let format = LitStr::new(&format!("{{:{format}}}"), literal.span());
                quote!(::quadruplex::FormattedText::from(::std::format!(#format, #value)))
            }
        });
    }
    if let Some(unused) = used.iter().position(|used| !used) {
        return Err(Error::new_spanned(&arguments[unused].value, "the template does not use this"));
    }
    let given = arguments.iter().map(|argument| &argument.value);
    let text = LitStr::new(&template.text, literal.span());
    let function = match dialect {
        Dialect::Html => quote!(html),
        Dialect::Markdown => quote!(markdown),
    };
    Ok(quote! {
        match (#(&#given,)*) {
            (#(#bound,)*) => {
                #[allow(unused_imports, reason = "a value may keep its formatting")]
                use ::quadruplex::template::Plain as _;
                ::quadruplex::template::#function(#text, &[#(#values),*])
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said() {
        let refused = |input: TokenStream, dialect, message: &str| {
            let error = expand(input, dialect).expect_err("it is wrong");
            assert_eq!(error.to_string(), message);
        };
        refused(quote!("<b>{name}"), Dialect::Html, "<b> is never closed (line 1, column 1)");
        refused(quote!("<{name}>"), Dialect::Html, "Telegram knows no tag <…> (line 1, column 1)");
        refused(
            quote!("<a href={url}>x</a>"),
            Dialect::Html,
            "a value of other characters than letters, digits, '.' and '-' is written in quotes (line 1, column 9)",
        );
        refused(quote!("{}."), Dialect::Markdown, "'.' means something here; as a character it is written \\. (line 1, column 2)");
        refused(quote!("{} {}", 1), Dialect::Html, "there is no argument 1: the template is given 1");
        refused(quote!("{a}", 1, a = 2), Dialect::Html, "the template does not use this");
        refused(quote!("{a.b}"), Dialect::Html, "\"a.b\" is no name; pass it: {}, a.b");
        refused(quote!(name), Dialect::Html, "a template is a string literal");
    }

    #[test]
    fn what_is_right_is_taken() {
        let taken = |input: TokenStream, dialect| drop(expand(input, dialect).expect("it is right"));
        taken(quote!("<a href=\"tg://user?id={id}\">{name:?}</a> {0} {}", 1 + 1), Dialect::Html);
        taken(quote!("{}", a == b), Dialect::Html);
        taken(quote!("*{name}* {{1}} [x]({url})", url = "https://a.org",), Dialect::Html);
        taken(quote!(r"*{name}* [x]({url})\!"), Dialect::Markdown);
    }
}
