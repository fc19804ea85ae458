//! One update on its way to its handler among twenty, here and in teloxide; and updates through the journal into a store on disk.
//!
//! `cargo run --release` measures and prints the tables of `RESULTS.md`. `-- --smoke` runs a little of everything. Either fails if the
//! allocations of an update, which do not depend on the machine, are too many; times are only told.

mod durable;
mod ours;
mod server;
#[cfg(feature = "teloxide")]
mod theirs;

use std::alloc::System;
use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

/// Counts what is asked of the system's allocator.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Handlers, of which the last fits.
const HANDLERS: usize = 20;
/// What it fits.
const TEXT: &str = "word 19";

fn main() -> ExitCode {
    let smoke = std::env::args().any(|argument| argument == "--smoke");
    // One thread: what an update costs, and not how much of it two cores do at once.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let ended = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(measure(smoke)));
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(smoke: bool) -> Result<bool> {
    let (rounds, count) = if smoke { (1, 200) } else { (11, 50_000) };
    let ours = ours::Ours::new().await?;
    #[cfg(feature = "teloxide")]
    let theirs = theirs::Theirs::new();
    let mut routed: [Vec<Cost>; 4] = Default::default();
    for _ in 0..rounds {
        // In turn, so that what else the machine does is shared.
        routed[0].push(ours.route(count).await?);
        routed[1].push(ours.make_and_route(count).await?);
        #[cfg(feature = "teloxide")]
        {
            routed[2].push(theirs.route(count).await?);
            routed[3].push(theirs.dispatch(count).await?);
        }
    }
    println!("| one update, {HANDLERS} filtered handlers, the last fits | CPU | allocations |\n|---|---:|---:|");
    let names = [
        "quadruplex: the router",
        "quadruplex: made of what Telegram sent, and the router",
        "teloxide: dptree alone",
        "teloxide: its dispatcher",
    ];
    // Without teloxide there are two.
    let costs: Vec<Cost> = routed.iter().filter(|rounds| !rounds.is_empty()).map(|rounds| median(rounds)).collect();
    for (name, cost) in names.iter().zip(&costs) {
        println!("| {name} | {:.2} µs | {:.1} |", cost.each.as_secs_f64() * 1e6, cost.allocations);
    }
    if let [_, ours, .., theirs] = &costs[..] {
        let ratio = theirs.each.as_secs_f64() / ours.each.as_secs_f64();
        println!("\nteloxide's dispatcher takes {ratio:.1} times as much as ours with the making of the update");
    }
    println!("\n| updates through the journal, redb | updates/s | CPU of an update, both ends | rows written |\n|---|---:|---:|---:|");
    for handled in [durable::Handled::AtOnce, durable::Handled::Later, durable::Handled::Behind] {
        let run = durable::run(handled, if smoke { 2_000 } else { 200_000 }).await?;
        println!("| {} | {:.0} | {:.1} µs | {} |", handled.name(), run.rate, run.cpu.as_secs_f64() * 1e6, run.rows);
    }
    let is_frugal = costs[0].allocations <= 2.0;
    if !is_frugal {
        eprintln!("an update makes {} allocations on its way through the router, two are allowed", costs[0].allocations);
    }
    Ok(is_frugal)
}

/// What one of many updates has cost.
#[derive(Clone, Copy, Debug)]
struct Cost {
    each: Duration,
    allocations: f64,
}

/// Counts from its making.
struct Meter {
    cpu: Duration,
    region: Region<'static, System>,
}

impl Meter {
    fn start() -> Self {
        Self { cpu: cpu(), region: Region::new(ALLOCATOR) }
    }

    fn cost(self, count: usize) -> Cost {
        let each = (cpu() - self.cpu) / u32::try_from(count).unwrap_or(u32::MAX);
        Cost { each, allocations: self.region.change().allocations as f64 / count as f64 }
    }
}

/// What the process has computed so far.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.cast_unsigned(), time.tv_nsec.cast_unsigned() as u32)
}

fn median(costs: &[Cost]) -> Cost {
    let mut costs = costs.to_vec();
    costs.sort_by_key(|cost| cost.each);
    costs[costs.len() / 2]
}

fn elapsed(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}
