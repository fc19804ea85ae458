//! Expressions.

use syn::{BinOp, Expr, UnOp};

use super::body::{BodyLower, slow_span};
use crate::ir::{Arm, ExprId, Kind, Lit, LoopKind, Name};
use crate::source::Span;

impl BodyLower<'_, '_> {
    pub(super) fn expr(&mut self, expr: &Expr) -> ExprId {
        let (kind, span) = match expr {
            Expr::Array(e) => {
                let span = self.lower.span(e.bracket_token.span.join());
                (Kind::Array(self.all(&e.elems)), span)
            }
            Expr::Assign(e) => {
                let (lhs, rhs) = (self.expr(&e.left), self.expr(&e.right));
                (Kind::Assign { compound: false, lhs, rhs }, self.around(lhs, rhs))
            }
            Expr::Async(e) => {
                let lo = self.lower.lo(e.async_token.span);
                let body = self.block(&e.block);
                (Kind::Async { body, stream: false }, self.until(lo, body))
            }
            Expr::Await(e) => {
                let base = self.expr(&e.base);
                (Kind::Await(base), self.to(base, e.await_token.span))
            }
            Expr::Binary(e) => self.binary(e),
            Expr::Block(e) => return self.labelled_block(e),
            Expr::Break(e) => {
                let span = self.lower.span(e.break_token.span);
                let value = self.optional(e.expr.as_deref());
                (Kind::Break { label: self.label(e.label.as_ref()), value }, span)
            }
            Expr::Call(e) => {
                let callee = self.expr(&e.func);
                let args = self.all(&e.args);
                (Kind::Call { callee, args }, Span { lo: self.build.span(callee).lo, hi: self.lower.close(&e.paren_token.span) })
            }
            Expr::Cast(e) => {
                let inner = self.expr(&e.expr);
                let hi = slow_span(self.lower, &e.ty).hi;
                (Kind::Cast(inner, self.lower.ty(&e.ty)), Span { lo: self.build.span(inner).lo, hi })
            }
            Expr::Closure(e) => self.closure(e),
            Expr::Const(e) => return self.block(&e.block),
            Expr::Continue(e) => (Kind::Continue { label: self.label(e.label.as_ref()) }, self.lower.span(e.continue_token.span)),
            Expr::Field(e) => {
                let base = self.expr(&e.base);
                let (name, end) = match &e.member {
                    syn::Member::Named(ident) => (self.lower.name(ident), ident.span()),
                    syn::Member::Unnamed(index) => (self.lower.intern(&index.index.to_string()), index.span),
                };
                (Kind::Field(base, name), self.to(base, end))
            }
            Expr::ForLoop(e) => self.for_loop(e),
            Expr::Group(e) => return self.expr(&e.expr),
            Expr::If(e) => self.if_else(e),
            Expr::Index(e) => {
                let (base, index) = (self.expr(&e.expr), self.expr(&e.index));
                (Kind::Index(base, index), Span { lo: self.build.span(base).lo, hi: self.lower.close(&e.bracket_token.span) })
            }
            Expr::Let(e) => {
                let lo = self.lower.lo(e.let_token.span);
                let scrutinee = self.expr(&e.expr);
                let pat = self.pat(&e.pat);
                (Kind::Let { pat, scrutinee }, self.until(lo, scrutinee))
            }
            Expr::Lit(e) => (Kind::Lit(self.lit(&e.lit)), self.lower.span(e.lit.span())),
            Expr::Loop(e) => {
                let lo = self.lower.lo(e.loop_token.span);
                let body = self.block(&e.body);
                (Kind::Loop { kind: LoopKind::Loop, body, label: self.label(e.label.as_ref().map(|l| &l.name)) }, self.until(lo, body))
            }
            Expr::Macro(e) => {
                let lo = self.path_start(&e.mac.path).lo;
                return self.mac(&e.mac, lo);
            }
            Expr::Match(e) => self.match_arms(e),
            Expr::MethodCall(e) => {
                let receiver = self.expr(&e.receiver);
                let name = self.lower.name(&e.method);
                let generics = e.turbofish.as_ref().map_or(Vec::new(), |t| self.lower.generic_args(t));
                let args = self.all(&e.args);
                let span = Span { lo: self.build.span(receiver).lo, hi: self.lower.close(&e.paren_token.span) };
                (Kind::Method { receiver, name, generics, args }, span)
            }
            Expr::Paren(e) => {
                let inner = self.expr(&e.expr);
                return self.parenthesised(inner, &e.paren_token);
            }
            Expr::Path(e) => return self.path_expr(e),
            Expr::Range(e) => {
                let (from, to) = (self.optional(e.start.as_deref()), self.optional(e.end.as_deref()));
                let span = from.into_iter().chain(to).map(|id| self.build.span(id)).reduce(Span::to).unwrap_or_default();
                (Kind::Range(from, to), span)
            }
            Expr::RawAddr(e) => return self.expr(&e.expr),
            Expr::Reference(e) => {
                let lo = self.lower.lo(e.and_token.span);
                let inner = self.expr(&e.expr);
                (Kind::Ref { mutable: e.mutability.is_some(), inner }, self.until(lo, inner))
            }
            Expr::Repeat(e) => {
                let span = self.lower.span(e.bracket_token.span.join());
                let parts = vec![self.expr(&e.expr), self.expr(&e.len)];
                (Kind::Array(parts), span)
            }
            Expr::Return(e) => {
                let span = self.lower.span(e.return_token.span);
                let value = self.optional(e.expr.as_deref());
                (Kind::Return(value), value.map_or(span, |v| span.to(self.build.span(v))))
            }
            Expr::Struct(e) => {
                let path = self.lower.path(&e.path);
                let fields = e.fields.iter().map(|field| (self.member(&field.member), self.expr(&field.expr))).collect();
                let base = self.optional(e.rest.as_deref());
                let span = Span { lo: self.path_start(&e.path).lo, hi: self.lower.close(&e.brace_token.span) };
                (Kind::Struct { path, fields, base }, span)
            }
            Expr::Try(e) => {
                let inner = self.expr(&e.expr);
                (Kind::Try(inner), self.to(inner, e.question_token.span))
            }
            Expr::TryBlock(e) => {
                let lo = self.lower.lo(e.try_token.span);
                let body = self.block(&e.block);
                (Kind::Other(vec![body]), self.until(lo, body))
            }
            Expr::Tuple(e) => {
                let span = self.lower.span(e.paren_token.span.join());
                (Kind::Tuple(self.all(&e.elems)), span)
            }
            Expr::Unary(e) => {
                let inner = self.expr(&e.expr);
                let (kind, op) = match e.op {
                    UnOp::Deref(op) => (Kind::Deref(inner), op.span),
                    UnOp::Not(op) => (Kind::Unary(inner), op.span),
                    UnOp::Neg(op) => (Kind::Unary(inner), op.span),
                    _ => return inner,
                };
                (kind, self.until(self.lower.lo(op), inner))
            }
            Expr::Unsafe(e) => return self.block(&e.block),
            Expr::While(e) => {
                let lo = self.lower.lo(e.while_token.span);
                let outer = self.scope.len();
                let cond = self.expr(&e.cond);
                let body = self.block(&e.body);
                self.scope.truncate(outer);
                let label = self.label(e.label.as_ref().map(|l| &l.name));
                (Kind::Loop { kind: LoopKind::While(cond), body, label }, self.until(lo, body))
            }
            Expr::Yield(e) => {
                let span = self.lower.span(e.yield_token.span);
                let parts = self.optional(e.expr.as_deref()).into_iter().collect();
                (Kind::Other(parts), span)
            }
            _ => (Kind::Other(Vec::new()), Span::default()),
        };
        self.build.expr(kind, span)
    }

