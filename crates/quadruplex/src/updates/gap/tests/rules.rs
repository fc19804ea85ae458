use super::*;

const GAP_WAIT: Duration = super::super::GAP_WAIT;

#[test]
fn what_follows_is_taken_at_once() {
    let mut bench = Bench::new();
    bench.push([(at(11), "a"), (Place::Common { pts: 14, count: 3 }, "b"), (Place::Secret { qts: 21 }, "c"), (in_channel(1, 101), "d")]);
    assert_eq!(bench.accepted(), ["a", "b", "c", "d"]);
    assert_eq!(bench.common, Some(CommonState { pts: 14, qts: 21, date: 30, seq: 40 }));
    assert_eq!(bench.channel(1), Some(ChannelState { pts: 101, behind: false }));
    assert!(bench.requests().is_empty());
}

#[test]
fn what_was_taken_is_dropped() {
    let mut bench = Bench::new();
    bench.push([(at(10), "a"), (at(9), "b"), (Place::Secret { qts: 20 }, "c"), (in_channel(1, 100), "d")]);
    bench.envelope(40, 40, [(Place::Free, "e"), (at(11), "f")]);
    assert_eq!(bench.accepted(), ["f"], "a repeated envelope has no news of its own, but boxes decide for themselves");
}

#[test]
fn what_comes_too_early_waits_half_a_second() {
    let mut bench = Bench::new();
    bench.push([(at(12), "b")]);
    assert!(bench.accepted().is_empty());
    bench.wait(GAP_WAIT - Duration::from_millis(1));
    assert!(bench.requests().is_empty());
    bench.push([(at(11), "a")]);
    assert_eq!(bench.accepted(), ["a", "b"]);
    bench.wait(GAP_WAIT);
    assert!(bench.requests().is_empty(), "the gap has closed by itself");

    bench.push([(at(14), "d"), (Place::Secret { qts: 22 }, "q")]);
    bench.wait(GAP_WAIT);
    assert_eq!(bench.requests(), [asks(12)], "one request for all of the common box");
    bench.difference(Difference::Slice { items: items(["c", "d", "p", "q"]), state: CommonState { qts: 22, ..state(14) }, is_last: true });
    assert_eq!(bench.accepted(), ["c", "d", "p", "q"]);
    bench.wait(GAP_WAIT);
    assert!(bench.requests().is_empty(), "never again after the last");
}

#[test]
fn a_channel_waits_and_asks_alone() {
    let mut bench = Bench::new();
    bench.push([(in_channel(1, 102), "b"), (at(11), "x"), (in_channel(2, 7), "y")]);
    assert_eq!(bench.accepted(), ["x", "y"], "another box is not held up");
    assert_eq!(bench.channel(1), Some(ChannelState { pts: 100, behind: true }), "a crash now would not forget the gap");
    bench.wait(GAP_WAIT);
    assert_eq!(bench.requests(), [asks_channel(1, 100)]);
    bench.channel_difference(1, channel_slice(["a"], 101, false));
    assert_eq!(bench.requests(), [asks_channel(1, 102)], "b followed what the slice brought");
    bench.channel_difference(1, channel_slice(["c"], 103, true));
    assert_eq!(bench.accepted(), ["a", "b", "c"]);
    assert_eq!(bench.channel(1), Some(ChannelState { pts: 103, behind: false }));
    assert!(bench.requests().is_empty());
}

#[test]
fn slices_are_asked_for_until_the_last() {
    let mut bench = Bench::new();
    bench.connect();
    assert_eq!(bench.requests(), [asks(10)]);
    bench.difference(slice(["a", "b"], 12, false));
    assert_eq!(bench.common, Some(state(12)), "a slice and its intermediate state are one batch");
    assert_eq!(bench.requests(), [asks(12)]);
    bench.difference(slice(["c"], 13, true));
    assert_eq!(bench.accepted(), ["a", "b", "c"]);
    assert!(bench.requests().is_empty());
    bench.difference(slice(["x"], 14, true));
    assert!(bench.accepted().is_empty(), "an answer that nobody asked for");
}

