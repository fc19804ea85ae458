//! The text format of Prometheus: <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>.

use std::fmt::Write;

use super::Gauges;

/// All that is known of all accounts.
pub(super) fn page(accounts: &[Gauges]) -> String {
    let mut page = Page(String::new());
    let one = |value: fn(&Gauges) -> f64| move |gauges: &Gauges, samples: &mut Samples| samples.push((Vec::new(), value(gauges)));
    page.family(
        accounts,
        "gauge",
        "last_update_age_seconds",
        "Since an update has come, or since the start.",
        one(|g| g.silence.as_secs_f64()),
    );
    page.family(accounts, "gauge", "connections", "Connections by data centre, what for, and how they stand.", |g, samples| {
        for ((dc, purpose, state), count) in &g.connections {
            let labels = vec![("dc", dc.to_string()), ("purpose", (*purpose).to_owned()), ("state", (*state).to_owned())];
            samples.push((labels, number(*count)));
        }
    });
    page.family(accounts, "gauge", "connected", "Whether the main connection stands.", one(|g| truth(g.disconnected.is_none())));
    page.family(accounts, "gauge", "login_lost", "Whether Telegram has ended the login.", one(|g| truth(g.login_lost.is_some())));
    page.family(accounts, "gauge", "journal_updates", "Updates that wait or are handled.", one(|g| number(g.journal)));
    page.family(accounts, "gauge", "journal_full", "Whether no more updates are taken, since too many wait.", one(|g| truth(g.is_full)));
    page.family(accounts, "gauge", "store_failing", "Whether nothing can be stored.", one(|g| truth(g.store_failure.is_some())));
    page.family(accounts, "gauge", "dead_letters", "Updates on which handlers have failed too often.", one(|g| number(g.dead_letters)));
    page.family(accounts, "counter", "updates_handled_total", "Updates handled, failures included.", one(|g| count(g.handled.updates)));
    page.family(accounts, "counter", "updates_failed_total", "Updates on which a handler has failed.", one(|g| count(g.handled.failed)));
    page.family(accounts, "gauge", "handlers_running", "Updates that are being handled.", one(|g| number(g.running)));
    page.family(accounts, "gauge", "handlers_limit", "Updates that may be handled at once.", one(|g| number(g.at_once)));
    page.family(accounts, "gauge", "conversations", "Handlers that wait for an answer.", one(|g| number(g.conversations)));
    page.family(accounts, "gauge", "calls_in_flight", "Calls that have no answer yet.", one(|g| number(g.calls_in_flight)));
    page.family(accounts, "counter", "calls_total", "Calls sent.", one(|g| count(g.traffic.calls)));
    page.family(accounts, "gauge", "flood_wait_seconds", "How long until a function is allowed again.", |g, samples| {
        for ((dc, method), (left, _)) in &g.floods {
            samples.push((vec![("dc", dc.to_string()), ("method", (*method).to_owned())], left.as_secs_f64()));
        }
    });
    page.family(accounts, "gauge", "flood_waits_last_hour", "How often Telegram has wanted a wait.", |g, samples| {
        for ((dc, method), (_, waits)) in &g.floods {
            samples.push((vec![("dc", dc.to_string()), ("method", (*method).to_owned())], number(*waits)));
        }
    });
    page.family(accounts, "gauge", "queue_calls", "Calls in queues by name.", |g, samples| {
        samples.extend(g.queues.iter().map(|(name, calls)| (vec![("queue", name.to_string())], number(*calls))));
    });
    page.family(accounts, "counter", "packets_sent_total", "Packets written.", one(|g| count(g.traffic.packets_sent)));
    page.family(accounts, "counter", "packets_received_total", "Packets read.", one(|g| count(g.traffic.packets_received)));
    page.family(accounts, "counter", "bytes_sent_total", "Bytes written.", one(|g| count(g.traffic.bytes_sent)));
    page.family(accounts, "counter", "bytes_received_total", "Bytes read.", one(|g| count(g.traffic.bytes_received)));
    page.0
}

/// Values of one account, with their labels besides the account.
type Samples = Vec<(Vec<(&'static str, String)>, f64)>;

struct Page(String);

impl Page {
    fn family(&mut self, accounts: &[Gauges], kind: &str, name: &str, help: &str, read: impl Fn(&Gauges, &mut Samples)) {
        // Writing into a string does not fail.
        let _ = writeln!(self.0, "# HELP quadruplex_{name} {help}\n# TYPE quadruplex_{name} {kind}");
        for gauges in accounts {
            let mut samples = Samples::new();
            read(gauges, &mut samples);
            for (labels, value) in samples {
                let _ = write!(self.0, "quadruplex_{name}{{account=\"{}\"", escaped(&gauges.account));
                for (label, text) in labels {
                    let _ = write!(self.0, ",{label}=\"{}\"", escaped(&text));
                }
                let _ = writeln!(self.0, "}} {value}");
            }
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

fn truth(is: bool) -> f64 {
    if is { 1.0 } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "2⁵³ is enough")]
fn number(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "2⁵³ is enough")]
fn count(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_text_format() {
        let gauges = Gauges {
            account: "a\"b\\c\n".into(),
            connections: BTreeMap::from([((2, "main", "ready"), 1), ((4, "download", "connecting"), 2)]),
            silence: Duration::from_millis(1500),
            floods: BTreeMap::from([((2, "messages.sendMessage"), (Duration::from_secs(37), 3))]),
            ..Gauges::default()
        };
        let text = page(&[gauges, Gauges { account: "other".into(), ..Gauges::default() }]);
        let account = r#"account="a\"b\\c\n""#;
        for line in [
            "# TYPE quadruplex_last_update_age_seconds gauge".to_owned(),
            format!("quadruplex_last_update_age_seconds{{{account}}} 1.5"),
            format!("quadruplex_connections{{{account},dc=\"4\",purpose=\"download\",state=\"connecting\"}} 2"),
            format!("quadruplex_flood_wait_seconds{{{account},dc=\"2\",method=\"messages.sendMessage\"}} 37"),
            "quadruplex_updates_handled_total{account=\"other\"} 0".to_owned(),
        ] {
            assert!(text.lines().any(|other| other == line), "{line}\n{text}");
        }
        let kinds = text.lines().filter(|line| line.starts_with("# TYPE"));
        let mut names: Vec<_> = kinds.filter_map(|line| line.split(' ').nth(2)).collect();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "each once, with all its samples");
    }
}