    pub(super) fn all<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) -> Vec<ExprId> {
        exprs.into_iter().map(|e| self.expr(e)).collect()
    }

    fn label(&mut self, label: Option<&syn::Lifetime>) -> Option<Name> {
        label.map(|label| self.lower.name(&label.ident))
    }

    fn around(&self, a: ExprId, b: ExprId) -> Span {
        self.build.span(a).to(self.build.span(b))
    }

    fn until(&self, lo: u32, last: ExprId) -> Span {
        Span { lo, hi: self.build.span(last).hi.max(lo) }
    }

    fn to(&self, first: ExprId, last: proc_macro2::Span) -> Span {
        let lo = self.build.span(first).lo;
        Span { lo, hi: self.lower.hi(last).max(lo) }
    }

    fn binary(&mut self, e: &syn::ExprBinary) -> (Kind, Span) {
        let (lhs, rhs) = (self.expr(&e.left), self.expr(&e.right));
        let span = self.around(lhs, rhs);
        let kind = match e.op {
            BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_) => Kind::Assign { compound: true, lhs, rhs },
            BinOp::And(_) => Kind::Binary { lazy: true, op: "&&", lhs, rhs },
            BinOp::Or(_) => Kind::Binary { lazy: true, op: "||", lhs, rhs },
            BinOp::Eq(_) => Kind::Binary { lazy: false, op: "==", lhs, rhs },
            BinOp::Lt(_) => Kind::Binary { lazy: false, op: "<", lhs, rhs },
            _ => Kind::Binary { lazy: false, op: "", lhs, rhs },
        };
        (kind, span)
    }

    fn closure(&mut self, e: &syn::ExprClosure) -> (Kind, Span) {
        let first = e.asyncness.as_ref().map(|t| t.span).or(e.capture.as_ref().map(|t| t.span)).unwrap_or(e.inputs_begin.span);
        let lo = self.lower.lo(first);
        let outer = self.scope.len();
        let params = e.inputs.iter().map(|p| self.pat(p)).collect();
        let body = self.expr(&e.body);
        self.scope.truncate(outer);
        (Kind::Closure { params, body, is_async: e.asyncness.is_some() }, self.until(lo, body))
    }

    fn for_loop(&mut self, e: &syn::ExprForLoop) -> (Kind, Span) {
        let lo = self.lower.lo(e.for_token.span);
        let iter = self.expr(&e.expr);
        let outer = self.scope.len();
        let pat = self.pat(&e.pat);
        let body = self.block(&e.body);
        self.scope.truncate(outer);
        let label = self.label(e.label.as_ref().map(|l| &l.name));
        (Kind::Loop { kind: LoopKind::For { pat, iter }, body, label }, self.until(lo, body))
    }

    fn if_else(&mut self, e: &syn::ExprIf) -> (Kind, Span) {
        let lo = self.lower.lo(e.if_token.span);
        let outer = self.scope.len();
        let cond = self.expr(&e.cond);
        let then = self.block(&e.then_branch);
        self.scope.truncate(outer);
        let otherwise = e.else_branch.as_ref().map(|(_, other)| self.expr(other));
        (Kind::If { cond, then, otherwise }, self.until(lo, otherwise.unwrap_or(then)))
    }

    fn match_arms(&mut self, e: &syn::ExprMatch) -> (Kind, Span) {
        let lo = self.lower.lo(e.match_token.span);
        let scrutinee = self.expr(&e.expr);
        let mut arms = Vec::with_capacity(e.arms.len());
        for arm in &e.arms {
            let outer = self.scope.len();
            let pat = self.pat(&arm.pat);
            let guard = match &arm.pat {
                syn::Pat::Guard(guarded) => Some(self.expr(&guarded.guard)),
                _ => None,
            };
            let body = self.expr(&arm.body);
            self.scope.truncate(outer);
            arms.push(Arm { pat, guard, body });
        }
        (Kind::Match { scrutinee, arms }, Span { lo, hi: self.lower.close(&e.brace_token.span) })
    }

    fn labelled_block(&mut self, e: &syn::ExprBlock) -> ExprId {
        let block = self.block(&e.block);
        let Some(label) = &e.label else { return block };
        let name = self.lower.name(&label.name.ident);
        self.build.set_label(block, name);
        block
    }

    fn parenthesised(&mut self, inner: ExprId, paren: &syn::token::Paren) -> ExprId {
        let span = self.lower.span(paren.span.join());
        self.build.set_span(inner, span);
        inner
    }

    fn path_expr(&mut self, e: &syn::ExprPath) -> ExprId {
        let span = match (e.path.segments.first(), e.path.segments.last()) {
            (Some(first), Some(last)) if e.qself.is_none() && last.arguments.is_none() => {
                self.lower.ident_span(&first.ident).to(self.lower.ident_span(&last.ident))
            }
            _ => slow_span(self.lower, e),
        };
        let local = e.path.get_ident().and_then(|ident| {
            let name = self.lower.name(ident);
            self.scope.find(&name)
        });
        let kind = match local {
            Some(local) if e.qself.is_none() => Kind::Local(local),
            _ => {
                let path = self.lower.path(&e.path);
                Kind::Path(path)
            }
        };
        self.build.expr(kind, span)
    }

    pub(super) fn lit(&mut self, lit: &syn::Lit) -> Lit {
        match lit {
            syn::Lit::Int(int) => int.base10_parse().map_or(Lit::Other, Lit::Int),
            syn::Lit::Str(text) => Lit::Str(text.value().into()),
            _ => Lit::Other,
        }
    }
}
