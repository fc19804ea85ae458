//! Messages between people.

use quadruplex_tl_schema::Object;

use super::fixture::{Fixture, history, peer_of, send, texts};

#[test]
fn a_message_reaches_every_session_of_both() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let bob = fixture.user("bobby");
    let (alice2, bob2) = (fixture.again(alice.id), fixture.again(bob.id));
    let to_bob = peer_of(&mut fixture, &alice, "bobby_name");
    let to_alice = peer_of(&mut fixture, &bob, "alice_name");

    let sent = fixture.ok(&alice, send(&to_bob, "hello", 1));
    assert!(sent.is("updateShortSentMessage"), "{sent:?}");
    assert_eq!((sent.int("id"), sent.int("pts"), sent.int("pts_count")), (Some(1), Some(2), Some(1)));

    let pushes = fixture.pushes();
    let keys: Vec<(u64, Option<i64>)> = pushes.iter().map(|push| (push.auth_key_id, push.except_session)).collect();
    let except = Some(alice.caller.session_id);
    let key = |session: &super::fixture::Session| session.caller.auth_key_id;
    assert_eq!(keys, [(key(&alice), except), (key(&alice2), None), (key(&bob), None), (key(&bob2), None)]);
    let first = pushes.last().unwrap().update.as_object().unwrap();
    assert!(first.is("updates"), "the first message names its sender: {first:?}");
    assert_eq!(first.objects("users").count(), 2);

    fixture.ok(&bob, send(&to_alice, "hi", 1));
    let short = fixture.live(&alice2).pop().unwrap();
    assert!(short.is("updateShortMessage"), "{short:?}");
    assert_eq!(short.string("message"), Some("hi"));
    assert_eq!(short.int("pts"), Some(3));

    for (session, peer) in [(&alice, &to_bob), (&bob, &to_alice), (&alice2, &to_bob)] {
        let answer = fixture.ok(session, history(peer));
        assert_eq!(texts(&answer), ["hi", "hello"]);
    }
}

#[test]
fn hashes_belong_to_the_account_that_got_them() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    fixture.user("carol");
    let carol_for_alice = peer_of(&mut fixture, &alice, "carol_name");
    let carol_for_bob = peer_of(&mut fixture, &bob, "carol_name");
    fixture.ok(&alice, send(&carol_for_alice, "x", 1));
    fixture.refused(&alice, send(&carol_for_bob, "x", 2), "400 PEER_ID_INVALID");
    fixture.refused(&alice, send(&carol_for_alice.clone().with("access_hash", 0), "x", 2), "400 PEER_ID_INVALID");
    let unknown = Object::new("users.getUsers").with("id", vec![super::fixture::as_user(&carol_for_bob)]);
    assert!(fixture.call(&alice, unknown).unwrap().as_vector().unwrap()[0].as_object().unwrap().is("userEmpty"));
}

#[test]
fn a_text_must_be_good() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let me = Object::new("inputPeerSelf");
    fixture.refused(&alice, send(&me, "", 1), "400 MESSAGE_EMPTY");
    fixture.refused(&alice, send(&me, " \n", 1), "400 MESSAGE_EMPTY");
    fixture.refused(&alice, send(&me, &"😀".repeat(2049), 1), "400 MESSAGE_TOO_LONG");
    fixture.refused(&alice, send(&me, "x", 0), "400 RANDOM_ID_EMPTY");
    let bold = |offset: i32, length: i32| vec![Object::new("messageEntityBold").with("offset", offset).with("length", length)];
    fixture.refused(&alice, send(&me, "😀", 1).with("entities", bold(1, 2)), "400 ENTITY_BOUNDS_INVALID");
    fixture.refused(&alice, send(&me, "😀", 1).with("entities", bold(-1, 1)), "400 ENTITY_BOUNDS_INVALID");
    let sent = fixture.ok(&alice, send(&me, "😀", 1).with("entities", bold(0, 2)));
    let message = sent.objects("updates").nth(1).unwrap().object("message").unwrap().clone();
    assert_eq!(message.objects("entities").count(), 1);
    assert!(message.flag("out"));
}

#[test]
fn a_repeated_random_id_is_answered_with_the_message() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let to_bob = peer_of(&mut fixture, &alice, "bobby_name");
    let first = fixture.ok(&alice, send(&to_bob, "once", 7));
    fixture.pushes();

    let again = fixture.ok(&alice, send(&to_bob, "twice", 7));
    let updates: Vec<&Object> = again.objects("updates").collect();
    assert!(updates[0].is("updateMessageID") && updates[1].is("updateNewMessage"), "{again:?}");
    assert_eq!((updates[0].int("id"), updates[0].long("random_id")), (first.int("id"), Some(7)));
    assert_eq!(updates[1].object("message").unwrap().string("message"), Some("once"));
    assert_eq!((updates[1].int("pts"), updates[1].int("pts_count")), (Some(2), Some(0)));
    assert!(fixture.pushes().is_empty());

    // Another account may use the same number.
    let to_alice = peer_of(&mut fixture, &bob, "alice_name");
    assert!(fixture.ok(&bob, send(&to_alice, "mine", 7)).is("updateShortSentMessage"));
}

#[test]
fn dialogs_are_ordered_by_their_newest_message() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    for name in ["bobby", "carol", "david"] {
        fixture.user(name);
        let peer = peer_of(&mut fixture, &alice, &format!("{name}_name"));
        fixture.ok(&alice, send(&peer, name, 1 + name.as_bytes()[0] as i64));
    }
    let dialogs = |limit: i32| {
        let object = Object::new("messages.getDialogs").with("offset_date", 0).with("offset_id", 0).with("limit", limit).with("hash", 0);
        object.with("offset_peer", Object::new("inputPeerEmpty"))
    };
    let all = fixture.ok(&alice, dialogs(100));
    assert!(all.is("messages.dialogs"));
    assert_eq!(texts(&all), ["david", "carol", "bobby"]);

    let mut page = fixture.ok(&alice, dialogs(2));
    assert!(page.is("messages.dialogsSlice"));
    assert_eq!((page.int("count"), texts(&page)), (Some(3), vec!["david".to_owned(), "carol".to_owned()]));
    let last = page.objects("messages").last().unwrap().clone();
    let peer = page.objects("users").find(|user| user.long("id") == last.object("peer_id").unwrap().long("user_id")).unwrap();
    let next = dialogs(2)
        .with("offset_date", last.int("date").unwrap())
        .with("offset_id", last.int("id").unwrap())
        .with("offset_peer", super::fixture::input(peer));
    page = fixture.ok(&alice, next);
    assert_eq!(texts(&page), ["bobby"]);
}

#[test]
fn entities_are_cut_with_the_text_and_found_in_it() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let bold = vec![Object::new("messageEntityBold").with("offset", 0).with("length", 8)];
    let request = send(&Object::new("inputPeerSelf"), "/roll 6 \n", 1).with("entities", bold);
    let sent = fixture.ok(&alice, request);
    let message = sent.objects("updates").find_map(|update| update.object("message")).unwrap();
    assert_eq!(message.string("message"), Some("/roll 6"));
    let entities: Vec<(&str, i32, i32)> = message
        .objects("entities")
        .map(|entity| (entity.name.as_str(), entity.int("offset").unwrap(), entity.int("length").unwrap()))
        .collect();
    assert_eq!(entities, [("messageEntityBold", 0, 7), ("messageEntityBotCommand", 0, 5)]);
}
