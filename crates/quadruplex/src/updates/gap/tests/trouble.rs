use super::*;

const GAP_WAIT: Duration = super::super::GAP_WAIT;

#[test]
fn an_answer_that_cannot_be_decoded_twice_is_a_gap() {
    let mut bench = Bench::new();
    let batch = bench.engine.handle_lost(bench.now);
    bench.store(batch);
    assert_eq!(bench.requests(), [asks(10)]);
    bench.fail(asks(10), Failure::Undecodable);
    assert_eq!(bench.requests(), [asks(10)], "once more on a fresh connection");
    bench.fail(asks(10), Failure::Undecodable);
    assert_eq!(bench.requests(), [Request::State]);
    let batch = bench.engine.handle_state(bench.now, state(60));
    bench.store(batch);
    assert_eq!(bench.gaps(), [Gap { channel: None, from: Some(10), to: Some(60), reason: GapReason::Undecodable }]);
    assert_eq!(bench.requests(), [asks(60)]);
    bench.difference(Difference::Empty { date: 33, seq: 44 });
    bench.push([(at(61), "on")]);
    assert_eq!(bench.accepted(), ["on"]);

    bench.push([(in_channel(1, 110), "held")]);
    bench.wait(GAP_WAIT);
    for _ in 0..2 {
        assert_eq!(bench.requests(), [asks_channel(1, 100)]);
        bench.fail(asks_channel(1, 100), Failure::Undecodable);
    }
    assert_eq!(bench.requests(), [Request::ChannelState { id: 1 }]);
    let batch = bench.engine.handle_channel_state(bench.now, 1, 120);
    bench.store(batch);
    let gap = Gap { channel: Some(1), from: Some(100), to: Some(120), reason: GapReason::Undecodable };
    assert_eq!(bench.events, [Event::Gap(gap), Event::Update("held")]);
    assert_eq!(bench.channel(1), Some(ChannelState { pts: 120, behind: false }));
}

#[test]
fn a_position_that_is_not_accepted_is_a_gap() {
    let mut bench = Bench::new();
    bench.connect();
    bench.fail(asks(10), Failure::BadPosition);
    bench.requests();
    let batch = bench.engine.handle_state(bench.now, state(3));
    bench.store(batch);
    assert_eq!(bench.gaps(), [Gap { channel: None, from: Some(10), to: Some(3), reason: GapReason::BadPosition }]);
    assert_eq!(bench.common, Some(state(3)));
    assert_eq!(bench.requests(), [asks(3)]);

    bench.push([(Place::PtsChanged, "")]);
    assert!(bench.requests().is_empty(), "the difference is on its way");
    bench.difference(Difference::Empty { date: 30, seq: 40 });
    assert_eq!(bench.requests(), [Request::State]);
}

#[test]
fn a_channel_that_is_closed_is_forgotten() {
    let mut bench = Bench::new();
    bench.push([(in_channel(1, 105), "held")]);
    bench.wait(GAP_WAIT);
    bench.requests();
    bench.fail(asks_channel(1, 100), Failure::Gone);
    assert_eq!(bench.gaps(), [Gap { channel: Some(1), from: Some(100), to: None, reason: GapReason::Gone }]);
    assert_eq!(bench.channels.last(), Some(&(1, None)));
    bench.wait(SILENCE);
    assert_eq!(bench.requests(), [asks(10)]);
}

#[test]
fn a_channel_that_cannot_be_asked_takes_what_comes() {
    let mut bench = Bench::new();
    bench.push([(in_channel(1, 105), "held")]);
    bench.wait(GAP_WAIT);
    bench.requests();
    bench.fail(asks_channel(1, 100), Failure::UnknownChannel);
    let gap = Gap { channel: Some(1), from: Some(100), to: Some(105), reason: GapReason::UnknownChannel };
    assert_eq!(bench.events, [Event::Gap(gap), Event::Update("held")]);
    bench.events.clear();
    bench.push([(Place::ChannelTooLong { id: 1, pts: None }, "")]);
    bench.fail(asks_channel(1, 105), Failure::UnknownChannel);
    bench.push([(in_channel(1, 300), "anew")]);
    assert_eq!(bench.accepted(), ["gap", "anew"]);
}

