//! The types of all expressions of a body, in one pass from the inside out.

use super::calls::Callee;
use super::{Env, Type};
use crate::hash::HashMap;
use crate::index::{FunctionAt, Id, Index, Owner, Place, Workspace};
use crate::ir::{Body, ExprId, Function, Import, JoinKind, Kind, Lit, LocalId, LoopKind, Name, PatId, PatKind, Receiver, StmtKind};
use crate::names::Known;

/// What is known of the expressions of one body.
pub(crate) struct Typing<'a> {
    pub(super) index: &'a Index,
    workspace: &'a Workspace,
    pub(super) body: &'a Body,
    pub(super) place: Place,
    pub(super) imports: &'a [(Name, Import)],
    pub(super) env: Env<'a>,
    types: Vec<Type>,
    locals: Vec<Type>,
    callees: HashMap<ExprId, Callee>,
}

/// What to do once the type of an expression is known.
enum After {
    Bind(PatId),
    /// The pattern has this written type, of which the expression may know more.
    Annotated(PatId, Type),
    BindItem(PatId),
    BindOutput(PatId),
    /// The expression is the receiver of this method call, whose closures get their parameters' types.
    Closures(ExprId),
}

impl<'a> Typing<'a> {
    /// Types the body of a member's function.
    pub(crate) fn new(workspace: &'a Workspace, at: &FunctionAt, function: &'a Function, body: &'a Body) -> Self {
        let index = &workspace.index;
        let place = index.place_of(at.id);
        let env = Env::new(index, place).imports(&function.imports).generics(&function.signature.generics).self_ty(self_type(index, at.id));
        let mut typing = Typing {
            index,
            workspace,
            body,
            place,
            imports: &function.imports,
            env,
            types: vec![Type::Unknown; body.len()],
            locals: vec![Type::Unknown; body.local_count()],
            callees: HashMap::default(),
        };
        typing.params(function);
        typing.run();
        typing
    }

    pub(crate) fn of(&self, expr: ExprId) -> &Type {
        &self.types[expr.0 as usize]
    }

    pub(crate) fn local(&self, local: LocalId) -> &Type {
        &self.locals[local.0 as usize]
    }

    /// Which function a call or method call calls, if anything is known of it.
    pub(crate) fn callee(&self, expr: ExprId) -> Option<&Callee> {
        self.callees.get(&expr)
    }

    /// Whether calling a function runs a body of the workspace, so that what it does is known.
    pub(crate) fn is_member(&self, id: Id) -> bool {
        self.workspace.knows(id)
    }

    /// The name of the type whose impl the function stands in.
    pub(crate) fn self_name(&self) -> Option<String> {
        match self.env.ty(&crate::ir::Ty::Path(crate::ir::Path::new(["Self"]))) {
            Type::Adt(adt) => Some(adt.canon.last().to_owned()),
            _ => None,
        }
    }

    /// The bodies of the workspace that a call runs, if it runs nothing else.
    pub(crate) fn bodies(&self, call: ExprId) -> Vec<Id> {
        self.callee(call).and_then(Callee::id).map_or_else(Vec::new, |id| self.workspace.bodies(id))
    }

    /// The call is to an async function of a dependency in which nothing waits.
    pub(crate) fn is_idle(&self, call: ExprId) -> bool {
        let callee = self.callee(call).and_then(Callee::id);
        callee.is_some_and(|id| self.index.function(id).idle)
    }

    /// Whether a crate is there to speak with the outside.
    pub(crate) fn is_service(&self, krate: &str) -> bool {
        self.workspace.services.contains(krate) || Known::Service.has(krate)
    }

    /// Whether a crate is built on one of those.
    pub(crate) fn is_front(&self, krate: &str) -> bool {
        self.workspace.fronts.contains(krate)
    }

    fn params(&mut self, function: &Function) {
        let mut pats = self.body.params.iter();
        let this = self.env.ty(&crate::ir::Ty::Path(crate::ir::Path::new(["Self"])));
        let mutable = match function.signature.receiver {
            Receiver::None => None,
            Receiver::Ref => Some(Some(false)),
            Receiver::Mut | Receiver::Pin => Some(Some(true)),
            Receiver::Value => Some(None),
        };
        if let Some(reference) = mutable
            && let Some(&pat) = pats.next()
        {
            let ty = reference.map_or(this.clone(), |mutable| Type::Ref { mutable, inner: this.into() });
            self.bind(pat, ty);
        }
        for (&pat, param) in pats.zip(&function.signature.params) {
            let ty = self.env.ty(&param.ty);
            self.bind(pat, ty);
        }
    }