#[test]
fn what_comes_during_a_difference_is_not_taken_twice() {
    let mut bench = Bench::new();
    bench.connect();
    bench.requests();
    bench.push([(at(11), "a"), (at(13), "c"), (at(15), "e")]);
    assert!(bench.accepted().is_empty());
    bench.difference(slice(["a", "b"], 12, true));
    assert_eq!(bench.accepted(), ["a", "b", "c"]);
    bench.wait(GAP_WAIT);
    assert_eq!(bench.requests(), [asks(13)], "d is missing");
}

#[test]
fn what_becomes_known_during_a_difference_is_asked_for_afterwards() {
    let mut bench = Bench::new();
    bench.connect();
    bench.requests();
    let batch = bench.engine.handle_updates(bench.now, Incoming::TooLong);
    bench.store(batch);
    assert!(bench.requests().is_empty(), "one at a time");
    bench.difference(slice(["a"], 11, true));
    assert_eq!(bench.requests(), [asks(11)], "the answer may be older than the word");
}

#[test]
fn updates_of_channels_inside_a_difference_keep_their_own_order() {
    let mut bench = Bench::new();
    bench.push([(in_channel(1, 101), "a")]);
    bench.connect();
    bench.requests();
    let other = |place, update| Item { place, update: Some(update) };
    let items = vec![
        other(in_channel(1, 101), "a"),
        other(in_channel(1, 102), "b"),
        other(in_channel(1, 104), "d"),
        Item { place: Place::ChannelTooLong { id: 2, pts: None }, update: None },
    ];
    bench.difference(Difference::Slice { items, state: state(10), is_last: true });
    assert_eq!(bench.accepted(), ["a", "b"]);
    assert_eq!(bench.requests(), [Request::ChannelState { id: 2 }]);
    bench.wait(GAP_WAIT);
    assert_eq!(bench.requests(), [asks_channel(1, 102)]);
}

#[test]
fn too_long_is_told_and_goes_on() {
    let mut bench = Bench::new();
    bench.connect();
    bench.requests();
    bench.push([(at(500), "held")]);
    bench.difference(Difference::TooLong { pts: 900 });
    let gap = Gap { channel: None, from: Some(10), to: Some(900), reason: GapReason::TooLong };
    assert_eq!(bench.events, [Event::Gap(gap), Event::Update("held")], "what came from inside the hole is not thrown away");
    assert_eq!(bench.requests(), [asks(900)], "called again from the new place");
}

#[test]
fn a_channel_that_is_too_long_is_told_and_goes_on() {
    let mut bench = Bench::new();
    let too_long = |id, pts| (Place::ChannelTooLong { id, pts }, "");
    bench.push([too_long(1, Some(100))]);
    assert!(bench.requests().is_empty(), "nothing new");
    bench.push([too_long(1, Some(170))]);
    assert_eq!(bench.requests(), [asks_channel(1, 100)], "no wait: it is known that something is missing");
    bench.channel_difference(1, ChannelDifference::TooLong { pts: Some(170), is_last: true });
    assert_eq!(bench.gaps(), [Gap { channel: Some(1), from: Some(100), to: Some(170), reason: GapReason::TooLong }]);
    assert_eq!(bench.channel(1), Some(ChannelState { pts: 170, behind: false }));

    bench.push([too_long(2, Some(7))]);
    assert_eq!(bench.gaps(), [Gap { channel: Some(2), from: None, to: Some(7), reason: GapReason::TooLong }], "never followed");
    assert!(bench.requests().is_empty());

    bench.push([too_long(3, None)]);
    assert_eq!(bench.requests(), [Request::ChannelState { id: 3 }]);
    let batch = bench.engine.handle_channel_state(bench.now, 3, 55);
    bench.store(batch);
    assert_eq!(bench.gaps(), [Gap { channel: Some(3), from: None, to: Some(55), reason: GapReason::TooLong }]);

    bench.push([too_long(1, Some(180))]);
    bench.requests();
    bench.channel_difference(1, ChannelDifference::TooLong { pts: None, is_last: true });
    assert_eq!(bench.requests(), [Request::ChannelState { id: 1 }], "a dialog without pts");
}

