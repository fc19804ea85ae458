//! `#[derive(Command)]`.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{
    Data, DeriveInput, Error, Expr, ExprLit, ExprRange, Fields, GenericArgument, Ident, Lit, LitStr, PathArguments, RangeLimits, Result,
    Type,
};

use crate::names::{snake_case, summary};

/// Telegram takes no longer names and descriptions.
const NAME: usize = 32;
const DESCRIPTION: usize = 256;

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let DeriveInput { ident, generics, .. } = input;
    if !generics.params.is_empty() {
        return Err(Error::new_spanned(generics, "a command has no type parameters: its arguments are of types that are known"));
    }
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(ident, "a command is a struct; several commands are several structs, each with its handler"));
    };
    let name = name_of(input)?;
    let description = summary(&input.attrs);
    if description.is_empty() {
        return Err(Error::new_spanned(ident, "a command needs a doc comment: it is what the menu and /help say of it"));
    }
    if description.chars().count() > DESCRIPTION {
        return Err(Error::new_spanned(
            ident,
            format!("the menu takes {DESCRIPTION} characters; put an empty line after the first sentence"),
        ));
    }
    let arguments = match &data.fields {
        Fields::Named(fields) => fields.named.iter().map(Argument::of).collect::<Result<Vec<_>>>()?,
        Fields::Unit => Vec::new(),
        Fields::Unnamed(fields) => {
            return Err(Error::new_spanned(fields, "arguments need names, which usage and /help tell: write `{ … }`"));
        }
    };
    check_order(&arguments)?;

    let parameters = arguments.iter().map(Argument::parameter);
    let (idents, values): (Vec<_>, Vec<_>) =
        arguments.iter().enumerate().map(|(at, argument)| (argument.ident, argument.value(at))).unzip();
    let written = arguments.iter().map(Argument::written);
    let fields: Vec<_> = (0..idents.len()).map(|at| format_ident!("field_{at}")).collect();
    Ok(quote! {
        #[automatically_derived]
        impl ::quadruplex::router::Command for #ident {
            const NAME: &'static str = #name;
            const DESCRIPTION: &'static str = #description;
            const PARAMETERS: &'static [::quadruplex::router::Parameter] = &[#(#parameters),*];

            fn parse(words: &mut ::quadruplex::router::Words<'_>) -> ::core::result::Result<Self, ::quadruplex::router::Wrong> {
                #(let #fields = #values;)*
                ::core::result::Result::Ok(Self { #(#idents: #fields),* })
            }

            fn write(&self, words: &mut ::std::vec::Vec<::std::string::String>) {
                let _ = words;
                #(#written)*
            }
        }

        #[automatically_derived]
        impl ::quadruplex::router::Argument for #ident {
            fn fits(update: &::quadruplex::router::Update) -> bool {
                <Self as ::quadruplex::router::Command>::is_in(update)
            }

            async fn take(update: &::quadruplex::router::Update) -> ::core::result::Result<Self, ::quadruplex::router::Refusal> {
                <Self as ::quadruplex::router::Command>::take_from(update)
            }

            fn declare(needs: &mut ::quadruplex::router::Needs) {
                needs.command::<Self>();
            }
        }
    })
}

/// The struct's name, or `#[command(name = "…")]`.
fn name_of(input: &DeriveInput) -> Result<String> {
    let mut name = (snake_case(&input.ident.to_string()), input.ident.to_token_stream());
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("command")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("name") {
                return Err(meta.error("a command can be told: name = \"…\""));
            }
            let told: LitStr = meta.value()?.parse()?;
            name = (told.value(), told.to_token_stream());
            Ok(())
        })?;
    }
    let (name, at) = name;
    let good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || name.len() > NAME || !name.bytes().all(good) {
        return Err(Error::new_spanned(at, format!("Telegram takes as names of commands 1 to {NAME} of a-z, 0-9 and _; this is `{name}`")));
    }
    Ok(name)
}

/// What may be left out cannot stand before what may not, and what takes all words stands last.
fn check_order(arguments: &[Argument<'_>]) -> Result<()> {
    for pair in arguments.windows(2) {
        let [before, after] = pair else { continue };
        if before.rest {
            return Err(Error::new_spanned(before.ident, "this takes all the words that are left, so that it has to stand last"));
        }
        if before.may_be_absent() && !after.may_be_absent() {
            let text = format!("this has to be there while `{}` before it may be left out: swap them, or give it a default", before.ident);
            return Err(Error::new_spanned(after.ident, text));
        }
    }
    Ok(())
}

/// A field.
struct Argument<'a> {
    ident: &'a Ident,
    ty: &'a Type,
    /// What is in `Option<…>`.
    optional: Option<&'a Type>,
    summary: String,
    default: Option<Expr>,
    range: Option<ExprRange>,
    expect: Option<LitStr>,
    rest: bool,
}

