use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Instant;

use quadruplex_store::Lane;

/// What runs one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Track {
    /// What was put there.
    Lane(Lane),
    /// One update by its number, which waits for nothing.
    Alone(u64),
}

/// Queues side by side: in each one thing runs at a time, with those that belong to it, and at most so many run at once.
pub(super) struct Lanes<T> {
    lanes: HashMap<Track, Queue<T>>,
    /// Lanes that have something and could run, in the order in which they came to be.
    ready: VecDeque<Track>,
    delayed: BTreeSet<(Instant, Track)>,
    running: usize,
    at_once: usize,
    len: usize,
}

struct Queue<T> {
    waiting: VecDeque<T>,
    state: State,
    /// So many run: one, and those that were taken with it.
    out: usize,
    /// The lane goes on not before then.
    until: Option<Instant>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Ready,
    Running,
    Delayed,
}

impl<T> Lanes<T> {
    pub(super) fn new(at_once: usize) -> Self {
        Self { lanes: HashMap::new(), ready: VecDeque::new(), delayed: BTreeSet::new(), running: 0, at_once, len: 0 }
    }

    pub(super) fn push(&mut self, lane: Track, item: T) {
        self.len += 1;
        match self.lanes.get_mut(&lane) {
            Some(queue) => queue.waiting.push_back(item),
            None => {
                self.lanes.insert(lane, Queue { waiting: VecDeque::from([item]), state: State::Ready, out: 0, until: None });
                self.ready.push_back(lane);
            }
        }
    }

    /// The next item whose lane is free. The lane runs until [`finish`](Self::finish) or [`put_back`](Self::put_back).
    pub(super) fn take(&mut self) -> Option<(Track, T)> {
        if self.running >= self.at_once {
            return None;
        }
        loop {
            let lane = self.ready.pop_front()?;
            let queue = self.lanes.get_mut(&lane)?;
            if let Some(until) = queue.until.take() {
                queue.state = State::Delayed;
                self.delayed.insert((until, lane));
                continue;
            }
            let item = queue.waiting.pop_front()?;
            queue.state = State::Running;
            queue.out = 1;
            self.running += 1;
            return Some((lane, item));
        }
    }

    /// What waits next in a lane that runs.
    pub(super) fn peek(&self, lane: Track) -> Option<&T> {
        self.lanes.get(&lane).filter(|queue| queue.state == State::Running)?.waiting.front()
    }

    /// The next item of a lane that runs, to run together with what runs there.
    pub(super) fn take_along(&mut self, lane: Track) -> Option<T> {
        let queue = self.lanes.get_mut(&lane).filter(|queue| queue.state == State::Running)?;
        let item = queue.waiting.pop_front()?;
        queue.out += 1;
        Some(item)
    }

    /// What ran in the lane has ended: when all of it has, the next may run.
    pub(super) fn finish(&mut self, lane: Track) {
        let Some(queue) = self.lanes.get_mut(&lane).filter(|queue| queue.state == State::Running) else { return };
        queue.out -= 1;
        self.len -= 1;
        self.settle(lane);
    }

    /// What ran in the lane is to run again, first of all in its lane, but not before `until`. Of what ran together the last is put back
    /// first.
    pub(super) fn put_back(&mut self, lane: Track, item: T, until: Instant) {
        let Some(queue) = self.lanes.get_mut(&lane).filter(|queue| queue.state == State::Running) else { return };
        queue.out -= 1;
        queue.waiting.push_front(item);
        queue.until = queue.until.max(Some(until));
        self.settle(lane);
    }

    /// What had run and let the lane go is to run again, first of all in its lane, but not before `until`.
    pub(super) fn bring_back(&mut self, lane: Track, item: T, until: Instant) {
        self.len += 1;
        match self.lanes.get_mut(&lane) {
            // The delay begins when what runs there has ended, or what it waits for has come.
            Some(queue) => {
                queue.waiting.push_front(item);
                queue.until = queue.until.max(Some(until));
            }
            None => {
                self.lanes.insert(lane, Queue { waiting: VecDeque::from([item]), state: State::Delayed, out: 0, until: None });
                self.delayed.insert((until, lane));
            }
        }
    }

    /// When nothing runs there any more, the lane goes on.
    fn settle(&mut self, lane: Track) {
        let Some(queue) = self.lanes.get_mut(&lane).filter(|queue| queue.out == 0) else { return };
        self.running -= 1;
        if let Some(until) = queue.until.take() {
            queue.state = State::Delayed;
            self.delayed.insert((until, lane));
        } else if queue.waiting.is_empty() {
            self.lanes.remove(&lane);
        } else {
            queue.state = State::Ready;
            self.ready.push_back(lane);
        }
    }

