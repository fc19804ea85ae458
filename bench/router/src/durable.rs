//! Updates from the wire into the journal, to whoever takes them, and out of the journal again; on disk, by commits in groups.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use quadruplex::Order;
use tokio::time::sleep;

use crate::server::{Mailbox, Server, message};
use crate::{Result, cpu, elapsed};

/// When an update is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handled {
    /// As soon as it comes: most are never written.
    AtOnce,
    /// After 50 ms: each is written, and its end, too.
    Later,
    /// The same, and the journal takes no more than 10,000: the rest comes from differences.
    Behind,
}

impl Handled {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::AtOnce => "done at once",
            Self::Later => "done after 50 ms, so that each is written first",
            Self::Behind => "the same, with at most 10,000 taken at a time: the server sends faster, the rest is asked for",
        }
    }
}

pub(crate) struct Run {
    pub(crate) rate: f64,
    /// Of one update: client, server and disk.
    pub(crate) cpu: Duration,
    pub(crate) rows: u64,
}

const CHATS: i64 = 1000;

pub(crate) async fn run(handled: Handled, count: usize) -> Result<Run> {
    let directory = std::env::temp_dir().join(format!("quadruplex-bench-router-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let path = directory.join(format!("{handled:?}.redb"));
    let run = measure(handled, count, &path).await;
    std::fs::remove_dir_all(&directory)?;
    run
}

async fn measure(handled: Handled, count: usize, path: &std::path::Path) -> Result<Run> {
    let text = "a message of some length, as people write them";
    let messages = (1..=i32::try_from(count)?).map(|id| message(1 + i64::from(id) % CHATS, id, text)).collect();
    let server = Server::start(Some(path), Mailbox::new(messages)).await?;
    let (began, computed) = (Instant::now(), cpu());
    // Chats are not waited for where the journal is measured.
    let (order, limit) = match handled {
        Handled::AtOnce => (Order::PerChat, 2 * count),
        Handled::Later => (Order::None, 2 * count),
        Handled::Behind => (Order::None, (count / 2).min(10_000)),
    };
    let mut stream = server.client.updates().order(order).at_once(count).journal_limit(limit).await?;
    let later = Arc::new(AtomicU64::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..count {
        let delivery = stream.next().await.ok_or("the stream has ended")?;
        match handled {
            Handled::AtOnce => delivery.done(),
            Handled::Later | Handled::Behind => {
                let later = Arc::clone(&later);
                tasks.spawn(async move {
                    sleep(Duration::from_millis(50)).await;
                    later.fetch_add(1, Ordering::Relaxed);
                    delivery.done();
                });
            }
        }
    }
    tasks.join_all().await;
    // Until all of it is durable.
    server.client.close().await;
    let (rate, cpu) = (count as f64 / elapsed(began), (cpu() - computed) / u32::try_from(count)?);
    Ok(Run { rate, cpu, rows: later.load(Ordering::Relaxed) })
}
