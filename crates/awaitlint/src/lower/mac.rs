//! Macros in bodies, read through where their arguments are expressions or statements.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Block, Expr, Pat, Token};

use super::body::BodyLower;
use crate::ir::{ExprId, JoinKind, Kind, LocalId, PatKind, SelectArm, Stmt};
use crate::source::Span;

/// Macros inside macros inside macros that are read through; each level costs a pass over its tokens.
const MAX_NESTED: usize = 12;

impl BodyLower<'_, '_> {
    pub(super) fn mac(&mut self, mac: &syn::Macro, lo: u32) -> ExprId {
        let span = Span { lo, hi: self.lower.close(mac.delimiter.span()).max(lo) };
        if self.lower.macros >= MAX_NESTED {
            return self.opaque(mac, span);
        }
        self.lower.macros += 1;
        let id = self.read_through(mac, span);
        self.lower.macros -= 1;
        id
    }

    fn read_through(&mut self, mac: &syn::Macro, span: Span) -> ExprId {
        let name = mac.path.segments.last().map_or(String::new(), |s| s.ident.to_string());
        match name.as_str() {
            "join" | "try_join" => {
                if let Some(exprs) = expressions(&without_biased(&mac.tokens)) {
                    let kind = if name == "join" { JoinKind::Join } else { JoinKind::TryJoin };
                    let args = self.all(&exprs);
                    return self.build.expr(Kind::Join { kind, args }, span);
                }
            }
            "select" | "select_biased" => {
                if let Ok(select) = syn::parse2::<Select>(without_biased(&mac.tokens)) {
                    return self.select(&select, span);
                }
            }
            "stream" | "try_stream" => {
                if let Some(body) = self.statements(&mac.tokens, span) {
                    return self.build.expr(Kind::Async { body, stream: true }, span);
                }
            }
            // What stands in it runs at the end of the scope, not here.
            "defer" | "defer_on_success" | "defer_on_unwind" => {
                if let Some(body) = self.statements(&mac.tokens, span) {
                    return self.build.expr(Kind::Closure { params: Vec::new(), body, is_async: false }, span);
                }
            }
            "vec" => {
                if let Some(exprs) = expressions(&mac.tokens) {
                    let parts = self.all(&exprs);
                    return self.build.expr(Kind::Array(parts), span);
                }
            }
            _ => {}
        }
        self.plain(mac, span)
    }

    /// A macro of which nothing is known: its arguments as expressions, else as statements, else the locals it names.
    fn plain(&mut self, mac: &syn::Macro, span: Span) -> ExprId {
        let path = self.lower.path(&mac.path);
        if let Some(exprs) = expressions(&mac.tokens) {
            let mut captured = Vec::new();
            let args = exprs.iter().map(|expr| self.argument(expr, &mut captured)).collect();
            return self.build.expr(Kind::Macro { path, args, captured }, span);
        }
        if mac.tokens.clone().into_iter().any(|t| matches!(&t, TokenTree::Punct(p) if p.as_char() == ';'))
            && let Some(body) = self.statements(&mac.tokens, span)
        {
            return self.build.expr(Kind::Macro { path, args: vec![body], captured: Vec::new() }, span);
        }
        let (mut args, mut captured) = (Vec::new(), Vec::new());
        for chunk in split_at_commas(&mac.tokens) {
            match syn::parse2::<Expr>(without_field_name(&chunk)) {
                Ok(expr) => args.push(self.argument(&expr, &mut captured)),
                Err(_) => self.captured(chunk, &mut captured),
            }
        }
        self.build.expr(Kind::Macro { path, args, captured }, span)
    }

    /// One argument of a macro: of `name = value` only the value counts, and a text may name locals in braces.
    fn argument(&mut self, expr: &Expr, captured: &mut Vec<LocalId>) -> ExprId {
        match expr {
            Expr::Assign(assign) if matches!(*assign.left, Expr::Path(_)) => self.expr(&assign.right),
            Expr::Lit(lit) => {
                if let syn::Lit::Str(text) = &lit.lit {
                    captured.extend(inline_names(&text.value()).filter_map(|name| self.scope.find(name)));
                }
                self.expr(expr)
            }
            _ => self.expr(expr),
        }
    }

    fn statements(&mut self, tokens: &TokenStream, span: Span) -> Option<ExprId> {
        let stmts = Block::parse_within.parse2(tokens.clone()).ok()?;
        Some(self.stmts(&stmts, span))
    }

    /// `pin! { let a = f(); let b = g(); }` declares its names in the block around it.
    pub(super) fn pin_statements(&mut self, mac: &syn::Macro) -> Option<Vec<Stmt>> {
        let is_pin = mac.path.segments.last().is_some_and(|s| s.ident == "pin");
        let lets = matches!(mac.tokens.clone().into_iter().next(), Some(TokenTree::Ident(first)) if first == "let");
        if !is_pin || !lets {
            return None;
        }
        let stmts = Block::parse_within.parse2(mac.tokens.clone()).ok()?;
        let mut lowered = Vec::new();
        for stmt in &stmts {
            self.stmt(stmt, &mut lowered);
        }
        Some(lowered)
    }

    fn opaque(&mut self, mac: &syn::Macro, span: Span) -> ExprId {
        let path = self.lower.path(&mac.path);
        let mut captured = Vec::new();
        self.captured(mac.tokens.clone(), &mut captured);
        self.build.expr(Kind::Macro { path, args: Vec::new(), captured }, span)
    }