impl<'a> Argument<'a> {
    fn of(field: &'a syn::Field) -> Result<Self> {
        let ident = field.ident.as_ref().ok_or_else(|| Error::new_spanned(field, "an argument needs a name"))?;
        let optional = inside_option(&field.ty);
        let summary = summary(&field.attrs);
        let mut argument = Self { ident, ty: &field.ty, optional, summary, default: None, range: None, expect: None, rest: false };
        for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("arg")) {
            attribute.parse_nested_meta(|meta| {
                match meta.path.get_ident().map(ToString::to_string).as_deref() {
                    Some("default") => argument.default = Some(meta.value()?.parse()?),
                    Some("range") => argument.range = Some(meta.value()?.parse()?),
                    Some("expect") => argument.expect = Some(meta.value()?.parse()?),
                    Some("rest") => argument.rest = true,
                    _ => return Err(meta.error("an argument can be told: default = …, range = …, expect = \"…\", rest")),
                }
                Ok(())
            })?;
        }
        if let (Some(_), Some(default)) = (argument.optional, &argument.default) {
            return Err(Error::new_spanned(default, "an `Option` is `None` when it is left out: take one or the other"));
        }
        Ok(argument)
    }

    fn may_be_absent(&self) -> bool {
        self.optional.is_some() || self.default.is_some()
    }

    /// The type of the value itself.
    fn value_type(&self) -> &Type {
        self.optional.unwrap_or(self.ty)
    }

    fn parameter(&self) -> TokenStream {
        let name = self.ident.to_string().trim_start_matches("r#").to_owned();
        let Self { summary, rest, .. } = self;
        let is_optional = self.may_be_absent();
        let default = option(self.default.as_ref().map(default_text));
        quote! {
            ::quadruplex::router::Parameter {
                name: #name,
                description: #summary,
                is_optional: #is_optional,
                default: #default,
                takes_rest: #rest,
            }
        }
    }

    /// Takes the value from the words.
    fn value(&self, at: usize) -> TokenStream {
        let ty = self.value_type();
        let expected = self.expected();
        let parameter = quote!(&<Self as ::quadruplex::router::Command>::PARAMETERS[#at]);
        let check = match &self.range {
            Some(range) => quote!(|value: &#ty| (#range).contains(value)),
            None => quote!(|_: &#ty| true),
        };
        let found = quote!(words.next::<#ty>(#parameter, #expected, #check)?);
        match (&self.optional, &self.default) {
            (Some(_), _) => found,
            (None, Some(default)) => {
                let default = match default {
                    Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => quote!(::core::convert::From::from(#text)),
                    other => other.to_token_stream(),
                };
                quote! {
                    match #found {
                        ::core::option::Option::Some(value) => value,
                        ::core::option::Option::None => #default,
                    }
                }
            }
            (None, None) => quote! {
                match #found {
                    ::core::option::Option::Some(value) => value,
                    ::core::option::Option::None => return ::core::result::Result::Err(::quadruplex::router::Wrong::missing(#parameter)),
                }
            },
        }
    }

    /// What a word has to be, for who typed another.
    fn expected(&self) -> String {
        if let Some(expect) = &self.expect {
            return expect.value();
        }
        if let Some(range) = &self.range {
            return range_text(range);
        }
        let ty = self.value_type().to_token_stream().to_string().replace(' ', "");
        match ty.as_str() {
            "u8" => "0..=255".to_owned(),
            "i8" => "-128..=127".to_owned(),
            "u16" | "u32" | "u64" | "u128" | "usize" => "a whole number, 0 or more".to_owned(),
            "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number".to_owned(),
            "f32" | "f64" => "a number".to_owned(),
            "bool" => "true or false".to_owned(),
            "char" => "a single character".to_owned(),
            other => format!("a {}", snake_case(other.rsplit("::").next().unwrap_or(other)).replace('_', " ")),
        }
    }

    /// Writes the value as it would be typed.
    fn written(&self) -> TokenStream {
        let ident = self.ident;
        match self.optional {
            Some(_) => quote! {
                if let ::core::option::Option::Some(value) = &self.#ident {
                    words.push(::std::string::ToString::to_string(value));
                }
            },
            None => quote!(words.push(::std::string::ToString::to_string(&self.#ident));),
        }
    }
}

fn option(value: Option<String>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

fn inside_option(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last().filter(|segment| segment.ident == "Option")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    match arguments.args.first()? {
        GenericArgument::Type(inside) => Some(inside),
        _ => None,
    }
}

/// A default as usage tells it: a text without its quotes.
fn default_text(default: &Expr) -> String {
    match default {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => text.value(),
        other => other.to_token_stream().to_string().replace("- ", "-"),
    }
}

/// `2..=120`, without the spaces of token streams.
fn range_text(range: &ExprRange) -> String {
    let end = |end: &Option<Box<Expr>>| end.as_ref().map(|end| default_text(end)).unwrap_or_default();
    let dots = if matches!(range.limits, RangeLimits::Closed(_)) { "..=" } else { ".." };
    format!("{}{dots}{}", end(&range.start), end(&range.end))
}
