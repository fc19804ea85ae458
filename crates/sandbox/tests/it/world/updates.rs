//! Catching up.

use quadruplex_sandbox::world::Config;
use quadruplex_tl_schema::Object;

use super::fixture::{Fixture, config, difference, peer_of, send, texts};

#[test]
fn a_difference_brings_what_was_missed() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let state = fixture.ok(&bob, Object::new("updates.getState"));
    assert!(fixture.ok(&bob, difference(&state)).is("updates.differenceEmpty"));

    let to_bob = peer_of(&mut fixture, &alice, "bobby_name");
    for (text, random_id) in [("one", 1), ("two", 2), ("three", 3)] {
        fixture.ok(&alice, send(&to_bob, text, random_id));
    }
    let missed = fixture.ok(&bob, difference(&state));
    assert!(missed.is("updates.difference"));
    let new: Vec<String> = missed.objects("new_messages").map(|message| message.string("message").unwrap().to_owned()).collect();
    assert_eq!(new, ["one", "two", "three"]);
    assert_eq!(missed.object("state").unwrap().int("pts"), Some(4));

    // The sender finds its random ids, so that a lost answer is no loss.
    let own = fixture.ok(&alice, difference(&state));
    let ids: Vec<(i32, i64)> =
        own.objects("other_updates").map(|update| (update.int("id").unwrap(), update.long("random_id").unwrap())).collect();
    assert_eq!(ids, [(1, 1), (2, 2), (3, 3)]);
    assert_eq!(texts(&own), Vec::<String>::new());
}

#[test]
fn a_long_difference_comes_in_slices_or_not_at_all() {
    let mut fixture = Fixture::with(Config { difference_slice: 2, difference_limit: 5, ..config() });
    let alice = fixture.user("alice");
    let state = fixture.ok(&alice, Object::new("updates.getState"));
    for number in 1..=5 {
        fixture.ok(&alice, send(&Object::new("inputPeerSelf"), &number.to_string(), number));
    }
    let mut at = state.clone();
    let mut got = Vec::new();
    loop {
        let answer = fixture.ok(&alice, difference(&at));
        got.extend(answer.objects("new_messages").map(|message| message.string("message").unwrap().to_owned()));
        if answer.is("updates.difference") {
            assert_eq!(answer.object("state").unwrap().int("pts"), Some(6));
            break;
        }
        assert!(answer.is("updates.differenceSlice"));
        at = answer.object("intermediate_state").unwrap().clone();
    }
    assert_eq!(got, ["1", "2", "3", "4", "5"]);

    fixture.ok(&alice, send(&Object::new("inputPeerSelf"), "6", 6));
    let answer = fixture.ok(&alice, difference(&state));
    assert!(answer.is("updates.differenceTooLong"));
    assert_eq!(answer.int("pts"), Some(7));
}

#[test]
fn a_state_that_cannot_be_is_refused() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let state = fixture.ok(&alice, Object::new("updates.getState"));
    fixture.refused(&alice, difference(&state).with("pts", 0), "400 PERSISTENT_TIMESTAMP_EMPTY");
    fixture.refused(&alice, difference(&state).with("pts", 2), "400 PERSISTENT_TIMESTAMP_INVALID");
    fixture.refused(&alice, difference(&state).with("pts", -1), "400 PERSISTENT_TIMESTAMP_INVALID");
    fixture.refused(&alice, difference(&state).with("qts", 1), "400 PERSISTENT_TIMESTAMP_INVALID");
}
