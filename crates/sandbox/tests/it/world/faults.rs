//! Errors by script, rates, and updates that go astray.

use quadruplex_sandbox::world::{ErrorRule, Peer, RateRule, RpcError, UpdateFaults};
use quadruplex_tl_schema::Object;

use super::fixture::{Fixture, peer_of, send};

fn rule(method: &str, skip: u32, times: u32) -> ErrorRule {
    ErrorRule { method: method.to_owned(), peer: None, account: None, skip, times, error: RpcError::new(420, "FLOOD_WAIT_3") }
}

#[test]
fn a_script_says_when_a_method_fails() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let me = Object::new("inputPeerSelf");
    fixture.world.faults_mut().errors.push(rule("messages.send*", 1, 2));
    fixture.ok(&alice, send(&me, "passes", 1));
    fixture.refused(&alice, send(&me, "x", 2), "420 FLOOD_WAIT_3");
    fixture.ok(&alice, Object::new("updates.getState"));
    fixture.refused(&alice, send(&me, "x", 2), "420 FLOOD_WAIT_3");
    fixture.ok(&alice, send(&me, "passes again", 2));

    fixture.user("bobby");
    let bob = peer_of(&mut fixture, &alice, "bobby_name");
    let only_bob = Peer::User(bob.long("user_id").unwrap());
    fixture.world.faults_mut().errors.push(ErrorRule { peer: Some(only_bob), ..rule("messages.sendMessage", 0, 1) });
    fixture.ok(&alice, send(&me, "to me", 3));
    fixture.refused(&alice, send(&bob, "to bob", 4), "420 FLOOD_WAIT_3");
}

#[test]
fn a_rate_tells_how_long_to_wait() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let me = Object::new("inputPeerSelf");
    // The fixture's clock moves by a second with each call.
    fixture.world.faults_mut().rates.push(RateRule::new("messages.sendMessage", true, 2, 10_000));
    fixture.ok(&alice, send(&me, "1", 1));
    fixture.ok(&alice, send(&me, "2", 2));
    fixture.refused(&alice, send(&me, "3", 3), "420 FLOOD_WAIT_8");
    fixture.refused(&alice, send(&me, "3", 3), "420 FLOOD_WAIT_7");
    fixture.now.ms += 7_000;
    fixture.ok(&alice, send(&me, "3", 3));
}

#[test]
fn updates_are_lost_doubled_and_late() {
    for (faults, expected) in [
        (UpdateFaults { drop: 1000, ..UpdateFaults::default() }, vec![vec![], vec![]]),
        (UpdateFaults { duplicate: 1000, ..UpdateFaults::default() }, vec![vec!["1", "1"], vec!["2", "2"]]),
        (UpdateFaults { delay: 1000, ..UpdateFaults::default() }, vec![vec![], vec!["1"]]),
    ] {
        let mut fixture = Fixture::new();
        let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
        let to_bob = peer_of(&mut fixture, &alice, "bobby_name");
        fixture.ok(&alice, send(&to_bob, "0", 9));
        fixture.pushes();
        fixture.world.faults_mut().updates = faults;
        let mut seen = Vec::new();
        for (text, random_id) in [("1", 1), ("2", 2)] {
            fixture.ok(&alice, send(&to_bob, text, random_id));
            let live = fixture.live(&bob);
            seen.push(live.iter().map(|update| update.string("message").unwrap().to_owned()).collect::<Vec<_>>());
        }
        assert_eq!(seen, expected, "{faults:?}");
    }
}
