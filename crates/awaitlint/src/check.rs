//! From a project to its findings.

use std::path::{Path, PathBuf};

use crate::config::{Config, Overrides};
use crate::effects::facts;
use crate::exceptions;
use crate::finding::{Finding, Level};
use crate::fix::Kit;
use crate::index::{Scope, Workspace, load, load_texts};
use crate::parallel;
use crate::project::{Notice, Project, TargetKind};
use crate::rules::{self, Cx, Draft, Rule, Session};

/// What a check found, with the sources it was found in.
pub struct Report {
    /// The findings that are shown, by file and place.
    pub findings: Vec<Finding>,
    /// What could not be read.
    pub notices: Vec<Notice>,
    /// Files and lines that were checked.
    pub size: (usize, usize),
    pub(crate) session: Session,
}

/// Checks the project around `path`.
///
/// # Errors
///
/// The path does not exist, or the configuration is wrong; the text says what and where.
pub fn check(path: &Path, overrides: &Overrides) -> Result<Report, String> {
    let project = Project::load(path)?;
    let mut config = Config::load(&project)?;
    config.apply(overrides)?;
    let only = path.canonicalize().ok().filter(|path| project.root != *path && !path.join("Cargo.toml").is_file());
    Ok(check_project(project, &config, only))
}

/// Checks texts as the files of one crate in `edition` that has no dependencies: for tests, and for tools that hold their sources in memory.
/// The crate is a program if one of them is `main.rs`.
///
/// # Errors
///
/// The overrides are wrong.
///
/// ```
/// let source = "async fn speak() {} async fn run() { let _spoken = speak(); }";
/// let report = awaitlint::check_texts([("main.rs".into(), source.into())], 2024, &Default::default()).unwrap();
/// assert_eq!(report.findings[0].rule, awaitlint::Rule::UnawaitedFuture);
/// ```
pub fn check_texts(texts: impl IntoIterator<Item = (PathBuf, String)>, edition: u16, overrides: &Overrides) -> Result<Report, String> {
    let mut config = Config::default();
    config.apply(overrides)?;
    let workspace = load_texts(texts.into_iter().collect(), edition, scope(&config));
    Ok(check_session(session_of(workspace, &config), &config, None))
}

pub(crate) fn check_project(project: Project, config: &Config, only: Option<PathBuf>) -> Report {
    check_session(session(project, config), config, only)
}

pub(crate) fn scope(config: &Config) -> Scope {
    Scope { tests: config.tests, build_scripts: config.build_scripts, examples: config.examples }
}

/// A project with everything that rules ask about it.
pub(crate) fn session(project: Project, config: &Config) -> Session {
    session_of(load(project, scope(config)), config)
}

pub(crate) fn session_of(workspace: Workspace, config: &Config) -> Session {
    let (summaries, blocking) = facts(&workspace);
    let kits = workspace.project.packages.iter().map(|package| Kit::of(package, config.limit)).collect();
    Session { workspace, summaries, blocking, kits }
}

pub(crate) fn check_session(session: Session, config: &Config, only: Option<PathBuf>) -> Report {
    let files: Vec<usize> = (0..session.workspace.files.len()).collect();
    let found = parallel::map(&files, |&file| check_file(&session, config, file));
    let mut findings: Vec<Finding> = found.into_iter().flatten().flatten().collect();
    let root = &session.workspace.project.root;
    if let Some(only) = only {
        findings.retain(|finding| root.join(&finding.path).starts_with(&only));
    }
    findings.sort_by(|a, b| (&a.path, a.span, a.rule).cmp(&(&b.path, b.span, b.rule)));
    let mut notices = session.workspace.notices.clone();
    notices.sort();
    let size = (session.workspace.files.len(), session.workspace.lines());
    Report { findings, notices, size, session }
}

/// The findings of one file, exceptions taken into account.
fn check_file(session: &Session, config: &Config, file: usize) -> Vec<Finding> {
    let workspace = &session.workspace;
    let source = &workspace.files[file];
    if source.file.generated && !config.generated {
        return Vec::new();
    }
    let functions = workspace.functions_of(file);
    let mut drafts: Vec<Draft> = Vec::new();
    let first = workspace.functions.partition_point(|f| f.at.file < file);
    for at in workspace.functions[first..].iter().take_while(|f| f.at.file == file) {
        let Some((item, function)) = functions.get(at.at.function) else { continue };
        let test = at.test || matches!(source.kind, TargetKind::Test | TargetKind::Bench);
        let Some(body) = function.body.as_ref().filter(|_| config.tests || !test) else { continue };
        let cx = Cx::new(session, *at, item, function, body);
        drafts.extend(rules::check(&cx, &|rule| config.wants(rule)));
    }
    let text = workspace.text(file);
    let path = source.path.strip_prefix(&workspace.project.root).unwrap_or(&source.path).to_owned();
    let finding = |draft: Draft| {
        let (line, column) = text.position(draft.span.lo);
        Finding {
            rule: draft.rule,
            level: draft.level,
            path: path.clone(),
            line,
            column,
            end: text.position(draft.span.hi),
            message: draft.message,
            why: draft.why,
            help: draft.help,
            fix: draft.fix,
            file,
            span: draft.span,
            labels: draft.labels,
        }
    };
    let mut findings: Vec<Finding> = drafts.into_iter().map(finding).collect();
    findings.dedup_by(|a, b| a.rule == b.rule && a.span == b.span);
    exceptions::apply(&source.file.exceptions, config, file, &path, text, &mut findings);
    findings.retain(|finding| config.shows(finding.rule, finding.level));
    findings
}

impl Report {
    /// Findings of each level.
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }

    /// The text of the file of a finding.
    pub(crate) fn text(&self, finding: &Finding) -> &crate::source::Text {
        self.session.workspace.text(finding.file)
    }

    /// All rules with at least one finding, for the summary.
    pub fn rules(&self) -> Vec<Rule> {
        let mut rules: Vec<Rule> = self.findings.iter().map(|finding| finding.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    /// What the paths of findings are relative to.
    pub fn root(&self) -> &Path {
        &self.session.workspace.project.root
    }
}