    fn run(&mut self) {
        let mut after: HashMap<ExprId, Vec<After>> = HashMap::default();
        for id in self.body.ids() {
            self.plan(id, &mut after);
        }
        for id in self.body.ids() {
            self.types[id.0 as usize] = self.infer(id);
            for action in after.remove(&id).unwrap_or_default() {
                let ty = self.of(id).clone();
                match action {
                    After::Bind(pat) => self.bind(pat, ty),
                    After::Annotated(pat, written) => self.bind(pat, self.completed(id, written, ty)),
                    After::BindItem(pat) => self.bind(pat, self.item_of(&ty)),
                    After::BindOutput(pat) => self.bind(pat, ty.output(self.index).unwrap_or(Type::Unknown)),
                    After::Closures(call) => self.bind_closures(call, &ty),
                }
            }
        }
    }

    fn plan(&mut self, id: ExprId, after: &mut HashMap<ExprId, Vec<After>>) {
        let body = self.body;
        let mut then = |at: ExprId, action: After| after.entry(at).or_default().push(action);
        match body.kind(id) {
            Kind::Block { stmts, .. } => {
                for stmt in stmts {
                    match &stmt.kind {
                        StmtKind::Let { pat, ty: Some(ty), init, .. } => {
                            let ty = self.env.ty(ty);
                            match init {
                                Some(init) => then(*init, After::Annotated(*pat, ty)),
                                None => self.bind(*pat, ty),
                            }
                        }
                        StmtKind::Let { pat, ty: None, init: Some(init), .. } => then(*init, After::Bind(*pat)),
                        _ => {}
                    }
                }
            }
            Kind::Loop { kind: LoopKind::For { pat, iter }, .. } => then(*iter, After::BindItem(*pat)),
            Kind::Let { pat, scrutinee } => then(*scrutinee, After::Bind(*pat)),
            Kind::Match { scrutinee, arms } => arms.iter().for_each(|arm| then(*scrutinee, After::Bind(arm.pat))),
            Kind::Select { arms, .. } => arms.iter().for_each(|arm| then(arm.future, After::BindOutput(arm.pat))),
            Kind::Method { receiver, args, .. } if args.iter().any(|&arg| matches!(body.kind(arg), Kind::Closure { .. })) => {
                then(*receiver, After::Closures(id));
            }
            Kind::Closure { params, .. } => params.iter().for_each(|&pat| {
                if let PatKind::Typed(_, ty) = &body.pat(pat).kind {
                    let ty = self.env.ty(ty);
                    self.bind(pat, ty);
                }
            }),
            _ => {}
        }
    }

    /// `Vec<_>` with the item of what is collected into it.
    fn completed(&self, init: ExprId, written: Type, found: Type) -> Type {
        match (&written, self.body.kind(init)) {
            (Type::Unknown, _) => found,
            (Type::Adt(adt), Kind::Method { receiver, name, .. }) if &**name == "collect" && adt.args.iter().all(Type::is_unknown) => {
                let item = self.of(*receiver).arg(0);
                Type::path(adt.canon.clone(), vec![item])
            }
            _ => written,
        }
    }

