//! Bodies of functions: arenas of expressions with resolved locals.

use super::{Name, Path, Ty};
use crate::source::Span;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct ExprId(pub(crate) u32);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct LocalId(pub(crate) u32);

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct PatId(pub(crate) u32);

/// The body of one function. Closures and async blocks are expressions of it; nested functions are not.
#[derive(Debug)]
pub(crate) struct Body {
    exprs: Vec<Expr>,
    parents: Vec<Option<ExprId>>,
    locals: Vec<Local>,
    pats: Vec<Pat>,
    pub(crate) params: Vec<PatId>,
    pub(crate) root: ExprId,
}

#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) struct Local {
    pub(crate) name: Name,
    pub(crate) mutable: bool,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) struct Pat {
    pub(crate) kind: PatKind,
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) enum PatKind {
    Wild,
    Bind(LocalId, Option<PatId>),
    Tuple(Vec<PatId>),
    /// `Path(a, b)`
    TupleStruct(Path, Vec<PatId>),
    /// `Path { a, b: c }`
    Struct(Path, Vec<(Name, PatId)>),
    Slice(Vec<PatId>),
    Ref(PatId),
    Or(Vec<PatId>),
    Typed(PatId, Ty),
    /// Literals, paths, ranges and `..`.
    Other,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Local(LocalId),
    Path(Path),
    Lit(Lit),
    Call {
        callee: ExprId,
        args: Vec<ExprId>,
    },
    Method {
        receiver: ExprId,
        name: Name,
        generics: Vec<Ty>,
        args: Vec<ExprId>,
    },
    /// A macro whose arguments were read as expressions; `captured` are locals named in it in ways that could not be read.
    Macro {
        path: Path,
        args: Vec<ExprId>,
        captured: Vec<LocalId>,
    },
    /// `join!` and `try_join!`.
    Join {
        kind: JoinKind,
        args: Vec<ExprId>,
    },
    /// `select!`; `otherwise` is its `else`, `default` or `complete`.
    Select {
        arms: Vec<SelectArm>,
        otherwise: Option<ExprId>,
    },
    Await(ExprId),
    Try(ExprId),
    Field(ExprId, Name),
    Index(ExprId, ExprId),
    Ref {
        mutable: bool,
        inner: ExprId,
    },
    Deref(ExprId),
    Unary(ExprId),
    Cast(ExprId, Ty),
    Binary {
        lazy: bool,
        op: &'static str,
        lhs: ExprId,
        rhs: ExprId,
    },
    Assign {
        compound: bool,
        lhs: ExprId,
        rhs: ExprId,
    },
    Block {
        stmts: Vec<Stmt>,
        label: Option<Name>,
    },
    /// An async block, or the body of `stream!`.
    Async {
        body: ExprId,
        stream: bool,
    },
    Closure {
        params: Vec<PatId>,
        body: ExprId,
        is_async: bool,
    },
    If {
        cond: ExprId,
        then: ExprId,
        otherwise: Option<ExprId>,
    },
    /// `let` in a condition.
    Let {
        pat: PatId,
        scrutinee: ExprId,
    },
    Match {
        scrutinee: ExprId,
        arms: Vec<Arm>,
    },
    Loop {
        kind: LoopKind,
        body: ExprId,
        label: Option<Name>,
    },
    Break {
        label: Option<Name>,
        value: Option<ExprId>,
    },
    Continue {
        label: Option<Name>,
    },
    Return(Option<ExprId>),
    Struct {
        path: Path,
        fields: Vec<(Name, ExprId)>,
        base: Option<ExprId>,
    },
    Tuple(Vec<ExprId>),
    Array(Vec<ExprId>),
    Range(Option<ExprId>, Option<ExprId>),
    /// What is of no interest, with the expressions inside it.
    Other(Vec<ExprId>),
}

#[derive(Debug)]
pub(crate) enum LoopKind {
    Loop,
    While(ExprId),
    For { pat: PatId, iter: ExprId },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum JoinKind {
    Join,
    TryJoin,
}

#[derive(Debug)]
pub(crate) struct SelectArm {
    pub(crate) pat: PatId,
    pub(crate) future: ExprId,
    pub(crate) guard: Option<ExprId>,
    pub(crate) handler: ExprId,
}

#[derive(Debug)]
pub(crate) struct Arm {
    pub(crate) pat: PatId,
    pub(crate) guard: Option<ExprId>,
    pub(crate) body: ExprId,
}

#[derive(Debug)]
pub(crate) struct Stmt {
    pub(crate) kind: StmtKind,
    /// Under `#[cfg(…)]`: perhaps not compiled.
    pub(crate) cfg: bool,
    /// With its semicolon.
    pub(crate) span: Span,
}

#[derive(Debug)]
pub(crate) enum StmtKind {
    Let { pat: PatId, ty: Option<Ty>, init: Option<ExprId>, otherwise: Option<ExprId> },
    Expr { expr: ExprId, semicolon: bool },
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Lit {
    Int(u128),
    Str(Name),
    Other,
}

impl Body {
    pub(super) fn new(
        exprs: Vec<Expr>,
        parents: Vec<Option<ExprId>>,
        locals: Vec<Local>,
        pats: Vec<Pat>,
        params: Vec<PatId>,
        root: ExprId,
    ) -> Body {
        Body { exprs, parents, locals, pats, params, root }
    }

    pub(crate) fn kind(&self, id: ExprId) -> &Kind {
        &self.exprs[id.0 as usize].kind
    }

