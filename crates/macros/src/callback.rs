//! `#[derive(Callback)]`.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Field, Fields, Member, Result, Type};

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let DeriveInput { ident, generics, data, .. } = input;
    if !generics.params.is_empty() {
        return Err(Error::new_spanned(generics, "what a button carries has no type parameters: its size has to be known"));
    }
    // Buttons of an earlier release, whose fields were others, are not taken for those of this one.
    let tag = fnv(&format!("{ident}{}", shape(data)));
    let (max, pack, unpack) = match data {
        Data::Struct(data) => {
            let Parts { pattern, max, pack, build } = Parts::of(&data.fields, &quote!(Self));
            (max, quote!({ let #pattern = self; #pack }), quote!(::core::option::Option::Some(#build)))
        }
        Data::Enum(data) => variants(data)?,
        Data::Union(_) => return Err(Error::new_spanned(ident, "a union cannot be packed")),
    };
    let refused = format!("`{ident}` does not fit into the 64 bytes of a button: keep what is long in a store, and its key here");
    let too_long = quote_spanned! {ident.span()=>
        const _: () = ::core::assert!(<#ident as ::quadruplex::router::Callback>::MAX <= 64, #refused);
    };
    Ok(quote! {
        #[automatically_derived]
        impl ::quadruplex::router::Callback for #ident {
            const TAG: u32 = #tag;
            const MAX: usize = 4 + #max;

            fn pack(&self, out: &mut ::std::vec::Vec<u8>) {
                let _ = &out;
                #pack
            }

            fn unpack(from: &mut &[u8]) -> ::core::option::Option<Self> {
                let _ = &from;
                #unpack
            }
        }

        #too_long

        #[automatically_derived]
        impl ::quadruplex::router::Argument for #ident {
            fn fits(update: &::quadruplex::router::Update) -> bool {
                <Self as ::quadruplex::router::Callback>::is_in(update)
            }

            async fn take(update: &::quadruplex::router::Update) -> ::core::result::Result<Self, ::quadruplex::router::Refusal> {
                <Self as ::quadruplex::router::Callback>::take_from(update)
            }
        }

        #[automatically_derived]
        impl ::core::convert::From<#ident> for ::std::vec::Vec<u8> {
            fn from(data: #ident) -> Self {
                ::quadruplex::router::ButtonData::of(&data).into()
            }
        }
    })
}

/// A variant is its number and its fields.
fn variants(data: &syn::DataEnum) -> Result<(TokenStream, TokenStream, TokenStream)> {
    if data.variants.is_empty() || data.variants.len() > 256 {
        return Err(Error::new(data.enum_token.span(), "1 to 256 variants can be packed"));
    }
    let (mut sizes, mut packs, mut unpacks) = (Vec::new(), Vec::new(), Vec::new());
    for (number, variant) in (0_u8..=255).zip(&data.variants) {
        let name = &variant.ident;
        let Parts { pattern, max, pack, build } = Parts::of(&variant.fields, &quote!(Self::#name));
        sizes.push(max);
        packs.push(quote!(#pattern => { out.push(#number); #pack }));
        unpacks.push(quote!(#number => #build));
    }
    let max = quote! {{
        let sizes = [#(#sizes),*];
        let (mut at, mut max) = (0, 0);
        while at < sizes.len() {
            if sizes[at] > max {
                max = sizes[at];
            }
            at += 1;
        }
        1 + max
    }};
    let unpack = quote! {
        ::core::option::Option::Some(match <u8 as ::quadruplex::router::Packed>::unpack(from)? {
            #(#unpacks,)*
            _ => return ::core::option::Option::None,
        })
    };
    Ok((max, quote!(match self { #(#packs)* }), unpack))
}

/// Code for the fields of a struct or variant.
struct Parts {
    pattern: TokenStream,
    max: TokenStream,
    pack: TokenStream,
    build: TokenStream,
}

impl Parts {
    fn of(fields: &Fields, path: &TokenStream) -> Self {
        let names: Vec<_> = (0..fields.len()).map(|at| format_ident!("field_{at}")).collect();
        let types: Vec<&Type> = fields.iter().map(|field| &field.ty).collect();
        let max = types.iter().map(|ty| quote_spanned!(ty.span()=> + <#ty as ::quadruplex::router::Packed>::MAX));
        let unpacked: Vec<_> =
            types.iter().map(|ty| quote_spanned!(ty.span()=> <#ty as ::quadruplex::router::Packed>::unpack(from)?)).collect();
        let members: Vec<_> = fields.members().collect();
        Self {
            pattern: quote!(#path { #(#members: #names),* }),
            max: quote!((0 #(#max)*)),
            pack: quote!(#(::quadruplex::router::Packed::pack(#names, out);)*),
            build: quote!(#path { #(#members: #unpacked),* }),
        }
    }
}

/// The names and types of all fields, and nothing that may change without them: no comment, no attribute, no visibility, no layout.
fn shape(data: &Data) -> String {
    let of = |fields: &Fields| {
        let one = |(member, field): (Member, &Field)| {
            let mut text = format!("{}:", member.to_token_stream());
            spell(field.ty.to_token_stream(), &mut text);
            text
        };
        fields.members().zip(fields).map(one).collect::<Vec<_>>().join(",")
    };
    match data {
        Data::Struct(data) => of(&data.fields),
        Data::Enum(data) => {
            data.variants.iter().map(|variant| format!("{}{{{}}}", variant.ident, of(&variant.fields))).collect::<Vec<_>>().join(",")
        }
        Data::Union(_) => String::new(),
    }
}

/// Writes tokens with a space before each: how a whole stream is spaced is nowhere promised.
fn spell(tokens: TokenStream, out: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                out.push_str(&format!(" {:?}[", group.delimiter()));
                spell(group.stream(), out);
                out.push_str(" ]");
            }
            token => out.push_str(&format!(" {token}")),
        }
    }
}

/// FNV-1a.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
