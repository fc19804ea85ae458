//! Making a body.

use super::Name;
use super::body::{Body, Expr, ExprId, Kind, Local, LocalId, Pat, PatId, PatKind, children};
use crate::source::Span;

/// A body under construction.
#[derive(Default)]
pub(crate) struct Builder {
    exprs: Vec<Expr>,
    locals: Vec<Local>,
    pats: Vec<Pat>,
}

impl Builder {
    pub(crate) fn expr(&mut self, kind: Kind, span: Span) -> ExprId {
        self.exprs.push(Expr { kind, span });
        ExprId(self.exprs.len() as u32 - 1)
    }

    pub(crate) fn span(&self, id: ExprId) -> Span {
        self.exprs[id.0 as usize].span
    }

    pub(crate) fn set_span(&mut self, id: ExprId, span: Span) {
        self.exprs[id.0 as usize].span = span;
    }

    pub(crate) fn set_label(&mut self, block: ExprId, name: Name) {
        if let Kind::Block { label, .. } = &mut self.exprs[block.0 as usize].kind {
            *label = Some(name);
        }
    }

    pub(crate) fn pat_span(&self, id: PatId) -> Span {
        self.pats[id.0 as usize].span
    }

    pub(crate) fn pat(&mut self, kind: PatKind, span: Span) -> PatId {
        self.pats.push(Pat { kind, span });
        PatId(self.pats.len() as u32 - 1)
    }

    pub(crate) fn local(&mut self, local: Local) -> LocalId {
        self.locals.push(local);
        LocalId(self.locals.len() as u32 - 1)
    }

    pub(crate) fn finish(self, params: Vec<PatId>, root: ExprId) -> Body {
        let mut parents = vec![None; self.exprs.len()];
        for (id, expr) in self.exprs.iter().enumerate() {
            children(&expr.kind, &mut |child| parents[child.0 as usize] = Some(ExprId(id as u32)));
        }
        Body::new(self.exprs, parents, self.locals, self.pats, params, root)
    }
}
