//! Tables of what was measured.

use std::fmt;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::host::Run;
use crate::job::Who;
use crate::{Result, python};

const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md");

/// One client in one table: the median of each figure over its runs.
#[derive(Clone, Debug)]
pub struct Row {
    pub who: Who,
    pub cpu_us: u64,
    pub packets_up: u64,
    pub packets_down: u64,
    pub packets_with_calls: Option<u64>,
    pub allocations: Option<u64>,
    pub heap_bytes: Option<u64>,
    pub private_kib: u64,
    pub peak_kib: u64,
    pub p50_us: u64,
    pub p99_us: u64,
    pub wall_us: u64,
}

impl Row {
    pub fn median(who: Who, runs: &[Run]) -> Self {
        let of = |figure: &dyn Fn(&Run) -> u64| {
            let mut all: Vec<u64> = runs.iter().map(figure).collect();
            all.sort_unstable();
            all.get(all.len() / 2).copied().unwrap_or_default()
        };
        let of_known = |figure: fn(&Run) -> Option<u64>| {
            runs.iter().all(|run| figure(run).is_some()).then(|| of(&|run| figure(run).unwrap_or_default()))
        };
        Self {
            who,
            cpu_us: of(&|run| run.figures.cpu_us),
            packets_up: of(&|run| run.traffic.packets_up),
            packets_down: of(&|run| run.traffic.packets_down),
            packets_with_calls: of_known(|run| run.figures.packets_with_calls),
            allocations: of_known(|run| run.figures.allocations),
            heap_bytes: of_known(|run| run.figures.heap_bytes),
            private_kib: of(&|run| run.figures.private_kib),
            peak_kib: of(&|run| run.figures.peak_kib),
            p50_us: of(&|run| run.figures.p50_us),
            p99_us: of(&|run| run.figures.p99_us),
            wall_us: of(&|run| run.figures.wall_us),
        }
    }
}

/// What was measured of one piece of work; ours comes first.
#[derive(Clone, Debug)]
pub struct Table {
    pub title: String,
    pub rows: Vec<Row>,
}

type Column = (&'static str, fn(&Row) -> Option<u64>, fn(u64) -> String);

static COLUMNS: [Column; 10] = [
    ("CPU", |row| Some(row.cpu_us), millis),
    ("packets out", |row| Some(row.packets_up), thousands),
    ("packets in", |row| Some(row.packets_down), thousands),
    ("allocations", |row| row.allocations, thousands),
    ("heap", |row| row.heap_bytes, kibis),
    ("private memory", |row| Some(row.private_kib), mebis),
    ("peak memory", |row| Some(row.peak_kib), mebis),
    ("p50", |row| Some(row.p50_us).filter(|us| *us > 0), millis),
    ("p99", |row| Some(row.p99_us).filter(|us| *us > 0), millis),
    ("wall", |row| Some(row.wall_us), millis),
];

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A transfer has no calls of its own to time.
        let shown = |column: &&Column| self.rows.iter().any(|row| column.1(row).is_some());
        let columns: Vec<&Column> = COLUMNS.iter().filter(shown).collect();
        let names: Vec<&str> = columns.iter().map(|(name, ..)| *name).collect();
        writeln!(f, "### {}\n\n| | {} |\n|---|{}", self.title, names.join(" | "), "---:|".repeat(names.len()))?;
        for row in &self.rows {
            write!(f, "| {} |", row.who)?;
            for (_, figure, show) in &columns {
                match (figure(row), self.rows.first().and_then(figure)) {
                    (Some(value), Some(ours)) if row.who != Who::Ours && ours > 0 => {
                        write!(f, " {} (×{}) |", show(value), ratio(value as f64 / ours as f64))?;
                    }
                    (Some(value), _) => write!(f, " {} |", show(value))?,
                    (None, _) => write!(f, " |")?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Whether something is as it was expected.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub what: String,
    pub found: String,
    pub met: bool,
    /// It was counted, not timed: it does not depend on the machine, and a miss fails the command.
    pub counted: bool,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let met = if self.met { "yes" } else { "**NO**" };
        write!(f, "- {met}: {} ({})", self.what, self.found)
    }
}

/// Writes `RESULTS.md`.
pub fn write(tables: &[Table], verdicts: &[Verdict], python: Option<&Path>, skipped: Option<&str>) -> Result {
    let telethon = match (python, skipped) {
        (Some(python), _) => python::version(python)?,
        (None, why) => format!("left out: {}", why.unwrap_or("no Python")),
    };
    let mut text = String::from(PREFACE);
    text += &format!("\n{}, {} cores, {}; ", cpu(), std::thread::available_parallelism()?, said("date", &["-u", "+%F"])?);
    text += &format!("{}; grammers {}; Telethon {telethon}.\n\n## Tables\n", said("rustc", &["--version"])?, locked("grammers-client"));
    tables.iter().for_each(|table| text += &format!("\n{table}"));
    text += "\n## Expected\n\n";
    verdicts.iter().for_each(|verdict| text += &format!("{verdict}\n"));
    Ok(fs::write(RESULTS, text)?)
}

const PREFACE: &str = "\
# Results

Written by `cargo run --release`; see [README.md](README.md) for what is measured and how. Figures are medians; in parentheses, how many
times ours. Smaller is better everywhere.
";

/// `12345` as `12,345`.
pub fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn millis(us: u64) -> String {
    format!("{:.1} ms", us as f64 / 1e3)
}

fn kibis(bytes: u64) -> String {
    format!("{} KiB", thousands(bytes / 1024))
}

fn mebis(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}

fn ratio(ratio: f64) -> String {
    if ratio < 10.0 { format!("{ratio:.2}") } else { format!("{ratio:.0}") }
}

fn cpu() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.to_owned())
}

fn locked(package: &str) -> String {
    let wanted = format!("name = \"{package}\"\nversion = \"");
    let version = include_str!("../Cargo.lock").split_once(&wanted).and_then(|(_, rest)| rest.split('"').next());
    version.unwrap_or("of unknown version").to_owned()
}

fn said(program: &str, args: &[&str]) -> Result<String> {
    Ok(String::from_utf8_lossy(&Command::new(program).args(args).output()?.stdout).trim().to_owned())
}
