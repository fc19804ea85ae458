//! `cargo awaitlint plan FILE::FUNCTION`: the method of the Hack guidelines, applied to one function.
//!
//! Each statement of the body is a step; a step needs another if it uses what that one makes, or if both touch a place that one of them
//! writes. A chain of needs is a chain of waits; steps of one round wait together.

mod rounds;
mod sketch;

use std::fmt;
use std::path::Path;

use self::rounds::Rounds;
use crate::check::session;
use crate::config::{Config, suggest};
use crate::effects::Effect;
use crate::flow::{Uses, awaits};
use crate::index::FunctionAt;
use crate::ir::{Kind, Stmt, StmtKind};
use crate::project::Project;
use crate::rules::{Cx, Session};

/// What a function waits for, and how few rounds of waiting would do.
#[derive(Clone, Debug)]
pub struct Plan {
    function: String,
    steps: Vec<Step>,
    now: Rounds,
    possible: Rounds,
    sketch: String,
}

/// A statement that waits.
#[derive(Clone, Debug)]
struct Step {
    line: usize,
    what: String,
    /// Numbers of the steps it needs, directly or through statements that do not wait.
    needs: Vec<usize>,
    round: usize,
    takes: Rounds,
}

/// A statement of the body with what it needs.
struct Node<'a> {
    stmt: &'a Stmt,
    needs: Vec<usize>,
    takes: Rounds,
    at_best: Rounds,
    round: usize,
    waits: bool,
}

/// Plans the function that `target` names: `src/page.rs::render` or `src/page.rs::Page::render`.
///
/// # Errors
///
/// There is no such file or function; the text lists what there is.
pub fn plan(target: &str) -> Result<Plan, String> {
    let (file, function) =
        target.split_once(".rs::").ok_or_else(|| format!("`{target}` is not FILE::FUNCTION, like src/page.rs::render"))?;
    let path = Path::new(&format!("{file}.rs")).to_owned();
    let real = path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))?;
    let mut config = Config::default();
    config.tests = true;
    let session = session(Project::load(&real)?, &config);
    let workspace = &session.workspace;
    let file = workspace.files.iter().position(|source| source.path == real);
    let file = file.ok_or_else(|| format!("{}: no part of the project, or it does not parse", path.display()))?;
    let items = workspace.functions_of(file);
    let here: Vec<&FunctionAt> = workspace.functions.iter().filter(|at| at.at.file == file).collect();
    let name = |at: &FunctionAt| workspace.index.describe(at.id);
    let found = here.iter().find(|at| name(at) == function || name(at).rsplit("::").next() == Some(function));
    let Some(at) = found else {
        let names: Vec<String> = here.iter().map(|at| name(at)).collect();
        return Err(format!("{}: no function `{function}`; {}", path.display(), suggest(function, names.iter().map(String::as_str))));
    };
    let (item, body) = match items.get(at.at.function) {
        Some((item, function)) => (*item, function.body.as_ref().map(|body| (*function, body))),
        None => return Err(format!("{}: no function `{function}`", path.display())),
    };
    let (function_ir, body) = body.ok_or_else(|| format!("`{function}` has no body"))?;
    let cx = Cx::new(&session, **at, item, function_ir, body);
    Ok(of_function(&cx, format!("{}::{function}", path.display())))
}

/// Plans every function with a body: for fuzzing.
pub(crate) fn all(session: &Session) {
    let workspace = &session.workspace;
    let plan = |at: &FunctionAt| {
        let functions = workspace.functions_of(at.at.file);
        let (item, function) = functions.get(at.at.function)?;
        let body = function.body.as_ref()?;
        Some(of_function(&Cx::new(session, *at, item, function, body), workspace.index.describe(at.id)).to_string())
    };
    crate::parallel::map(&workspace.functions, plan);
}