    fn infer(&mut self, id: ExprId) -> Type {
        let body = self.body;
        match body.kind(id) {
            Kind::Local(local) => self.local(*local).clone(),
            Kind::Path(path) => self.path_value(path),
            Kind::Lit(Lit::Int(_)) => Type::external("std::usize", []),
            Kind::Lit(Lit::Str(_)) => Type::external("std::str", []).reference(),
            Kind::Call { callee, args } => self.call(id, *callee, args),
            Kind::Method { receiver, name, generics, args, .. } => self.method(id, *receiver, name, generics, args),
            Kind::Await(base) => self.of(*base).output(self.index).unwrap_or(Type::Unknown),
            Kind::Try(base) => match self.of(*base) {
                ty if ty.is_any(&["std::result::Result", "std::option::Option"])
                    || ty.canon().is_some_and(|c| c.last().contains("Result")) =>
                {
                    ty.arg(0)
                }
                _ => Type::Unknown,
            },
            Kind::Field(base, name) => self.field(self.of(*base), name),
            Kind::Index(base, _) => match self.of(*base).peel_refs() {
                ty if ty.canon().is_some_and(|canon| canon.last().ends_with("Map")) => ty.arg(1),
                ty => self.item_of(ty),
            },
            Kind::Ref { mutable, inner } => match self.of(*inner) {
                Type::Unknown => Type::Unknown,
                ty => Type::Ref { mutable: *mutable, inner: ty.clone().into() },
            },
            Kind::Deref(inner) => self.of(*inner).deref(self.index).unwrap_or(Type::Unknown),
            Kind::Unary(inner) => self.of(*inner).clone(),
            Kind::Cast(_, ty) => self.env.ty(ty),
            Kind::Binary { op, lhs, .. } => {
                if op.is_empty() {
                    self.of(*lhs).clone()
                } else {
                    Type::external("std::bool", [])
                }
            }
            Kind::Block { stmts, .. } => match stmts.last().map(|stmt| &stmt.kind) {
                Some(StmtKind::Expr { expr, semicolon: false }) => self.of(*expr).clone(),
                _ => Type::unit(),
            },
            Kind::Async { stream: true, .. } => Type::Unknown.stream(),
            Kind::Async { body, .. } => self.of(*body).clone().future(),
            Kind::Closure { body, is_async, .. } => {
                let returns = self.of(*body).clone();
                Type::Fn(if *is_async { returns.future() } else { returns }.into())
            }
            Kind::If { then, otherwise, .. } => match (self.of(*then), otherwise) {
                (Type::Unknown, Some(otherwise)) => self.of(*otherwise).clone(),
                (ty, _) => ty.clone(),
            },
            Kind::Match { arms, .. } => {
                let types = arms.iter().map(|arm| self.of(arm.body));
                types.filter(|ty| !ty.is_unknown()).max_by_key(|ty| **ty != Type::unit()).cloned().unwrap_or(Type::Unknown)
            }
            Kind::Struct { path, .. } => self.env.ty(&crate::ir::Ty::Path(path.clone())),
            Kind::Tuple(parts) => Type::Tuple(parts.iter().map(|&part| self.of(part).clone()).collect()),
            Kind::Array(parts) => Type::Slice(parts.first().map_or(Type::Unknown, |&part| self.of(part).clone()).into()),
            Kind::Range(..) => Type::external("std::usize", []).iterator(),
            Kind::Macro { path, args, .. } => match path.last() {
                "format" | "concat" | "stringify" => Type::external("std::string::String", []),
                "pin" => args.first().map_or(Type::Unknown, |&arg| self.of(arg).clone()),
                "matches" => Type::external("std::bool", []),
                "span" | "trace_span" | "debug_span" | "info_span" | "warn_span" | "error_span" => Type::external("tracing::Span", []),
                _ => Type::Unknown,
            },
            Kind::Join { kind, args } => {
                let outputs = args.iter().map(|&arg| self.of(arg).output(self.index).unwrap_or(Type::Unknown));
                match kind {
                    JoinKind::Join => Type::Tuple(outputs.collect()),
                    JoinKind::TryJoin => Type::external("std::result::Result", [Type::Tuple(outputs.map(|o| o.arg(0)).collect())]),
                }
            }
            _ => Type::Unknown,
        }
    }

    pub(super) fn note_callee(&mut self, call: ExprId, callee: Callee) {
        self.callees.insert(call, callee);
    }

    pub(super) fn set_local(&mut self, local: LocalId, ty: Type) {
        self.locals[local.0 as usize] = ty;
    }
}

/// `Self` where a function is written.
fn self_type(index: &Index, id: Id) -> Option<Type> {
    let function = index.function(id);
    match function.owner {
        Owner::Module => None,
        Owner::Trait(item) => Some(Type::Traits([Id { krate: id.krate, item }].into())),
        Owner::Impl(item) => {
            let implementation = index.impl_item(Id { krate: id.krate, item });
            let place = Place { krate: id.krate, module: implementation.module };
            Some(Env::new(index, place).generics(&function.signature.generics).ty(&implementation.ty))
        }
    }
}
