//! The log: on standard error, and its end in memory for reports.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{LazyLock, Mutex};

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::{MakeWriter, layer};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, registry};

use crate::client::lock;

/// So many bytes of the log are kept.
const KEPT: usize = 64 * 1024;

static TAIL: LazyLock<Mutex<VecDeque<u8>>> = LazyLock::new(Mutex::default);

/// A program that has no subscriber gets one: on standard error, warnings, or what `RUST_LOG` asks for.
pub(crate) fn start_log() {
    if tracing::dispatcher::has_been_set() {
        return;
    }
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let shown = layer().compact().with_ansi(false).with_writer(io::stderr).with_filter(filter);
    // Another thread was quicker: then there is one.
    let _ = registry().with(shown).with(log_tail()).try_init();
}

/// Keeps the last 64 KiB of the log in memory, from level info on, for the reports that [admins](crate::App::admins) get. It is there in programs that are
/// started with [`run`](crate::run) and have no subscriber; others add it to theirs.
///
/// ```
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let subscriber = tracing_subscriber::registry().with(tracing_subscriber::fmt::layer()).with(quadruplex::log_tail());
/// # drop(subscriber);
/// ```
pub fn log_tail<S>() -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    layer().compact().with_ansi(false).with_writer(Tail).with_filter(LevelFilter::INFO)
}

/// What is kept of the log, from the beginning of a line on.
pub(super) fn tail() -> String {
    let tail = lock(&TAIL);
    let whole = if tail.len() < KEPT { 0 } else { tail.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1) };
    let bytes: Vec<u8> = tail.range(whole..).copied().collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

struct Tail;

impl Write for Tail {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut tail = lock(&TAIL);
        tail.extend(&bytes[bytes.len().saturating_sub(KEPT)..]);
        let over = tail.len().saturating_sub(KEPT);
        tail.drain(..over);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Tail {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept() {
        tracing::subscriber::with_default(registry().with(log_tail()), || {
            for number in 0..5000 {
                tracing::info!(number, "a line of the log");
                tracing::debug!("not kept");
            }
        });
        let tail = tail();
        assert!(tail.len() > KEPT - 200 && tail.len() <= KEPT, "{}", tail.len());
        assert!(tail.lines().last().unwrap().contains("number=4999"), "{:?}", tail.lines().last());
        assert!(tail.lines().next().unwrap().contains("a line of the log"));
        assert!(!tail.contains("not kept"));
    }
}
