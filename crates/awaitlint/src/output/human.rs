//! Findings as rustc writes them.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level as Title, Patch, Renderer, Snippet};

use crate::check::Report;
use crate::finding::{Finding, Grade, Level};
use crate::source::{Span, Text};

/// Lines shown around a span that is far from the others are left out by the renderer; a span longer than this is cut to its first line.
const LONG: usize = 400;

pub(super) fn write(report: &Report, colour: bool, to: &mut dyn Write) -> io::Result<()> {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    for finding in &report.findings {
        writeln!(to, "{}\n", renderer.render(&groups(finding, report.text(finding))))?;
    }
    for notice in &report.notices {
        writeln!(to, "note: {}: {}", notice.path.display(), notice.message)?;
    }
    let counts: Vec<String> = Level::ALL
        .iter()
        .map(|&level| (level, report.count(level)))
        .filter(|(_, n)| *n > 0)
        .map(|(level, n)| format!("{n} {}", level.name()))
        .collect();
    let (files, lines) = report.size;
    let found = if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") };
    writeln!(to, "awaitlint: {found} in {files} files, {lines} lines")?;
    if let Some(rule) = report.rules().first() {
        writeln!(to, "  why, and when to ignore it: cargo awaitlint explain {}", rule.name())?;
    }
    Ok(())
}

/// The report of one finding in the renderer's terms.
fn groups<'a>(finding: &'a Finding, text: &'a Text) -> Vec<Group<'a>> {
    let source = text.as_str();
    let title = if finding.level == Level::Certain { Title::WARNING } else { Title::NOTE.with_name("note") };
    let path = finding.path.to_string_lossy();
    let mut snippet = Snippet::source(source).path(path.clone()).annotation(AnnotationKind::Primary.span(cut(source, finding.span)));
    for (span, label) in &finding.labels {
        snippet = snippet.annotation(AnnotationKind::Context.span(cut(source, *span)).label(label.as_str()));
    }
    let id = format!("{}, {}", finding.rule.name(), finding.level.name());
    let mut main = title.primary_title(finding.message.as_str()).id(id).element(snippet);
    if !finding.why.is_empty() {
        main = main.element(Title::NOTE.message(finding.why.as_str()));
    }
    if !finding.help.is_empty() {
        main = main.element(Title::HELP.message(finding.help.as_str()));
    }
    let mut groups = vec![main];
    if let Some(fix) = &finding.fix {
        let how = match fix.grade {
            Grade::MachineApplicable => "--fix",
            Grade::Unsafe => "--fix --unsafe-fixes",
        };
        let patches = fix.edits.iter().map(|edit| Patch::new(edit.span.range(), edit.text.as_str()));
        let snippet = Snippet::source(source).path(path).patches(patches);
        groups.push(Title::HELP.secondary_title(format!("{} ({how})", fix.title)).element(snippet));
    }
    groups
}

/// The bytes of a span; of a long one the first line.
fn cut(source: &str, span: Span) -> std::ops::Range<usize> {
    let range = span.range();
    let text = span.of(source);
    match text.find('\n') {
        Some(end) if text.len() > LONG => range.start..range.start + end,
        _ => range,
    }
}