    fn captured(&mut self, tokens: TokenStream, to: &mut Vec<LocalId>) {
        let mut pending = vec![tokens.into_iter()];
        while let Some(tokens) = pending.last_mut() {
            match tokens.next() {
                Some(TokenTree::Group(group)) => pending.push(group.stream().into_iter()),
                Some(TokenTree::Ident(ident)) => {
                    let name = self.lower.name(&ident);
                    to.extend(self.scope.find(&name));
                }
                Some(_) => {}
                None => {
                    pending.pop();
                }
            }
        }
    }

    fn select(&mut self, select: &Select, span: Span) -> ExprId {
        let mut arms = Vec::with_capacity(select.arms.len());
        for arm in &select.arms {
            let future = self.expr(&arm.future);
            let guard = self.optional(arm.guard.as_ref());
            let outer = self.scope.len();
            let pat = match &arm.pat {
                Some(pat) => self.pat(pat),
                None => self.build.pat(PatKind::Wild, span.start()),
            };
            let handler = self.expr(&arm.handler);
            self.scope.truncate(outer);
            arms.push(SelectArm { pat, future, guard, handler });
        }
        let otherwise = self.optional(select.otherwise.as_ref());
        self.build.expr(Kind::Select { arms, otherwise }, span)
    }
}

/// The arms of `tokio::select!` and `futures::select!`.
struct Select {
    arms: Vec<RawArm>,
    otherwise: Option<Expr>,
}

struct RawArm {
    pat: Option<Pat>,
    future: Expr,
    guard: Option<Expr>,
    handler: Expr,
}

impl Parse for Select {
    fn parse(input: ParseStream<'_>) -> syn::Result<Select> {
        let mut select = Select { arms: Vec::new(), otherwise: None };
        while !input.is_empty() {
            let ahead = input.fork();
            let last = if ahead.peek(Token![else]) {
                ahead.parse::<Token![else]>().is_ok()
            } else {
                ahead.parse::<syn::Ident>().is_ok_and(|word| word == "default" || word == "complete")
            };
            if last && ahead.peek(Token![=>]) {
                input.parse::<TokenTree>()?;
                select.otherwise = Some(handler(input)?);
                continue;
            }
            let pat = Pat::parse_multi_with_leading_vert(input)?;
            input.parse::<Token![=]>()?;
            let future = input.parse()?;
            let guard = if input.peek(Token![,]) {
                input.parse::<Token![,]>()?;
                input.parse::<Token![if]>()?;
                Some(input.parse()?)
            } else {
                None
            };
            select.arms.push(RawArm { pat: Some(pat), future, guard, handler: handler(input)? });
        }
        Ok(select)
    }
}

/// `=> expression` with its comma, which may be missing after a block.
fn handler(input: ParseStream<'_>) -> syn::Result<Expr> {
    input.parse::<Token![=>]>()?;
    let block = input.peek(syn::token::Brace);
    let expr = if block { Expr::Block(input.parse()?) } else { input.parse()? };
    if input.peek(Token![,]) {
        input.parse::<Token![,]>()?;
    } else if !block && !input.is_empty() {
        return Err(input.error("expected a comma"));
    }
    Ok(expr)
}

fn expressions(tokens: &TokenStream) -> Option<Punctuated<Expr, Token![,]>> {
    let comma = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens.clone());
    // `vec![value; length]`
    comma
        .or_else(|_| Punctuated::<Expr, Token![;]>::parse_separated_nonempty.parse2(tokens.clone()).map(|list| list.into_iter().collect()))
        .ok()
}

/// Without the `biased;` at the head of `select!` and `join!`.
fn without_biased(tokens: &TokenStream) -> TokenStream {
    let mut rest = tokens.clone().into_iter();
    match (rest.next(), rest.next()) {
        (Some(TokenTree::Ident(word)), Some(TokenTree::Punct(semi))) if word == "biased" && semi.as_char() == ';' => rest.collect(),
        _ => tokens.clone(),
    }
}

fn split_at_commas(tokens: &TokenStream) -> Vec<TokenStream> {
    let mut chunks = vec![Vec::new()];
    for token in tokens.clone() {
        match &token {
            TokenTree::Punct(p) if p.as_char() == ',' => chunks.push(Vec::new()),
            _ => chunks.last_mut().into_iter().for_each(|chunk| chunk.push(token.clone())),
        }
    }
    chunks.into_iter().filter(|chunk| !chunk.is_empty()).map(|chunk| chunk.into_iter().collect()).collect()
}

/// A field of tracing's macros without what stands before its value: `name = %value`, `a.b = ?value`, `target: value`, `%value`.
fn without_field_name(tokens: &TokenStream) -> TokenStream {
    let all: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let is = |i: usize, c: char| matches!(all.get(i), Some(TokenTree::Punct(p)) if p.as_char() == c);
    let word = |i: usize| matches!(all.get(i), Some(TokenTree::Ident(_) | TokenTree::Literal(_)));
    let mut at = 0;
    while word(at) && is(at + 1, '.') && word(at + 2) {
        at += 2;
    }
    let mut start = 0;
    if word(at) && (is(at + 1, '=') && !is(at + 2, '=') || is(at + 1, ':') && !is(at + 2, ':')) {
        start = at + 2;
    }
    if is(start, '%') || is(start, '?') {
        start += 1;
    }
    match &all[start..] {
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::None => group.stream(),
        rest => rest.iter().cloned().collect(),
    }
}

/// The names in `{name}` and `{name:?}` of a format string.
fn inline_names(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
        let (name, rest) = rest.split_at(end);
        let begins = name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_');
        (begins && rest.starts_with(['}', ':'])).then_some(name)
    })
}