    /// Frees the lanes whose delay is over.
    pub(super) fn wake(&mut self, now: Instant) {
        while let Some(&(until, lane)) = self.delayed.first().filter(|(until, _)| *until <= now) {
            self.delayed.remove(&(until, lane));
            if let Some(queue) = self.lanes.get_mut(&lane) {
                queue.state = State::Ready;
                self.ready.push_back(lane);
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.delayed.first().map(|(until, _)| *until)
    }

    /// How many items wait or run.
    pub(super) fn len(&self) -> usize {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quadruplex_store::PeerId;

    use super::*;

    fn lane(id: i64) -> Track {
        Track::Lane(Lane::Peer(PeerId::User(id)))
    }

    fn taken(lanes: &mut Lanes<u32>) -> Vec<u32> {
        std::iter::from_fn(|| lanes.take()).map(|(_, item)| item).collect()
    }

    #[test]
    fn one_runs_in_each_lane_and_a_bounded_number_at_once() {
        let mut lanes = Lanes::new(2);
        for (id, item) in [(1, 10), (1, 11), (2, 20), (3, 30)] {
            lanes.push(lane(id), item);
        }
        assert_eq!(taken(&mut lanes), [10, 20]);
        lanes.finish(lane(1));
        assert_eq!(taken(&mut lanes), [30], "lanes take turns");
        lanes.finish(lane(2));
        assert_eq!(taken(&mut lanes), [11]);
        lanes.finish(lane(1));
        lanes.finish(lane(1));
        lanes.finish(lane(3));
        assert_eq!((lanes.len(), lanes.running), (0, 0));
        assert!(lanes.lanes.is_empty(), "an empty lane is forgotten");
    }

    #[test]
    fn what_is_taken_along_is_settled_together() {
        let now = Instant::now();
        let mut lanes = Lanes::new(1);
        (10..15).for_each(|item| lanes.push(lane(1), item));
        assert_eq!((taken(&mut lanes), lanes.peek(lane(1)).copied()), (vec![10], Some(11)));
        assert_eq!((lanes.take_along(lane(1)), lanes.take_along(lane(1))), (Some(11), Some(12)));
        assert_eq!(lanes.take_along(lane(2)), None, "it does not run");
        lanes.put_back(lane(1), 12, now);
        lanes.put_back(lane(1), 11, now + Duration::from_secs(1));
        lanes.wake(now + Duration::from_secs(9));
        assert!(taken(&mut lanes).is_empty(), "one of them still runs");
        lanes.put_back(lane(1), 10, now);
        lanes.wake(now);
        assert!(taken(&mut lanes).is_empty(), "the longest pause counts");
        lanes.wake(now + Duration::from_secs(1));
        assert_eq!(taken(&mut lanes), [10]);
        assert_eq!((lanes.take_along(lane(1)), lanes.len()), (Some(11), 5));
        lanes.finish(lane(1));
        lanes.finish(lane(1));
        assert_eq!((taken(&mut lanes), lanes.len()), (vec![12], 3));
    }

    #[test]
    fn what_is_put_back_delays_its_lane_alone() {
        let now = Instant::now();
        let mut lanes = Lanes::new(9);
        for (id, item) in [(1, 10), (1, 11), (2, 20)] {
            lanes.push(lane(id), item);
        }
        assert_eq!(taken(&mut lanes), [10, 20]);
        lanes.put_back(lane(1), 10, now + Duration::from_secs(1));
        lanes.push(lane(1), 12);
        assert!(taken(&mut lanes).is_empty());
        assert_eq!(lanes.deadline(), Some(now + Duration::from_secs(1)));
        lanes.wake(now);
        assert!(taken(&mut lanes).is_empty());
        lanes.wake(now + Duration::from_secs(1));
        assert_eq!(taken(&mut lanes), [10]);
        assert_eq!((lanes.len(), lanes.deadline()), (4, None));
    }

    #[test]
    fn what_is_brought_back_is_the_first_of_its_lane_after_the_pause() {
        let start = Instant::now();
        let later = start + Duration::from_secs(1);
        // What the lane does meanwhile: nothing, wait, run, wait for a pause of its own, shorter or longer.
        for (case, own_pause) in [("idle", None), ("ready", None), ("running", None), ("delayed", Some(500)), ("delayed", Some(1500))] {
            let mut lanes = Lanes::new(9);
            lanes.push(lane(1), 10);
            assert_eq!(taken(&mut lanes), [10]);
            lanes.finish(lane(1));
            if case != "idle" {
                lanes.push(lane(1), 11);
            }
            if matches!(case, "running" | "delayed") {
                assert_eq!(taken(&mut lanes), [11]);
                lanes.push(lane(1), 12);
            }
            if let Some(millis) = own_pause {
                lanes.put_back(lane(1), 11, start + Duration::from_millis(millis));
            }
            lanes.bring_back(lane(1), 10, later);
            if case == "running" {
                lanes.finish(lane(1));
            }
            lanes.push(lane(2), 20);
            assert_eq!(taken(&mut lanes), [20], "{case}: other lanes go on");
            lanes.wake(later - Duration::from_millis(1));
            assert!(taken(&mut lanes).is_empty(), "{case}");
            let end = own_pause.map_or(later, |millis| later.max(start + Duration::from_millis(millis)));
            // Noticed when the one delay is over, the other one begins.
            for _ in 0..2 {
                lanes.wake(end);
                if let Some((_, item)) = lanes.take() {
                    assert_eq!(item, 10, "{case}");
                }
            }
            assert_eq!(lanes.running, 2, "{case}");
            lanes.finish(lane(2));
            let expect: &[u32] = match case {
                "idle" => &[],
                "ready" => &[11],
                "running" => &[12],
                _ => &[11, 12],
            };
            for item in expect {
                lanes.finish(lane(1));
                assert_eq!(taken(&mut lanes), [*item], "{case}");
            }
            lanes.finish(lane(1));
            assert_eq!((lanes.len(), lanes.running, lanes.lanes.len(), lanes.deadline()), (0, 0, 0, None), "{case}");
        }
    }

    #[test]
    fn what_is_alone_waits_for_nothing() {
        let mut lanes = Lanes::new(300);
        (0..400).for_each(|number| lanes.push(Track::Alone(u64::from(number)), number));
        assert_eq!(taken(&mut lanes), (0..300).collect::<Vec<_>>());
        lanes.finish(Track::Alone(7));
        assert_eq!(taken(&mut lanes), [300]);
    }
}
