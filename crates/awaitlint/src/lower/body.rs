//! Bodies: blocks, statements and the scopes of their locals.

use syn::spanned::Spanned;
use syn::{Block, FnArg, ReceiverKind};

use super::Lower;
use super::attr::{is_left_out, of_expr};
use crate::ir::{Body, Builder, ExprId, Import, Item, ItemKind, Kind, LocalId, Module, Name, PatKind, Path, Stmt, StmtKind};
use crate::source::Span;

/// The names in scope, the innermost last.
#[derive(Default)]
pub(super) struct Scope(Vec<(Name, LocalId)>);

impl Scope {
    pub(super) fn push(&mut self, name: Name, local: LocalId) {
        self.0.push((name, local));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    pub(super) fn find(&self, name: &str) -> Option<LocalId> {
        self.0.iter().rev().find(|(known, _)| &**known == name).map(|&(_, local)| local)
    }
}

/// The state of lowering one body.
pub(super) struct BodyLower<'l, 't> {
    pub(super) lower: &'l mut Lower<'t>,
    pub(super) build: Builder,
    pub(super) scope: Scope,
    pub(super) imports: Vec<(Name, Import)>,
    nested: Vec<Item>,
    /// Inside a `let` under `#[cfg(…)]`.
    pub(super) under_cfg: bool,
    /// Names that such `let`s bound: of two for one name only one is compiled.
    pub(super) alternatives: Vec<(Name, LocalId)>,
}

/// A lowered body with the imports and the items written inside it.
pub(super) struct Lowered {
    pub(super) body: Body,
    pub(super) imports: Vec<(Name, Import)>,
    pub(super) nested: Vec<Item>,
}

impl Lower<'_> {
    pub(super) fn body(&mut self, sig: &syn::Signature, block: &Block) -> Lowered {
        let mut body = BodyLower {
            lower: self,
            build: Builder::default(),
            scope: Scope::default(),
            imports: Vec::new(),
            nested: Vec::new(),
            under_cfg: false,
            alternatives: Vec::new(),
        };
        let mut params = Vec::new();
        for input in &sig.inputs {
            match input {
                FnArg::Receiver(receiver) => {
                    let span = body.lower.span(receiver.self_token.span);
                    let mutable = receiver.mutability.is_some() && matches!(receiver.kind, ReceiverKind::Value | ReceiverKind::Typed(..));
                    let name = body.lower.intern("self");
                    let local = body.bind(name, mutable, span);
                    params.push(body.build.pat(PatKind::Bind(local, None), span));
                }
                FnArg::Typed(param) => params.push(body.pat(&param.pat)),
            }
        }
        let root = body.block(block);
        let BodyLower { build, imports, nested, .. } = body;
        Lowered { body: build.finish(params, root), imports, nested }
    }
}

impl BodyLower<'_, '_> {
    pub(super) fn block(&mut self, block: &Block) -> ExprId {
        let span = self.lower.span(block.brace_token.span.join());
        self.stmts(&block.stmts, span)
    }

    /// A block of these statements in a scope of its own.
    pub(super) fn stmts(&mut self, stmts: &[syn::Stmt], span: Span) -> ExprId {
        let outer = self.scope.len();
        let mut lowered = Vec::with_capacity(stmts.len());
        self.items_first(stmts);
        for stmt in stmts {
            self.stmt(stmt, &mut lowered);
        }
        self.scope.truncate(outer);
        self.build.expr(Kind::Block { stmts: lowered, label: None }, span)
    }

