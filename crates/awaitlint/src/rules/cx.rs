//! What a rule sees: one function with everything that is known of it.

use std::cell::OnceCell;

use super::Rule;
use crate::effects::{Blocking, Effect, Reach, Summaries, effect_of_await};
use crate::finding::{Fix, Level};
use crate::fix::Kit;
use crate::flow::{Aliases, Uses};
use crate::index::{FunctionAt, Id, Workspace};
use crate::ir::{Body, ExprId, Function, Item, Kind};
use crate::project::TargetKind;
use crate::source::Span;
use crate::types::{Callee, Typing};

/// A finding before it gets its place and its rule.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) rule: Rule,
    pub(crate) level: Level,
    pub(crate) span: Span,
    pub(crate) message: String,
    pub(crate) why: String,
    pub(crate) help: String,
    pub(crate) labels: Vec<(Span, String)>,
    pub(crate) fix: Option<Fix>,
}

impl Draft {
    pub(crate) fn new(level: Level, span: Span, message: impl Into<String>) -> Draft {
        Draft {
            rule: Rule::Exception,
            level,
            span,
            message: message.into(),
            why: String::new(),
            help: String::new(),
            labels: Vec::new(),
            fix: None,
        }
    }

    pub(crate) fn why(mut self, why: impl Into<String>) -> Draft {
        self.why = why.into();
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Draft {
        self.help = help.into();
        self
    }

    pub(crate) fn label(mut self, span: Span, text: impl Into<String>) -> Draft {
        self.labels.push((span, text.into()));
        self
    }

    pub(crate) fn fix(mut self, fix: Option<Fix>) -> Draft {
        self.fix = fix;
        self
    }
}

/// One function.
pub(crate) struct Cx<'a> {
    pub(crate) session: &'a Session,
    pub(crate) at: FunctionAt,
    pub(crate) item: &'a Item,
    pub(crate) function: &'a Function,
    pub(crate) body: &'a Body,
    pub(crate) typing: Typing<'a>,
    aliases: OnceCell<Aliases>,
    pub(super) farthest: OnceCell<Option<Reach>>,
}

/// What is the same for all functions of a run.
pub(crate) struct Session {
    pub(crate) workspace: Workspace,
    pub(crate) summaries: Summaries,
    pub(crate) blocking: Blocking,
    /// What fixes may use, by package.
    pub(crate) kits: Vec<Kit>,
}

impl<'a> Cx<'a> {
    pub(crate) fn new(session: &'a Session, at: FunctionAt, item: &'a Item, function: &'a Function, body: &'a Body) -> Self {
        let typing = Typing::new(&session.workspace, &at, function, body);
        Cx { session, at, item, function, body, typing, aliases: OnceCell::new(), farthest: OnceCell::new() }
    }

    pub(crate) fn workspace(&self) -> &'a Workspace {
        &self.session.workspace
    }

    pub(crate) fn kit(&self) -> Kit {
        let package = self.session.workspace.files[self.at.at.file].package;
        self.session.kits.get(package).copied().unwrap_or_default()
    }

    pub(crate) fn text(&self) -> &'a str {
        self.session.workspace.text(self.at.at.file).as_str()
    }

    pub(crate) fn source(&self, span: Span) -> &'a str {
        span.of(self.text())
    }

    pub(crate) fn edition(&self) -> u16 {
        self.session.workspace.edition(self.at.at.file)
    }

    pub(crate) fn target(&self) -> TargetKind {
        self.session.workspace.files[self.at.at.file].kind
    }

    pub(crate) fn uses(&self, expr: ExprId) -> Uses {
        let aliases = self.aliases.get_or_init(|| Aliases::new(self.body));
        Uses::of(&self.typing, self.body, aliases, expr)
    }

    /// The effect of an await expression.
    pub(crate) fn effect(&self, await_expr: ExprId) -> Effect {
        match self.body.kind(await_expr) {
            Kind::Await(base) => effect_of_await(&self.typing, &self.session.summaries, self.body, *base),
            _ => Effect::Unknown,
        }
    }

    /// The body of a plain function is nothing but an async block or a call, as far as it is known.
    pub(crate) fn only_makes_a_future(&self, id: Id) -> bool {
        self.body_of(id).is_none_or(|body| matches!(body.kind(body.root), Kind::Block { stmts, .. } if stmts.len() == 1))
    }

    /// The body of a function of the workspace.
    pub(crate) fn body_of(&self, id: Id) -> Option<&'a Body> {
        let workspace = self.workspace();
        let at = workspace.by_id.get(&id).map(|&at| workspace.functions[at].at)?;
        workspace.functions_of(at.file).get(at.function).and_then(|(_, function)| function.body.as_ref())
    }

    pub(crate) fn callee(&self, call: ExprId) -> Option<&Callee> {
        self.typing.callee(call)
    }

    /// The name of what a call calls.
    pub(crate) fn called(&self, call: ExprId) -> &'a str {
        match self.body.kind(call) {
            Kind::Method { name, .. } => name,
            Kind::Call { callee, .. } => match self.body.kind(*callee) {
                Kind::Path(path) => path.last(),
                Kind::Local(local) => &self.body.local(*local).name,
                _ => "",
            },
            Kind::Macro { path, .. } => path.last(),
            _ => "",
        }
    }

    /// The name of what a call calls, for a message: `` `get_user` ``.
    pub(crate) fn quoted(&self, call: ExprId) -> String {
        let name = self.called(call);
        if name.is_empty() { "this".to_owned() } else { format!("`{name}`") }
    }
}
