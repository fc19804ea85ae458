//! Patterns, with their names brought into scope.

use syn::Pat;

use super::body::BodyLower;
use crate::ir::{Local, Name, PatId, PatKind};
use crate::source::Span;

impl BodyLower<'_, '_> {
    /// Lowers a pattern; the names it binds are in scope from here on.
    pub(super) fn pat(&mut self, pat: &Pat) -> PatId {
        match pat {
            Pat::Wild(p) => {
                let span = self.lower.span(p.underscore_token.span);
                self.build.pat(PatKind::Wild, span)
            }
            Pat::Ident(p) => self.pat_ident(p),
            Pat::Paren(p) => self.pat(&p.pat),
            Pat::Guard(p) => self.pat(&p.pat),
            Pat::Type(p) => {
                let inner = self.pat(&p.pat);
                let ty = self.lower.ty(&p.ty);
                let span = self.build.pat_span(inner);
                self.build.pat(PatKind::Typed(inner, ty), span)
            }
            Pat::Reference(p) => {
                let lo = self.lower.lo(p.and_token.span);
                let inner = self.pat(&p.pat);
                let span = Span { lo, hi: self.build.pat_span(inner).hi };
                self.build.pat(PatKind::Ref(inner), span)
            }
            Pat::Tuple(p) => {
                let span = self.lower.span(p.paren_token.span.join());
                let parts = p.elems.iter().map(|p| self.pat(p)).collect();
                self.build.pat(PatKind::Tuple(parts), span)
            }
            Pat::Slice(p) => {
                let span = self.lower.span(p.bracket_token.span.join());
                let parts = p.elems.iter().map(|p| self.pat(p)).collect();
                self.build.pat(PatKind::Slice(parts), span)
            }
            Pat::TupleStruct(p) => {
                let path = self.lower.path(&p.path);
                let parts = p.elems.iter().map(|p| self.pat(p)).collect();
                let span = self.path_start(&p.path).to(self.lower.span(p.paren_token.span.close()));
                self.build.pat(PatKind::TupleStruct(path, parts), span)
            }
            Pat::Struct(p) => {
                let path = self.lower.path(&p.path);
                let fields = p.fields.iter().map(|field| (self.member(&field.member), self.pat(&field.pat))).collect();
                let span = self.path_start(&p.path).to(self.lower.span(p.brace_token.span.close()));
                self.build.pat(PatKind::Struct(path, fields), span)
            }
            Pat::Or(p) => self.pat_or(p),
            _ => self.build.pat(PatKind::Other, Span::default()),
        }
    }

    fn pat_ident(&mut self, p: &syn::PatIdent) -> PatId {
        let name = self.lower.name(&p.ident);
        let span = self.lower.ident_span(&p.ident);
        let plain = p.by_ref.is_none() && p.mutability.is_none() && p.subpat.is_none();
        if plain && name.starts_with(|c: char| c.is_uppercase()) {
            return self.build.pat(PatKind::Other, span); // a constant or a unit variant
        }
        let local = self.bind(name, p.mutability.is_some(), span);
        let inner = p.subpat.as_ref().map(|(_, sub)| self.pat(sub));
        self.build.pat(PatKind::Bind(local, inner), span)
    }

    /// Alternatives bind the same names: those of the first are in scope, the others' refer to them.
    fn pat_or(&mut self, p: &syn::PatOr) -> PatId {
        let mut cases = p.cases.iter();
        let first = cases.next().map(|p| self.pat(p));
        let before = self.scope.len();
        let mut parts: Vec<PatId> = first.into_iter().collect();
        for case in cases {
            parts.push(self.pat(case));
            self.scope.truncate(before);
        }
        let span = parts.first().map_or(Span::default(), |&p| self.build.pat_span(p));
        self.build.pat(PatKind::Or(parts), span)
    }

    pub(super) fn bind(&mut self, name: Name, mutable: bool, span: Span) -> crate::ir::LocalId {
        if self.under_cfg
            && let Some((_, local)) = self.alternatives.iter().find(|(known, _)| *known == name)
        {
            return *local;
        }
        let local = self.build.local(Local { name: name.clone(), mutable, span });
        if self.under_cfg {
            self.alternatives.push((name.clone(), local));
        }
        self.scope.push(name, local);
        local
    }

    pub(super) fn member(&mut self, member: &syn::Member) -> Name {
        match member {
            syn::Member::Named(ident) => self.lower.name(ident),
            syn::Member::Unnamed(index) => self.lower.intern(&index.index.to_string()),
        }
    }

    pub(super) fn path_start(&self, path: &syn::Path) -> Span {
        path.segments.first().map_or(Span::default(), |s| self.lower.ident_span(&s.ident))
    }
}