#[test]
fn failures_are_tried_again_later_and_later() {
    let mut bench = Bench::new();
    bench.connect();
    for seconds in [1, 2, 4, 8, 16, 32, 64, 64] {
        assert_eq!(bench.requests(), [asks(10)]);
        bench.fail(asks(10), Failure::Later(None));
        bench.wait(Duration::from_secs(seconds) - Duration::from_millis(1));
        assert!(bench.requests().is_empty());
        bench.wait(Duration::from_millis(1));
    }
    bench.requests();
    bench.fail(asks(10), Failure::Later(Some(Duration::from_secs(300))));
    bench.push([(at(11), "a")]);
    assert_eq!(bench.accepted(), ["a"], "what follows is taken in the meantime");
    bench.wait(Duration::from_secs(300));
    assert_eq!(bench.requests(), [asks(11)]);
    bench.fail(asks(10), Failure::Later(None));
    bench.difference(Difference::Empty { date: 30, seq: 40 });
    bench.wait(SILENCE - Duration::from_secs(301));
    assert!(bench.requests().is_empty(), "the failure of an old question changes nothing");
}

#[test]
fn a_slice_that_leads_nowhere_is_not_asked_for_in_a_circle() {
    let mut bench = Bench::new();
    bench.connect();
    bench.requests();
    bench.difference(slice([], 10, false));
    assert!(bench.requests().is_empty());
    bench.push([(Place::ChannelTooLong { id: 1, pts: None }, "")]);
    bench.requests();
    bench.channel_difference(1, channel_slice([], 100, false));
    assert!(bench.requests().is_empty());
    bench.wait(Duration::from_secs(1));
    assert_eq!(bench.requests(), [asks(10), asks_channel(1, 100)]);
}

#[test]
fn while_paused_positions_are_asked_for_later() {
    let mut bench = Bench::new();
    bench.engine.pause();
    bench.push([(at(11), "a"), (in_channel(1, 101), "b"), (in_channel(1, 100), "known"), (in_channel(2, 7), "c"), (Place::Free, "typing")]);
    assert!(bench.accepted().is_empty());
    assert_eq!(bench.engine.dropped(), 1);
    assert_eq!(bench.channel(1), Some(ChannelState { pts: 100, behind: true }));
    bench.wait(SILENCE);
    assert!(bench.requests().is_empty());
    let batch = bench.engine.resume(bench.now);
    bench.store(batch);
    assert_eq!(bench.requests(), [asks(10), asks_channel(1, 100), Request::ChannelState { id: 2 }]);
    bench.difference(slice(["a"], 11, true));
    bench.channel_difference(1, channel_slice(["b"], 101, true));
    assert_eq!(bench.accepted(), ["a", "b"]);
}

#[test]
fn answers_on_their_way_are_taken_while_paused() {
    let mut bench = Bench::new();
    bench.connect();
    bench.requests();
    bench.engine.pause();
    bench.difference(slice(["a"], 11, false));
    assert_eq!(bench.accepted(), ["a"]);
    assert!(bench.requests().is_empty(), "the next slice can wait");
    let batch = bench.engine.resume(bench.now);
    bench.store(batch);
    assert_eq!(bench.requests(), [asks(11)]);
}

#[test]
fn what_is_held_back_is_bounded() {
    let mut bench = Bench::new();
    for pts in 0..600 {
        bench.push([(at(1000 + pts), "common"), (in_channel(1, 1000 + pts), "channel")]);
    }
    assert_eq!(bench.requests(), [asks(10), asks_channel(1, 100)], "no wait: so many will not sort themselves out");
}

#[test]
fn what_the_server_knows_nothing_of_is_not_waited_with_for_ever() {
    let mut bench = Bench::new();
    bench.push([(at(900), "common"), (in_channel(1, 900), "channel")]);
    for round in 1..=3 {
        bench.wait(GAP_WAIT);
        assert_eq!(bench.requests(), [asks(10), asks_channel(1, 100)], "round {round}");
        bench.difference(Difference::Empty { date: 30, seq: 40 });
        bench.channel_difference(1, channel_slice([], 100, true));
    }
    assert_eq!(bench.accepted(), ["common", "channel"], "given as it came; the positions stay");
    bench.wait(GAP_WAIT);
    assert!(bench.requests().is_empty());
    bench.push([(at(11), "a"), (in_channel(1, 101), "b")]);
    assert_eq!(bench.accepted(), ["a", "b"]);
}
