//! Attributes: tests, and exceptions written as `#[cfg_attr(false, awaitlint::allow(rule, reason = "…"))]`.

use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Meta, Token};

use super::Lower;
use crate::ir::{Exception, ExceptionKind};
use crate::source::Span;

impl Lower<'_> {
    /// Notes the exceptions among `attrs`, which stand on an item or statement that covers `covers`.
    pub(super) fn covered(&mut self, attrs: &[Attribute], covers: Span) {
        self.anchors.push(covers);
        for attr in attrs {
            self.exception(attr, covers);
        }
    }

    /// Exceptions of the whole file: `#![cfg_attr(false, …)]`.
    pub(super) fn inner_exceptions(&mut self, attrs: &[Attribute]) {
        let all = Span::new(0, self.text.as_str().len());
        for attr in attrs {
            self.exception(attr, all);
        }
    }

    fn exception(&mut self, attr: &Attribute, covers: Span) {
        let Meta::List(list) = &attr.meta else { return };
        if !list.path.is_ident("cfg_attr") {
            return;
        }
        let Ok(metas) = applied.parse2(list.tokens.clone()) else { return };
        for meta in metas {
            let Meta::List(list) = meta else { continue };
            let [tool, kind] = [0, 1].map(|i| list.path.segments.get(i).map_or(String::new(), |s| s.ident.to_string()));
            let kind = match (tool.as_str(), kind.as_str()) {
                ("awaitlint", "allow") => ExceptionKind::Allow,
                ("awaitlint", "expect") => ExceptionKind::Expect,
                _ => continue,
            };
            let at = self.span(attr.pound_token.span).to(self.span(attr.bracket_token.span.close()));
            let mut exception = Exception { kind, rules: Vec::new(), reason: None, at, covers };
            let args = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(list.tokens.clone()).unwrap_or_default();
            for arg in args {
                match arg {
                    Meta::Path(path) => exception.rules.extend(path.get_ident().map(|rule| rule.to_string().replace('_', "-"))),
                    Meta::NameValue(pair) if pair.path.is_ident("reason") => exception.reason = literal(&pair.value),
                    _ => {}
                }
            }
            self.exceptions.push(exception);
        }
    }
}

/// What `cfg_attr(condition, …)` applies, whatever its condition (`false` is one, though not a `Meta`).
fn applied(input: ParseStream<'_>) -> syn::Result<Punctuated<Meta, Token![,]>> {
    if input.peek(syn::LitBool) {
        input.parse::<syn::LitBool>()?;
    } else {
        input.parse::<Meta>()?;
    }
    input.parse::<Token![,]>()?;
    Punctuated::parse_terminated(input)
}

fn literal(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
        _ => None,
    }
}

/// An attribute that is not known to leave a function what it is.
pub(super) fn is_altered(attrs: &[Attribute]) -> bool {
    const PLAIN: &[&str] = &[
        "doc",
        "allow",
        "warn",
        "expect",
        "deny",
        "forbid",
        "inline",
        "must_use",
        "cfg",
        "cfg_attr",
        "instrument",
        "async_trait",
        "track_caller",
        "deprecated",
        "cold",
        "test",
        "rustfmt",
        "no_mangle",
        "main",
        "doc_cfg",
        "non_exhaustive",
        "automatically_derived",
        "tracing",
        "unstable",
        "stable",
    ];
    let last = |attr: &Attribute| attr.path().segments.last().map_or(String::new(), |s| s.ident.to_string());
    attrs.iter().any(|attr| !PLAIN.contains(&last(attr).as_str()))
}

/// Under a condition of compilation.
pub(super) fn is_cfg(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident("cfg"))
}

/// For WebAssembly only: no checker runs there, and what is compiled instead stands beside it.
pub(super) fn is_elsewhere(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| match &attr.meta {
        Meta::List(list) if list.path.is_ident("cfg") => list.parse_args::<Meta>().is_ok_and(|condition| only_wasm(&condition)),
        _ => false,
    })
}

/// A statement that is not compiled, or only by who sets a condition of the project's own: `#[cfg(measure)]`.
pub(super) fn is_left_out(attrs: &[Attribute]) -> bool {
    is_elsewhere(attrs)
        || attrs.iter().any(|attr| match &attr.meta {
            Meta::List(list) if list.path.is_ident("cfg") => {
                list.parse_args::<Meta>().is_ok_and(|condition| matches!(&condition, Meta::Path(path) if !is_common(path)))
            }
            _ => false,
        })
}

/// A condition without a value that the compiler or a well-known tool sets.
fn is_common(condition: &syn::Path) -> bool {
    const COMMON: &[&str] = &[
        "unix",
        "windows",
        "test",
        "debug_assertions",
        "overflow_checks",
        "panic",
        "doc",
        "doctest",
        "docsrs",
        "tokio_unstable",
        "linux",
        "native",
    ];
    COMMON.iter().any(|name| condition.is_ident(name))
}

fn only_wasm(condition: &Meta) -> bool {
    match condition {
        Meta::NameValue(pair) => {
            let wanted = literal(&pair.value);
            (pair.path.is_ident("target_family") || pair.path.is_ident("target_arch"))
                && wanted.is_some_and(|value| value.starts_with("wasm"))
        }
        Meta::List(list) if list.path.is_ident("all") => {
            let parts = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(list.tokens.clone()).unwrap_or_default();
            parts.iter().any(only_wasm)
        }
        _ => false,
    }
}

/// `#[cfg(test)]`, `#[test]`, `#[tokio::test]` and the like.
pub(super) fn is_test(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        let name = attr.path().segments.last().map_or(String::new(), |s| s.ident.to_string());
        match (&attr.meta, name.as_str()) {
            (_, "test" | "bench" | "rstest" | "test_log" | "quickcheck" | "proptest" | "traced_test" | "test_case") => true,
            (Meta::List(list), "cfg") => match list.parse_args::<Meta>() {
                Ok(Meta::Path(path)) => path.is_ident("test"),
                // `any(test, feature = "test_utils")` is for tests, too
                Ok(Meta::List(all)) if all.path.is_ident("all") || all.path.is_ident("any") => {
                    let parts = Punctuated::<Meta, Token![,]>::parse_terminated.parse2(all.tokens).unwrap_or_default();
                    parts.iter().any(|part| part.path().is_ident("test"))
                }
                _ => false,
            },
            _ => false,
        }
    })
}

/// The attributes on an expression that may stand as a statement.
pub(super) fn of_expr(expr: &Expr) -> &[Attribute] {
    match expr {
        Expr::Assign(e) => &e.attrs,
        Expr::Async(e) => &e.attrs,
        Expr::Await(e) => &e.attrs,
        Expr::Block(e) => &e.attrs,
        Expr::Call(e) => &e.attrs,
        Expr::ForLoop(e) => &e.attrs,
        Expr::If(e) => &e.attrs,
        Expr::Loop(e) => &e.attrs,
        Expr::Macro(e) => &e.attrs,
        Expr::Match(e) => &e.attrs,
        Expr::MethodCall(e) => &e.attrs,
        Expr::Return(e) => &e.attrs,
        Expr::Try(e) => &e.attrs,
        Expr::Unsafe(e) => &e.attrs,
        Expr::While(e) => &e.attrs,
        _ => &[],
    }
}