    pub(super) fn stmt(&mut self, stmt: &syn::Stmt, to: &mut Vec<Stmt>) {
        match stmt {
            syn::Stmt::Item(_) => {}
            syn::Stmt::Local(local) if is_left_out(&local.attrs) => {}
            syn::Stmt::Expr(expr, _) if is_left_out(of_expr(expr)) => {}
            syn::Stmt::Local(local) => {
                let (init, otherwise) = match &local.init {
                    Some(init) => {
                        let value = self.expr(&init.expr);
                        (Some(value), init.diverge.as_ref().map(|(_, diverge)| self.expr(diverge)))
                    }
                    None => (None, None),
                };
                self.under_cfg = super::attr::is_cfg(&local.attrs);
                let (pat, ty) = match &local.pat {
                    syn::Pat::Type(typed) => (self.pat(&typed.pat), Some(self.lower.ty(&typed.ty))),
                    pat => (self.pat(pat), None),
                };
                self.under_cfg = false;
                let span = Span { lo: self.lower.lo(local.let_token.span), hi: self.lower.hi(local.semi_token.span) };
                self.lower.covered(&local.attrs, span);
                to.push(Stmt { kind: StmtKind::Let { pat, ty, init, otherwise }, cfg: super::attr::is_cfg(&local.attrs), span });
            }
            syn::Stmt::Expr(expr, semi) => {
                let id = self.expr(expr);
                self.push_expr(id, semi.as_ref().map(|s| s.span), of_expr(expr), to);
            }
            syn::Stmt::Macro(stmt) => {
                let lo = self.path_start(&stmt.mac.path).lo;
                if let Some(pinned) = self.pin_statements(&stmt.mac) {
                    to.extend(pinned);
                    return;
                }
                let id = self.mac(&stmt.mac, lo);
                self.push_expr(id, stmt.semi_token.as_ref().map(|s| s.span), &stmt.attrs, to);
            }
        }
    }

    fn push_expr(&mut self, expr: ExprId, semi: Option<proc_macro2::Span>, attrs: &[syn::Attribute], to: &mut Vec<Stmt>) {
        let mut span = self.build.span(expr);
        if let Some(semi) = semi {
            span.hi = self.lower.hi(semi);
        }
        self.lower.covered(attrs, span);
        to.push(Stmt { kind: StmtKind::Expr { expr, semicolon: semi.is_some() }, cfg: super::attr::is_cfg(attrs), span });
    }

    /// Items of a block are visible in all of it: functions become items of a module without a writable name, imports join the body's.
    fn items_first(&mut self, stmts: &[syn::Stmt]) {
        let mut items = Vec::new();
        for stmt in stmts {
            if let syn::Stmt::Item(item) = stmt {
                self.lower.item(item, &mut items);
            }
        }
        for item in items {
            match item.kind {
                ItemKind::Import(import) => self.imports.push((item.name, import)),
                _ => self.nested.push(item),
            }
        }
    }

    /// Lowers `expr`, or nothing in particular when there is none.
    pub(super) fn optional(&mut self, expr: Option<&syn::Expr>) -> Option<ExprId> {
        expr.map(|expr| self.expr(expr))
    }
}

/// Moves the items of a function's body into a module beside it that only the function can name.
pub(super) fn hoist(outer: &Name, nested: Vec<Item>, test: bool, imports: &mut Vec<(Name, Import)>, to: &mut Vec<Item>) {
    if nested.is_empty() {
        return;
    }
    let name: Name = format!("{{{outer}}}").into();
    for item in &nested {
        imports.push((item.name.clone(), Import { path: Path::new(["self", &name, &item.name]) }));
    }
    let span = nested.iter().map(|item| item.span).reduce(Span::to).unwrap_or_default();
    let test = test || nested.iter().all(|item| item.test);
    let parent = Item { name: "*".into(), span, public: false, test, kind: ItemKind::Import(Import { path: Path::new(["super"]) }) };
    let items = std::iter::once(parent).chain(nested).collect();
    to.push(Item { name, span, public: false, test, kind: ItemKind::Module(Module::Inline(items)) });
}

/// The span of a node that has no cheap one.
pub(super) fn slow_span(lower: &Lower<'_>, node: &impl Spanned) -> Span {
    lower.span(node.span())
}
