//! What is measured, and what is expected of it.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::host::{Account, Host, Run};
use crate::job::{Idle, Who, Work};
use crate::report::{self, Row, Table, Verdict};
use crate::{Result, python};

const WORK_DIR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/work");
const MIB: usize = 1 << 20;
/// The most that an idle client may have on the heap.
const IDLE_BYTES: u64 = 100_000;

/// The most that one of many waiting calls may have on the heap, its packet and its answer included.
const CALL_BYTES: u64 = 1600;
/// The most allocations of one of many calls.
const CALL_ALLOCATIONS: u64 = 8;

/// How much of everything.
struct Size {
    counts: &'static [usize],
    round_trips_ms: &'static [u64],
    runs: usize,
    file_bytes: usize,
    file_runs: usize,
    idle_clients: usize,
    /// For how long nothing is done with files of sessions before they are measured: they are closed after 30 to 60 s.
    idle_seconds: u64,
}

const FULL: Size = Size {
    counts: &[1000, 5000],
    round_trips_ms: &[0, 20],
    runs: 7,
    file_bytes: 64 * MIB,
    file_runs: 3,
    idle_clients: 1000,
    idle_seconds: 90,
};
const SMOKE: Size =
    Size { counts: &[1000], round_trips_ms: &[0, 20], runs: 1, file_bytes: 12 * MIB, file_runs: 1, idle_clients: 50, idle_seconds: 0 };

/// What is to be run.
pub enum Plan<'a> {
    /// Everything, with Telethon in this Python or one of our own; the results are written.
    Full { python: Option<&'a str> },
    /// Everything once, small.
    Smoke,
    /// One part, of the Rust clients.
    Only(Part),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Calls,
    Files,
    Idle,
}

struct Suite {
    size: &'static Size,
    python: Option<PathBuf>,
    tables: Vec<Table>,
    verdicts: Vec<Verdict>,
}

/// Measures; false if an expectation was missed that can be counted.
pub async fn run(plan: &Plan<'_>) -> Result<bool> {
    let mut skipped = None;
    let python = match plan {
        Plan::Full { python } => python::find(*python).map_err(|error| skipped = Some(error.to_string())).ok(),
        Plan::Smoke | Plan::Only(_) => None,
    };
    if let Some(error) = &skipped {
        println!("Telethon is left out: {error}");
    }
    fs::create_dir_all(WORK_DIR)?;
    let smoke = matches!(plan, Plan::Smoke);
    let mut suite = Suite { size: if smoke { &SMOKE } else { &FULL }, python, tables: Vec::new(), verdicts: Vec::new() };
    for part in [Part::Calls, Part::Files, Part::Idle] {
        match (plan, part) {
            (Plan::Only(only), part) if *only != part => {}
            (_, Part::Calls) => suite.calls().await?,
            (_, Part::Files) => suite.files().await?,
            (_, Part::Idle) => suite.idle().await?,
        }
    }
    fs::remove_dir_all(WORK_DIR)?;
    // One run on a program that is not optimised says nothing of time.
    suite.verdicts.iter().filter(|verdict| verdict.counted || !smoke).for_each(|verdict| println!("{verdict}"));
    if matches!(plan, Plan::Full { .. }) {
        report::write(&suite.tables, &suite.verdicts, suite.python.as_deref(), skipped.as_deref())?;
    }
    Ok(!suite.verdicts.iter().any(|verdict| verdict.counted && !verdict.met))
}

impl Suite {
    async fn calls(&mut self) -> Result {
        for &count in self.size.counts {
            for &ms in self.size.round_trips_ms {
                for (work, how) in [(Work::Joined(count), "joined in one task"), (Work::Spawned(count), "each in a task of its own")] {
                    let title = format!("{} calls at once, {how}, {}", report::thousands(count as u64), after(ms));
                    let rows = self.rows(ms, self.size.runs, work).await?;
                    self.expect_of_calls(&title, count, ms, work, &rows);
                    self.add(title, rows);
                }
            }
        }
        Ok(())
    }

    /// Every client does the work in turn, as often as is asked for, each time on a sandbox of its own.
    async fn rows(&self, ms: u64, runs: usize, work: Work) -> Result<Vec<Row>> {
        let mut all: Vec<(Who, Vec<Run>)> = self.clients(work).into_iter().map(|who| (who, Vec::new())).collect();
        for _ in 0..runs {
            for (who, runs) in &mut all {
                let host = Host::start(Duration::from_millis(ms)).await?;
                let account = host.account()?;
                runs.push(host.run(*who, work, &account, Path::new(""), self.python.as_deref()).await?);
            }
        }
        Ok(all.into_iter().map(|(who, runs)| Row::median(who, &runs)).collect())
    }

    async fn files(&mut self) -> Result {
        let (up, down) = (Path::new(WORK_DIR).join("up.bin"), Path::new(WORK_DIR).join("down.bin"));
        write_noise(&up, self.size.file_bytes)?;
        let size = self.size.file_bytes / MIB;
        for &ms in self.size.round_trips_ms {
            let mut all: Vec<(Who, Vec<Run>, Vec<Run>)> =
                self.clients(Work::Upload).into_iter().map(|who| (who, Vec::new(), Vec::new())).collect();
            for _ in 0..self.size.file_runs {
                for (who, ups, downs) in &mut all {
                    let host = Host::start(Duration::from_millis(ms)).await?;
                    let account: Account = host.account()?;
                    ups.push(host.run(*who, Work::Upload, &account, &up, self.python.as_deref()).await?);
                    downs.push(host.run(*who, Work::Download, &account, &down, self.python.as_deref()).await?);
                    if fs::read(&up)? != fs::read(&down)? {
                        return Err(format!("{who} has not downloaded what it has uploaded").into());
                    }
                    fs::remove_file(&down)?;
                }
            }
            let uploads: Vec<Row> = all.iter().map(|(who, ups, _)| Row::median(*who, ups)).collect();
            let downloads: Vec<Row> = all.iter().map(|(who, _, downs)| Row::median(*who, downs)).collect();
            for (direction, rows) in [("up", uploads), ("down", downloads)] {
                let title = format!("A file of {size} MiB {direction}, {}", after(ms));
                self.expect_ahead(&title, &rows);
                self.add(title, rows);
            }
        }
        Ok(())
    }

