//! What the measured processes of the Rust clients have in common.

use std::fs;
use std::future::poll_fn;
use std::io::{Write, stdin, stdout};
use std::pin::pin;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use stats_alloc::Stats;
use tokio::task::spawn_blocking;

use crate::job::Figures;
use crate::{ALLOCATOR, Result};

/// Measures the work between two moments.
pub struct Meter {
    began: Instant,
    cpu: Duration,
    heap: Stats,
    /// The most that was on the heap during the work, where that was watched.
    most_heap: Option<u64>,
}

impl Meter {
    /// Says that the client is ready and waits until it may begin.
    pub async fn ready() -> Result<Self> {
        say("ready")?;
        // What a client does by itself goes on meanwhile.
        spawn_blocking(|| stdin().read_line(&mut String::new())).await??;
        Ok(Self { began: Instant::now(), cpu: cpu(), heap: ALLOCATOR.stats(), most_heap: None })
    }

    /// Does work that waits, and notes what is on the heap whenever it begins or ceases to wait.
    pub async fn watch<F: Future>(&mut self, work: F) -> F::Output {
        let mut work = pin!(work);
        poll_fn(|cx| {
            let before = heap();
            let polled = work.as_mut().poll(cx);
            self.most_heap = self.most_heap.max(Some(before.max(heap())));
            polled
        })
        .await
    }

    /// Reports the work, whose calls took so long each.
    pub fn report(self, mut latencies: Vec<Duration>, packets_with_calls: Option<u64>) -> Result {
        let (wall, cpu, heap) = (self.began.elapsed(), cpu() - self.cpu, ALLOCATOR.stats() - self.heap);
        let before = bytes(&self.heap);
        latencies.sort_unstable();
        let part = |permille: usize| latencies.get((latencies.len() * permille / 1000).min(latencies.len().saturating_sub(1)));
        let micros = |duration: Duration| duration.as_micros() as u64;
        let figures = Figures {
            wall_us: micros(wall),
            cpu_us: micros(cpu),
            allocations: Some((heap.allocations + heap.reallocations) as u64),
            heap_bytes: self.most_heap.map(|most| most.saturating_sub(before)),
            peak_kib: status("VmHWM")?,
            private_kib: status("VmHWM")?.saturating_sub(status("RssFile")?),
            p50_us: part(500).copied().map_or(0, micros),
            p99_us: part(990).copied().map_or(0, micros),
            packets_with_calls,
            idle: None,
        };
        say(&serde_json::to_string(&figures)?)
    }
}

/// Says a line to the process that measures.
pub fn say(line: &str) -> Result {
    let mut out = stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// A line of `/proc/self/status`, in KiB.
pub fn status(name: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    kib.ok_or_else(|| format!("/proc/self/status has no {name}").into())
}

/// How many bytes are on the heap.
pub fn heap() -> u64 {
    bytes(&ALLOCATOR.stats())
}

fn bytes(stats: &Stats) -> u64 {
    stats.bytes_allocated.saturating_sub(stats.bytes_deallocated) as u64
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}