fn of_function(cx: &Cx<'_>, function: String) -> Plan {
    let mut nodes: Vec<Node<'_>> = Vec::new();
    if let Kind::Block { stmts, .. } = cx.body.kind(cx.body.root) {
        let mut uses: Vec<(Uses, Effect)> = Vec::new();
        for stmt in stmts {
            let (own, effect) = uses_of(cx, stmt);
            let needs: Vec<usize> = (0..nodes.len()).filter(|&i| must_follow(&uses[i], &(own.clone(), effect))).collect();
            let (takes, at_best) = (rounds::now(cx, stmt), rounds::at_best(cx, stmt));
            let waits = takes != Rounds::default();
            let before = needs.iter().map(|&i| nodes[i].round).max().unwrap_or(0);
            nodes.push(Node { stmt, needs, takes, at_best, round: before + usize::from(waits), waits });
            uses.push((own, effect));
        }
    }
    let now = nodes.iter().fold(Rounds::default(), |sum, node| sum + node.takes);
    let rounds = nodes.iter().map(|node| node.round).max().unwrap_or(0);
    let of_round = |round: usize| nodes.iter().filter(move |node| node.waits && node.round == round).map(|node| node.at_best).max();
    let possible = (1..=rounds).filter_map(of_round).fold(Rounds::default(), |sum, longest| sum + longest);
    let sketch = sketch::of(cx, &nodes);
    let numbers: Vec<Option<usize>> = nodes
        .iter()
        .scan(0, |n, node| {
            *n += usize::from(node.waits);
            Some(node.waits.then_some(*n))
        })
        .collect();
    let text = cx.workspace().text(cx.at.at.file);
    let steps = nodes.iter().enumerate().filter(|(_, node)| node.waits).map(|(i, node)| Step {
        line: text.line(node.stmt.span.lo),
        what: cx.source(node.stmt.span).lines().next().unwrap_or_default().trim().to_owned(),
        needs: waiting_needs(&nodes, &numbers, i),
        round: node.round,
        takes: node.takes,
    });
    Plan { function, steps: steps.collect(), now, possible, sketch }
}

fn uses_of(cx: &Cx<'_>, stmt: &Stmt) -> (Uses, Effect) {
    let (exprs, pat) = match &stmt.kind {
        StmtKind::Let { pat, init, otherwise, .. } => (init.iter().chain(otherwise).copied().collect::<Vec<_>>(), Some(*pat)),
        StmtKind::Expr { expr, .. } => (vec![*expr], None),
    };
    let mut uses = Uses::default();
    let mut effect = Effect::Idle;
    for expr in exprs {
        uses.merge(&cx.uses(expr));
        effect = awaits(cx.body, expr).into_iter().map(|wait| cx.effect(wait)).max().unwrap_or(Effect::Idle).max(effect);
    }
    uses.declares.extend(pat.iter().flat_map(|&pat| cx.body.bindings(pat)));
    (uses, effect)
}

/// The second of two statements has to stay behind the first: by what they use, by leaving early, or by the order of effects.
fn must_follow(first: &(Uses, Effect), second: &(Uses, Effect)) -> bool {
    let ordered = first.1 >= Effect::Write && second.1 != Effect::Idle || second.1 >= Effect::Write && first.1 != Effect::Idle;
    first.0.conflicts(&second.0) || first.0.returns || first.0.breaks || ordered
}

/// The waiting steps that a node needs, looking through those that do not wait.
fn waiting_needs(nodes: &[Node<'_>], numbers: &[Option<usize>], at: usize) -> Vec<usize> {
    let mut found = std::collections::BTreeSet::new();
    let mut pending = nodes[at].needs.clone();
    let mut seen = crate::hash::HashSet::default();
    while let Some(next) = pending.pop() {
        if seen.insert(next) {
            match numbers[next] {
                Some(number) => drop(found.insert(number)),
                None => pending.extend(&nodes[next].needs),
            }
        }
    }
    found.into_iter().collect()
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: rounds of waiting now {}, possible {}\n", self.function, self.now, self.possible)?;
        writeln!(f, "  step  line  round  needs     rounds  statement")?;
        for (number, step) in (1..).zip(&self.steps) {
            let needs: Vec<String> = step.needs.iter().map(usize::to_string).collect();
            let needs = if needs.is_empty() { "–".to_owned() } else { needs.join(", ") };
            let takes = step.takes.to_string();
            writeln!(f, "  {number:<4}  {:<4}  {:<5}  {needs:<8}  {takes:<6}  {}", step.line, step.round, step.what)?;
        }
        if !self.sketch.is_empty() {
            writeln!(f, "\n{}", self.sketch.trim_end())?;
        }
        Ok(())
    }
}
