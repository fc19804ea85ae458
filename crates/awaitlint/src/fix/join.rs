//! From awaits one after the other to `join!`.

use crate::finding::{Edit, Fix, Grade};
use crate::flow::{Group, Site};
use crate::ir::Kind;
use crate::rules::Cx;
use crate::source::{Lexer, Span, TokenKind};

/// `let a = f().await?; let b = g().await?;` becomes `let (a, b) = try_join!(f(), g())?;`.
pub(crate) fn of_group(cx: &Cx<'_>, group: &Group, reads: bool) -> Option<Fix> {
    let krate = cx.kit().join_crate()?;
    let parts: Vec<Part<'_>> = group.sites.iter().map(|site| part(cx, site)).collect::<Option<_>>()?;
    let tries = parts[0].tries;
    if group.apart || parts.iter().any(|part| part.tries != tries) {
        return None;
    }
    let first = group.sites.first()?.span;
    let last = group.sites.last()?.span;
    let text = cx.workspace().text(cx.at.at.file);
    let indent = text.indent(first.lo);
    let pats: Vec<&str> = parts.iter().map(|part| part.pat).collect();
    let mut lines = String::new();
    let mut end = first.lo;
    for (site, part) in group.sites.iter().zip(&parts) {
        for comment in comments(cx, Span { lo: end, hi: site.span.lo }) {
            lines.push_str(&format!("{indent}    {comment}\n"));
        }
        lines.push_str(&format!("{indent}    {},\n", part.future));
        end = site.span.hi;
    }
    let (name, question) = if tries { ("try_join", "?") } else { ("join", "") };
    let joined = format!("let ({}) = {krate}::{name}!(\n{lines}{indent}){question};", pats.join(", "));
    let safe = reads && !tries;
    Some(Fix {
        grade: if safe { Grade::MachineApplicable } else { Grade::Unsafe },
        title: format!("await them together with `{krate}::{name}!`"),
        edits: vec![Edit { span: Span { lo: first.lo, hi: last.hi }, text: joined }],
    })
}

struct Part<'a> {
    pat: &'a str,
    future: &'a str,
    tries: bool,
}

/// Only `let pattern = future.await;` and `let pattern = future.await?;` without a type.
fn part<'a>(cx: &Cx<'a>, site: &Site) -> Option<Part<'a>> {
    let pat = site.pat?;
    let (tries, wait) = match cx.body.kind(site.value) {
        Kind::Try(inner) => (true, *inner),
        _ => (false, site.value),
    };
    let Kind::Await(base) = cx.body.kind(wait) else { return None };
    let source = cx.source(site.span);
    let head = source.find('=').map(|i| source[..i].trim())?;
    let pat_text = head.strip_prefix("let")?.trim();
    // Behind the call there is no place for a comment in the new form.
    let count = |span: Span| comments(cx, span).len();
    if pat_text.contains(':') || cx.body.bindings(pat).is_empty() || count(site.span) != count(cx.body.span(*base)) {
        return None;
    }
    Some(Part { pat: pat_text, future: cx.source(cx.body.span(*base)), tries })
}

/// The comments in a gap between statements.
fn comments<'a>(cx: &Cx<'a>, gap: Span) -> Vec<&'a str> {
    let text = cx.source(gap);
    Lexer::new(text).filter(|token| token.kind == TokenKind::Comment).map(|token| token.span.of(text)).collect()
}
