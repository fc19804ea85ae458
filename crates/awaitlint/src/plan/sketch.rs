//! The function rewritten in its rounds: a sketch to start from, not a fix.

use super::Node;
use crate::fix::map::rewritten;
use crate::flow::{Site, site_of};
use crate::ir::{Kind, LoopKind, StmtKind};
use crate::rules::{Cx, runs_at_once};

/// The statements in the order of their rounds; those that wait in the same round are joined. Empty if nothing would change.
pub(super) fn of(cx: &Cx<'_>, nodes: &[Node<'_>]) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut changed = false;
    let last = nodes.iter().map(|node| node.round).max().unwrap_or(0);
    for round in 0..=last {
        let waiting: Vec<&Node<'_>> = nodes.iter().filter(|node| node.round == round && node.waits).collect();
        if !waiting.is_empty() {
            lines.push(format!("// round {round}"));
        }
        let sites: Vec<Site> = waiting.iter().filter_map(|node| site_of(cx, node.stmt)).collect();
        if waiting.len() > 1 && sites.len() == waiting.len() {
            changed = true;
            lines.push(joined(cx, &sites));
        } else {
            for node in waiting.iter() {
                let concurrent = loop_of(cx, node);
                changed |= concurrent.is_some();
                lines.push(concurrent.unwrap_or_else(|| cx.source(node.stmt.span).to_owned()));
            }
        }
        let rest = nodes.iter().filter(|node| node.round == round && !node.waits);
        lines.extend(rest.map(|node| cx.source(node.stmt.span).to_owned()));
    }
    if changed { lines.join("\n") } else { String::new() }
}

fn joined(cx: &Cx<'_>, sites: &[Site]) -> String {
    let tries = sites.iter().all(|site| site.uses.tries);
    let name = |site: &Site| {
        let source = cx.source(site.span);
        let head = source.split('=').next().unwrap_or_default().trim();
        head.strip_prefix("let").map_or("_", str::trim).to_owned()
    };
    let future = |site: &Site| match cx.body.kind(site.wait) {
        Kind::Await(base) => cx.source(cx.body.span(*base)).to_owned(),
        _ => cx.source(site.span).to_owned(),
    };
    let pats: Vec<String> = sites.iter().map(name).collect();
    let futures: Vec<String> = sites.iter().map(future).collect();
    let krate = cx.kit().join_crate().unwrap_or("tokio");
    let (mac, question) = if tries { ("try_join", "?") } else { ("join", "") };
    format!("let ({}) = {krate}::{mac}!({}){question};", pats.join(", "), futures.join(", "))
}

/// The limit of a sketch, if no other is configured.
const LIMIT: usize = 16;

/// A loop whose iterations can run at once: what a fix would make of it, else a concurrent loop over its body.
fn loop_of(cx: &Cx<'_>, node: &Node<'_>) -> Option<String> {
    let StmtKind::Expr { expr, .. } = node.stmt.kind else { return None };
    let Kind::Loop { kind: LoopKind::For { iter, .. }, body, .. } = cx.body.kind(expr) else { return None };
    if !runs_at_once(cx, expr) {
        return None;
    }
    let mut kit = cx.kit();
    kit.awaitkit |= !kit.futures;
    let limit = kit.limit.unwrap_or(LIMIT);
    if let Some(rewritten) = rewritten(cx, expr, kit, limit) {
        return Some(rewritten.text);
    }
    let head = cx.source(cx.body.span(expr));
    let pat = head.find(" in ").map(|end| head[..end].trim_start_matches("for").trim())?;
    let (iter, block) = (cx.source(cx.body.span(*iter)), cx.source(cx.body.span(*body)));
    Some(format!("awaitkit::try_for_each_concurrent({iter}, awaitkit::limit!({limit}), async |{pat}| {block}).await?;"))
}
