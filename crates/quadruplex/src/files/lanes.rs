//! How much may be on its way to and from a data centre, and over which of its connections.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{KIB, MIB};
use crate::client::{Purpose, lock};

/// So much may be on its way to, and from, one data centre; Telegram answers more with flood waits (TDLib and mtcute keep to it).
const IN_FLIGHT: u64 = 2 * MIB;
/// The budget is counted in units of this many bytes, the smallest part that can be asked for.
const UNIT: u64 = 4 * KIB;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Direction {
    Up,
    Down,
}

/// The lanes of a client: one for each data centre and direction.
#[derive(Default)]
pub(crate) struct Lanes(Mutex<HashMap<(i32, Direction), Arc<Lane>>>);

struct Lane {
    budget: Arc<Semaphore>,
    /// How many parts each connection carries.
    loads: Mutex<Vec<u32>>,
    direction: Direction,
}

/// Room for one part, given back when dropped.
pub(crate) struct Slot {
    lane: Arc<Lane>,
    connection: usize,
    _budget: OwnedSemaphorePermit,
}

impl Lanes {
    /// Waits until there is room for `len` bytes; first come, first served.
    pub(crate) async fn enter(&self, dc: i32, direction: Direction, connections: usize, len: u64) -> Slot {
        let lane = lock(&self.0).entry((dc, direction)).or_insert_with(|| Arc::new(Lane::new(direction, connections))).clone();
        let units = len.clamp(1, IN_FLIGHT).div_ceil(UNIT);
        let permit = lane.budget.clone().acquire_many_owned(units as u32).await;
        let budget = permit.expect("the semaphore of a lane is never closed");
        let connection = lane.take_least_loaded();
        Slot { lane, connection, _budget: budget }
    }
}

impl Lane {
    fn new(direction: Direction, connections: usize) -> Self {
        let budget = Arc::new(Semaphore::new((IN_FLIGHT / UNIT) as usize));
        Self { budget, loads: Mutex::new(vec![0; connections.max(1)]), direction }
    }

    /// The first of those that carry the least: small files one after another share one connection.
    fn take_least_loaded(&self) -> usize {
        let mut loads = lock(&self.loads);
        let least = (0..loads.len()).min_by_key(|at| loads[*at]).unwrap_or(0);
        loads[least] += 1;
        least
    }
}

impl Slot {
    /// The connection that carries the part.
    pub(crate) fn purpose(&self) -> Purpose {
        let connection = u16::try_from(self.connection).unwrap_or(u16::MAX);
        match self.lane.direction {
            Direction::Up => Purpose::Upload(connection),
            Direction::Down => Purpose::Download(connection),
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        lock(&self.lane.loads)[self.connection] -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn four_parts_fill_a_lane_and_take_a_connection_each() {
        let lanes = Lanes::default();
        let enter = || lanes.enter(1, Direction::Up, 4, 512 * KIB);
        let mut slots = Vec::new();
        for _ in 0..4 {
            slots.push(enter().await);
        }
        let purposes: Vec<_> = slots.iter().map(Slot::purpose).collect();
        assert_eq!(purposes, (0..4).map(Purpose::Upload).collect::<Vec<_>>());
        assert!(futures_util::FutureExt::now_or_never(enter()).is_none(), "a fifth has no room");
        drop(slots.remove(2));
        assert_eq!(enter().await.purpose(), Purpose::Upload(2));
        assert_eq!(lanes.enter(1, Direction::Down, 2, MIB).await.purpose(), Purpose::Download(0), "the other way is free");
    }
}