    async fn idle(&mut self) -> Result {
        let clients = self.size.idle_clients;
        let keys = Path::new(WORK_DIR).join("keys");
        for (files, store) in [(false, "stores in memory"), (true, "stores in files")] {
            let seconds = if files { self.size.idle_seconds } else { 0 };
            let host = Host::start(Duration::ZERO).await?;
            let accounts = (0..clients).map(|_| host.account()).collect::<Result<Vec<_>>>()?;
            fs::write(&keys, accounts.iter().fold(String::new(), |all, account| all + &account.key + "\n"))?;
            let run = host.run(Who::Ours, Work::Idle { clients, files, seconds }, &accounts[0], &keys, None).await?;
            let Idle { heap_bytes_at_first, heap_bytes, resident_bytes } = run.figures.idle.ok_or("the process has not measured")?;
            let (since, before) = match seconds {
                0 => (String::new(), String::new()),
                _ => (format!(" idle for {seconds} s"), format!("; {heap_bytes_at_first} bytes just after connecting")),
            };
            self.verdicts.push(Verdict {
                what: format!(
                    "{} idle clients, {store}{since}: at most {IDLE_BYTES} bytes on the heap each",
                    report::thousands(clients as u64)
                ),
                found: format!("{heap_bytes} bytes; {resident_bytes} bytes resident{before}"),
                met: heap_bytes <= IDLE_BYTES,
                counted: !files || seconds > 0,
            });
        }
        Ok(())
    }

    /// Joined futures and spawned tasks are the same thing in Telethon: asyncio makes tasks of both.
    fn clients(&self, work: Work) -> Vec<Who> {
        let telethon = self.python.is_some() && !matches!(work, Work::Joined(_));
        [Who::Ours, Who::Grammers].into_iter().chain(telethon.then_some(Who::Telethon)).collect()
    }

    fn add(&mut self, title: String, rows: Vec<Row>) {
        let table = Table { title, rows };
        println!("{table}");
        self.tables.push(table);
    }

    fn expect_of_calls(&mut self, title: &str, count: usize, ms: u64, work: Work, rows: &[Row]) {
        let ours = &rows[0];
        let packets = ours.packets_with_calls.unwrap_or(u64::MAX);
        let (bound, most) = match work {
            Work::Joined(_) => ("at most 1,000 calls a packet, and one more packet", count.div_ceil(1000) as u64 + 1),
            _ => ("at least 50 calls a packet", (count / 50) as u64),
        };
        self.verdicts.push(Verdict {
            what: format!("{title}: {bound}"),
            found: format!("{packets} packets"),
            met: packets <= most,
            counted: true,
        });
        let of_each = [("bytes on the heap", ours.heap_bytes, CALL_BYTES), ("allocations", ours.allocations, CALL_ALLOCATIONS)];
        for (what, found, most) in of_each {
            let found = found.unwrap_or(u64::MAX).div_ceil(count as u64);
            self.verdicts.push(Verdict {
                what: format!("{title}: at most {} {what} a call", report::thousands(most)),
                found: report::thousands(found),
                met: found <= most,
                counted: true,
            });
        }
        if count == 1000 && ms > 0 {
            let (took, most) = (ours.wall_us / 1000, ms + 10);
            self.verdicts.push(Verdict {
                what: format!("{title}: all answered within {most} ms"),
                found: format!("{took} ms"),
                met: took <= most,
                counted: false,
            });
        }
        self.expect_ahead(title, rows);
    }

    fn expect_ahead(&mut self, title: &str, rows: &[Row]) {
        let (ours, others) = (&rows[0], &rows[1..]);
        let best = |of: fn(&Row) -> u64| others.iter().map(of).min().unwrap_or(u64::MAX);
        let ahead = [
            ("processor time", ours.cpu_us, best(|row| row.cpu_us), "µs"),
            ("private memory", ours.private_kib, best(|row| row.private_kib), "KiB"),
            ("peak memory", ours.peak_kib, best(|row| row.peak_kib), "KiB"),
        ];
        for (what, ours, best, unit) in ahead {
            self.verdicts.push(Verdict {
                what: format!("{title}: ahead in {what}"),
                found: format!("{ours} against {best} {unit}"),
                met: ours <= best,
                counted: false,
            });
        }
    }
}

fn after(ms: u64) -> String {
    if ms == 0 { "no delay".to_owned() } else { format!("a round trip of {ms} ms") }
}

/// Bytes that do not compress.
fn write_noise(path: &Path, bytes: usize) -> Result {
    let mut file = BufWriter::new(File::create(path)?);
    let mut block = vec![0; MIB];
    for _ in 0..bytes / MIB {
        getrandom::fill(&mut block)?;
        file.write_all(&block)?;
    }
    Ok(file.flush()?)
}
