//! Channels that somebody has open.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

impl Bench {
    fn open(&mut self, id: i64, number: u64) {
        let batch = self.engine.open_channel(self.now, id, number);
        self.store(batch);
    }

    fn close(&mut self, id: i64, number: u64) {
        let batch = self.engine.close_channel(self.now, id, number);
        self.store(batch);
    }

    /// How long after now the channel is asked for its difference from `pts`, if it is within an hour.
    fn asked_after(&mut self, id: i64, pts: i32) -> Option<u64> {
        let began = self.now;
        while let Some(at) = self.engine.deadline().filter(|at| *at <= began + 3600 * SECOND) {
            self.wait(at - self.now);
            let requests = self.requests();
            if requests.contains(&asks_channel(id, pts)) {
                return Some((self.now - began).as_secs());
            }
            if requests.contains(&asks(10)) {
                self.difference(Difference::Empty { date: 30, seq: 40 });
            }
        }
        None
    }
}

#[test]
fn an_open_channel_is_asked_as_often_as_its_answers_say() {
    let mut bench = Bench::new();
    bench.open(1, 7);
    assert_eq!(bench.requests(), [asks_channel(1, 100)], "at once");
    bench.channel_difference_with(1, channel_slice(["a"], 101, true), Some(20 * SECOND));
    assert_eq!(bench.asked_after(1, 101), Some(20));
    bench.channel_difference_with(1, channel_slice(["b"], 102, false), Some(20 * SECOND));
    assert_eq!(bench.requests(), [asks_channel(1, 102)], "there is more");
    bench.channel_difference_with(1, channel_slice([], 102, true), Some(45 * SECOND));
    assert_eq!(bench.accepted(), ["a", "b"]);
    assert_eq!(bench.asked_after(1, 102), Some(45));
    bench.channel_difference_with(1, channel_slice([], 102, true), None);
    assert_eq!(bench.asked_after(1, 102), Some(30), "no pause is named");
    for (named, expect) in [(0, 1), (u64::from(u32::MAX), 15 * 60)] {
        bench.channel_difference_with(1, channel_slice([], 102, true), Some(Duration::from_secs(named)));
        assert_eq!(bench.asked_after(1, 102), Some(expect), "what is named has bounds");
    }
    bench.channel_difference(1, channel_slice([], 102, true));
    bench.close(1, 7);
    assert_eq!(bench.asked_after(1, 102), None, "closed");
}

#[test]
fn a_channel_is_open_until_the_last_has_closed_it() {
    let mut bench = Bench::new();
    for number in [1, 2] {
        bench.open(1, number);
    }
    assert_eq!(bench.requests(), [asks_channel(1, 100)], "one request for both");
    bench.channel_difference(1, channel_slice([], 100, true));
    bench.close(1, 1);
    bench.close(1, 1);
    assert_eq!(bench.asked_after(1, 100), Some(30));
    bench.close(1, 2);
    bench.channel_difference(1, channel_slice([], 100, true));
    assert_eq!(bench.asked_after(1, 100), None);
}

#[test]
fn who_opens_a_channel_that_was_never_followed_begins_where_it_is() {
    let mut bench = Bench::new();
    bench.open(2, 1);
    assert_eq!(bench.requests(), [Request::ChannelState { id: 2 }]);
    let batch = bench.engine.handle_channel_state(bench.now, 2, 500);
    bench.store(batch);
    assert_eq!(bench.requests(), [asks_channel(2, 500)]);
    bench.channel_difference_with(2, channel_slice([], 500, true), Some(10 * SECOND));
    assert_eq!(bench.asked_after(2, 500), Some(10));
    bench.channel_difference(2, channel_slice(["news"], 501, true));
    assert_eq!(bench.accepted(), ["news"], "and no gap before it");
    assert_eq!(bench.channel(2), Some(ChannelState { pts: 501, behind: false }));
}

#[test]
fn pushed_updates_and_polled_ones_are_taken_once() {
    let mut bench = Bench::new();
    bench.open(1, 1);
    bench.requests();
    bench.push([(in_channel(1, 101), "a"), (in_channel(1, 102), "b")]);
    bench.channel_difference(1, channel_slice(["a"], 101, true));
    assert_eq!(bench.accepted(), ["a", "b"]);
    assert_eq!(bench.asked_after(1, 102), Some(30));
}

#[test]
fn a_failure_puts_off_and_a_closed_door_ends_it() {
    let mut bench = Bench::new();
    bench.open(1, 1);
    let [request] = bench.requests()[..] else { panic!("one request") };
    bench.fail(request, Failure::Later(Some(77 * SECOND)));
    assert_eq!(bench.asked_after(1, 100), Some(77));
    bench.fail(request, Failure::Gone);
    assert_eq!(bench.gaps().len(), 1, "it is told");
    assert_eq!(bench.asked_after(1, 100), None);
    bench.close(1, 1);
    bench.open(1, 2);
    assert_eq!(bench.requests(), [Request::ChannelState { id: 1 }], "it may be opened again");
}

#[test]
fn nothing_is_asked_while_handlers_do_not_keep_up() {
    let mut bench = Bench::new();
    bench.open(1, 1);
    bench.requests();
    bench.channel_difference(1, channel_slice([], 100, true));
    bench.engine.pause();
    assert_eq!(bench.asked_after(1, 100), None);
    let batch = bench.engine.resume(bench.now);
    bench.store(batch);
    assert_eq!(bench.requests().last(), Some(&asks_channel(1, 100)), "then it is");
}