    pub(crate) fn span(&self, id: ExprId) -> Span {
        self.exprs[id.0 as usize].span
    }

    pub(crate) fn parent(&self, id: ExprId) -> Option<ExprId> {
        self.parents[id.0 as usize]
    }

    pub(crate) fn local(&self, id: LocalId) -> &Local {
        &self.locals[id.0 as usize]
    }

    pub(crate) fn pat(&self, id: PatId) -> &Pat {
        &self.pats[id.0 as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.exprs.len()
    }

    pub(crate) fn local_count(&self) -> usize {
        self.locals.len()
    }

    /// Every expression, children before their parents.
    pub(crate) fn ids(&self) -> impl Iterator<Item = ExprId> + use<> {
        (0..self.exprs.len() as u32).map(ExprId)
    }

    /// The expressions around `id`, innermost first.
    pub(crate) fn ancestors(&self, id: ExprId) -> impl Iterator<Item = ExprId> + '_ {
        std::iter::successors(self.parent(id), |&id| self.parent(id))
    }

    /// The direct parts of an expression in the order in which they are evaluated.
    pub(crate) fn children(&self, id: ExprId) -> Vec<ExprId> {
        let mut found = Vec::new();
        children(self.kind(id), &mut |child| found.push(child));
        found
    }

    /// `id` and everything in it, parents before their parts, in the order of evaluation of siblings.
    pub(crate) fn descendants(&self, id: ExprId) -> Vec<ExprId> {
        let mut found = Vec::new();
        let mut pending = vec![id];
        while let Some(next) = pending.pop() {
            found.push(next);
            let first = pending.len();
            children(self.kind(next), &mut |child| pending.push(child));
            pending[first..].reverse();
        }
        found
    }

    /// The locals that a pattern binds.
    pub(crate) fn bindings(&self, pat: PatId) -> Vec<LocalId> {
        let mut found = Vec::new();
        let mut pending = vec![pat];
        while let Some(next) = pending.pop() {
            match &self.pat(next).kind {
                PatKind::Bind(local, inner) => {
                    found.push(*local);
                    pending.extend(inner);
                }
                PatKind::Tuple(parts) | PatKind::TupleStruct(_, parts) | PatKind::Slice(parts) | PatKind::Or(parts) => {
                    pending.extend(parts.iter().rev());
                }
                PatKind::Struct(_, fields) => pending.extend(fields.iter().rev().map(|(_, p)| *p)),
                PatKind::Ref(inner) | PatKind::Typed(inner, _) => pending.push(*inner),
                PatKind::Wild | PatKind::Other => {}
            }
        }
        found
    }
}

/// Calls `each` for the direct parts of an expression in the order in which they are evaluated.
pub(super) fn children(kind: &Kind, each: &mut dyn FnMut(ExprId)) {
    let mut all = |ids: &[ExprId]| ids.iter().copied().for_each(&mut *each);
    match kind {
        Kind::Local(_) | Kind::Path(_) | Kind::Lit(_) | Kind::Continue { .. } => {}
        Kind::Call { callee, args } => {
            all(&[*callee]);
            all(args);
        }
        Kind::Method { receiver, args, .. } => {
            all(&[*receiver]);
            all(args);
        }
        Kind::Macro { args, .. } | Kind::Join { args, .. } | Kind::Tuple(args) | Kind::Array(args) | Kind::Other(args) => all(args),
        Kind::Select { arms, otherwise } => {
            for arm in arms {
                all(arm.guard.as_slice());
                all(&[arm.future, arm.handler]);
            }
            all(otherwise.as_slice());
        }
        Kind::Await(e) | Kind::Try(e) | Kind::Field(e, _) | Kind::Deref(e) | Kind::Unary(e) | Kind::Cast(e, _) => all(&[*e]),
        Kind::Ref { inner, .. } | Kind::Async { body: inner, .. } | Kind::Closure { body: inner, .. } => all(&[*inner]),
        Kind::Let { scrutinee, .. } => all(&[*scrutinee]),
        Kind::Index(a, b) | Kind::Binary { lhs: a, rhs: b, .. } => all(&[*a, *b]),
        Kind::Assign { lhs, rhs, .. } => all(&[*rhs, *lhs]),
        Kind::Block { stmts, .. } => {
            for stmt in stmts {
                match &stmt.kind {
                    StmtKind::Let { init, otherwise, .. } => {
                        all(init.as_slice());
                        all(otherwise.as_slice());
                    }
                    StmtKind::Expr { expr, .. } => all(&[*expr]),
                }
            }
        }
        Kind::If { cond, then, otherwise } => {
            all(&[*cond, *then]);
            all(otherwise.as_slice());
        }
        Kind::Match { scrutinee, arms } => {
            all(&[*scrutinee]);
            for arm in arms {
                all(arm.guard.as_slice());
                all(&[arm.body]);
            }
        }
        Kind::Loop { kind, body, .. } => {
            match kind {
                LoopKind::Loop => {}
                LoopKind::While(head) | LoopKind::For { iter: head, .. } => all(&[*head]),
            }
            all(&[*body]);
        }
        Kind::Break { value, .. } | Kind::Return(value) => all(value.as_slice()),
        Kind::Struct { fields, base, .. } => {
            fields.iter().for_each(|(_, value)| all(&[*value]));
            all(base.as_slice());
        }
        Kind::Range(from, to) => {
            all(from.as_slice());
            all(to.as_slice());
        }
    }
}