#[test]
fn ten_channels_ask_at_once() {
    let mut bench = Bench::offline(Some(state(10)), [(1, 1, true); 0]);
    for id in 1..=12 {
        bench.push([(in_channel(id, 5), "first")]);
        bench.push([(Place::ChannelTooLong { id, pts: None }, "")]);
    }
    let asked = bench.requests();
    assert_eq!(asked, (1..=10).map(|id| asks_channel(id, 5)).collect::<Vec<_>>());
    bench.channel_difference(4, channel_slice([], 5, true));
    bench.fail(asked[6], Failure::Later(None));
    assert_eq!(bench.requests(), [asks_channel(11, 5), asks_channel(12, 5)]);
}

#[test]
fn silence_is_suspicious() {
    let mut bench = Bench::new();
    bench.wait(SILENCE - Duration::from_secs(1));
    bench.push([(Place::Free, "typing")]);
    bench.wait(SILENCE - Duration::from_secs(1));
    assert!(bench.requests().is_empty());
    bench.wait(Duration::from_secs(1));
    assert_eq!(bench.requests(), [asks(10)]);
}

#[test]
fn the_first_start_asks_for_the_state_and_then_for_one_difference() {
    let mut bench = Bench::offline(None, []);
    bench.connect();
    assert_eq!(bench.requests(), [Request::State]);
    bench.push([(at(9), "early"), (Place::Free, "free")]);
    assert_eq!(bench.accepted(), ["early", "free"]);
    assert_eq!(bench.common, None, "nothing to go on from yet");
    let batch = bench.engine.handle_state(bench.now, state(10));
    bench.store(batch);
    assert_eq!(bench.requests(), [asks(9)], "from what was taken, not from where the answer is");
    bench.difference(slice(["ten"], 10, true));
    assert_eq!(bench.accepted(), ["ten"]);
    assert_eq!(bench.common, Some(state(10)));
    assert!(bench.requests().is_empty());
}

#[test]
fn a_missing_envelope_is_asked_for_and_delays_nothing() {
    let mut bench = Bench::new();
    bench.envelope(42, 43, [(Place::Free, "callback"), (at(11), "a")]);
    assert_eq!(bench.accepted(), ["callback", "a"]);
    bench.envelope(42, 43, [(Place::Free, "callback")]);
    assert!(bench.accepted().is_empty(), "sent twice");
    bench.wait(GAP_WAIT);
    assert_eq!(bench.requests(), [asks(11)]);
    bench.difference(Difference::Empty { date: 32, seq: 43 });
    assert_eq!(bench.common, Some(CommonState { pts: 11, qts: 20, date: 32, seq: 43 }));
    bench.envelope(44, 44, [(Place::Free, "next")]);
    assert_eq!(bench.accepted(), ["next"]);
}

#[test]
fn an_envelope_in_order_moves_seq_and_date() {
    let mut bench = Bench::new();
    bench.envelope(42, 42, []);
    bench.envelope(41, 41, []);
    assert_eq!(bench.common, Some(CommonState { pts: 10, qts: 20, date: 31, seq: 42 }));
    bench.wait(GAP_WAIT);
    assert!(bench.requests().is_empty());
}

#[test]
fn own_calls_move_the_position() {
    let mut bench = Bench::new();
    let batch = bench.engine.handle_affected(bench.now, Place::Common { pts: 12, count: 2 });
    bench.store(batch);
    let batch = bench.engine.handle_affected(bench.now, in_channel(1, 101));
    bench.store(batch);
    bench.push([(at(13), "a"), (in_channel(1, 102), "b")]);
    assert_eq!(bench.accepted(), ["a", "b"], "no gap where the own call was");
}

#[test]
fn channels_that_were_behind_ask_after_a_restart() {
    let mut bench = Bench::offline(Some(state(10)), [(1, 100, false), (2, 200, true)]);
    assert_eq!(bench.engine.deadline(), None);
    bench.connect();
    assert_eq!(bench.requests(), [asks(10), asks_channel(2, 200)], "channels are not polled otherwise");
    bench.channel_difference(2, channel_slice([], 200, true));
    assert_eq!(bench.channel(2), Some(ChannelState { pts: 200, behind: false }));
}
