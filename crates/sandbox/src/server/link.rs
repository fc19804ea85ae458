//! Faults of the link, by script or by seed.

use std::time::Duration;

use quadruplex_net::{Random, Stream};
use rand_chacha::rand_core::{Rng, SeedableRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep_until};

/// What the link does to packets. Chances are in thousandths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkScript {
    /// Packets that vanish.
    pub drop: u32,
    /// Packets that come twice.
    pub duplicate: u32,
    /// Packets upon which the connection breaks.
    pub cut: u32,
    /// How long every byte is on its way, in each direction.
    pub delay: Duration,
    /// Whether writes arrive in pieces of any size.
    pub split: bool,
}

pub(crate) struct LinkFaults {
    pub(crate) script: LinkScript,
    random: Random,
}

/// What becomes of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Pass,
    Drop,
    Duplicate,
    Cut,
}

impl LinkFaults {
    pub(crate) fn new(seed: u64) -> Self {
        Self { script: LinkScript::default(), random: Random::seed_from_u64(seed) }
    }

    /// Begins the chances anew.
    pub(crate) fn seed(&mut self, seed: u64) {
        self.random = Random::seed_from_u64(seed);
    }

    pub(crate) fn fate(&mut self) -> Fate {
        let LinkScript { drop, duplicate, cut, .. } = self.script;
        // They come from outside, and their sum may be more than a thousand.
        let to_duplicate = drop.saturating_add(duplicate);
        let to_cut = to_duplicate.saturating_add(cut);
        if to_cut == 0 {
            return Fate::Pass;
        }
        let thrown = self.random.next_u32() % 1000;
        if thrown < drop {
            Fate::Drop
        } else if thrown < to_duplicate {
            Fate::Duplicate
        } else if thrown < to_cut {
            Fate::Cut
        } else {
            Fate::Pass
        }
    }

    pub(crate) fn stream(&mut self) -> Random {
        Random::seed_from_u64(self.random.next_u64())
    }
}

/// Puts a slow, splitting link before a stream.
pub(crate) fn slow(stream: Box<dyn Stream>, script: &LinkScript, random: Random) -> Box<dyn Stream> {
    let (near, far) = tokio::io::duplex(256 << 10);
    let (stream_read, stream_write) = tokio::io::split(stream);
    let (far_read, far_write) = tokio::io::split(far);
    tokio::spawn(carry(stream_read, far_write, script.clone(), random.clone()));
    tokio::spawn(carry(far_read, stream_write, script.clone(), random));
    Box::new(near)
}

/// Carries bytes one way, each later by the delay, until either side ends.
async fn carry(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin + Send + 'static,
    script: LinkScript,
    mut random: Random,
) {
    // So much is on its way at the most: a full pipe slows its sender.
    let (queue, mut queued) = tokio::sync::mpsc::channel::<(Instant, Vec<u8>)>(64);
    let writer = tokio::spawn(async move {
        while let Some((due, bytes)) = queued.recv().await {
            sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
        let _ = to.shutdown().await;
    });
    let mut buffer = vec![0; 64 << 10];
    loop {
        let most = if script.split { 1 + random.next_u32() as usize % 2000 } else { buffer.len() };
        match from.read(&mut buffer[..most]).await {
            Ok(0) | Err(_) => break,
            Ok(count) => {
                if queue.send((Instant::now() + script.delay, buffer[..count].to_vec())).await.is_err() {
                    break;
                }
            }
        }
    }
    drop(queue);
    let _ = writer.await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_what_becomes_of_packets() {
        let script = LinkScript { drop: 200, duplicate: 200, cut: 200, ..LinkScript::default() };
        let mut faults = LinkFaults { script, ..LinkFaults::new(1) };
        let mut fates = |seed| {
            faults.seed(seed);
            std::iter::repeat_with(|| faults.fate()).take(100).collect::<Vec<_>>()
        };
        let first = fates(7);
        assert_ne!(fates(8), first);
        assert_eq!(fates(7), first);
    }

    #[test]
    fn chances_beyond_all_measure() {
        let mut faults = LinkFaults::new(1);
        faults.script = LinkScript { drop: 1, duplicate: u32::MAX, cut: u32::MAX, ..LinkScript::default() };
        assert!((0..1000).all(|_| matches!(faults.fate(), Fate::Drop | Fate::Duplicate)));
    }
}
