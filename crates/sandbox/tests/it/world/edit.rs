//! Messages that change: edited, deleted, forwarded, read, pinned.

use quadruplex_tl_schema::{Object, Value};

use super::fixture::{Fixture, history, input, peer_of, send, texts};

fn edit(peer: &Object, id: i32, text: &str) -> Object {
    Object::new("messages.editMessage").with("peer", peer.clone()).with("id", id).with("message", text)
}

fn delete(ids: &[i32], revoke: bool) -> Object {
    Object::new("messages.deleteMessages").with("revoke", revoke).with("id", ids.to_vec())
}

fn forward(from: &Object, ids: &[i32], to: &Object, random_ids: &[i64]) -> Object {
    let object = Object::new("messages.forwardMessages").with("from_peer", from.clone()).with("to_peer", to.clone());
    object.with("id", ids.to_vec()).with("random_id", random_ids.to_vec())
}

#[test]
fn an_edit_reaches_both() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let to_bob = peer_of(&mut fixture, &alice, "bobby_name");
    let to_alice = peer_of(&mut fixture, &bob, "alice_name");
    fixture.ok(&alice, send(&to_bob, "helo", 1));
    fixture.pushes();
    let answer = fixture.ok(&alice, edit(&to_bob, 1, "hello"));
    let update = answer.objects("updates").next().unwrap();
    assert!(update.is("updateEditMessage"));
    assert_eq!((update.int("pts"), update.int("pts_count")), (Some(3), Some(1)));
    let live = fixture.live(&bob).remove(0);
    let message = live.objects("updates").next().unwrap().object("message").unwrap().clone();
    assert_eq!(message.string("message"), Some("hello"));
    assert!(message.int("edit_date").is_some());

    fixture.refused(&alice, edit(&to_bob, 1, "hello"), "400 MESSAGE_NOT_MODIFIED");
    fixture.refused(&alice, edit(&to_bob, 2, "x"), "400 MESSAGE_ID_INVALID");
    fixture.refused(&alice, edit(&to_bob, 1, " "), "400 MESSAGE_EMPTY");
    fixture.refused(&bob, edit(&to_alice, 1, "x"), "403 MESSAGE_AUTHOR_REQUIRED");
    assert!(!fixture.ok(&alice, Object::new("messages.getMessageEditData").with("peer", to_bob.clone()).with("id", 1)).flag("caption"));
    fixture.now.ms += 3 * 24 * 3_600_000;
    fixture.refused(&alice, edit(&to_bob, 1, "late"), "400 MESSAGE_EDIT_TIME_EXPIRED");
}

#[test]
fn a_deletion_is_for_oneself_or_for_all() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let to_bob = peer_of(&mut fixture, &alice, "bobby_name");
    let to_alice = peer_of(&mut fixture, &bob, "alice_name");
    for (text, random_id) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        fixture.ok(&alice, send(&to_bob, text, random_id));
    }
    fixture.pushes();
    let answer = fixture.ok(&alice, delete(&[1, 99], false));
    assert_eq!((answer.int("pts"), answer.int("pts_count")), (Some(6), Some(1)));
    assert!(fixture.live(&bob).is_empty());
    let answer = fixture.ok(&alice, delete(&[2, 3], true));
    assert_eq!((answer.int("pts"), answer.int("pts_count")), (Some(8), Some(2)));
    let live = fixture.live(&bob).remove(0);
    let update = live.objects("updates").next().unwrap();
    assert_eq!((update.longs("messages").collect::<Vec<_>>(), update.int("pts_count")), (vec![2, 3], Some(2)));
    assert_eq!(texts(&fixture.ok(&alice, history(&to_bob))), ["d"]);
    assert_eq!(texts(&fixture.ok(&bob, history(&to_alice))), ["d", "a"]);
    let gone = fixture.ok(&alice, Object::new("messages.getMessages").with("id", vec![Object::new("inputMessageID").with("id", 2)]));
    assert!(gone.objects("messages").next().unwrap().is("messageEmpty"));

    let clear = Object::new("messages.deleteHistory").with("peer", to_alice.clone()).with("max_id", 0).with("revoke", true);
    let answer = fixture.ok(&bob, clear);
    assert_eq!((answer.int("pts_count"), answer.int("offset")), (Some(2), Some(0)));
    assert!(texts(&fixture.ok(&alice, history(&to_bob))).is_empty());
    fixture.refused(&alice, delete(&[], true), "400 MESSAGE_IDS_EMPTY");
}

#[test]
fn a_forwarded_message_names_its_author() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    fixture.user("carol");
    let to_alice = peer_of(&mut fixture, &bob, "alice_name");
    fixture.ok(&bob, send(&to_alice, "one", 1));
    fixture.ok(&bob, send(&to_alice, "two", 2));
    let (from_bob, to_carol) = (peer_of(&mut fixture, &alice, "bobby_name"), peer_of(&mut fixture, &alice, "carol_name"));
    let answer = fixture.ok(&alice, forward(&from_bob, &[1, 2], &to_carol, &[5, 6]));
    let messages: Vec<&Object> = answer.objects("updates").filter_map(|update| update.object("message")).collect();
    assert_eq!(messages.iter().map(|message| message.string("message").unwrap()).collect::<Vec<_>>(), ["one", "two"]);
    let header = messages[0].object("fwd_from").unwrap();
    assert_eq!(header.object("from_id").unwrap().long("user_id"), Some(bob.id));

    let again = fixture.ok(&alice, forward(&from_bob, &[1, 2], &to_carol, &[5, 6]));
    assert_eq!(again.objects("updates").filter(|update| update.is("updateMessageID")).count(), 2);
    let plain = fixture.ok(&alice, forward(&from_bob, &[1], &to_carol, &[7]).with("drop_author", true));
    assert!(plain.objects("updates").find_map(|update| update.object("message")).unwrap().object("fwd_from").is_none());
    fixture.refused(&alice, forward(&from_bob, &[1, 2], &to_carol, &[8]), "400 RANDOM_ID_INVALID");
    fixture.refused(&alice, forward(&from_bob, &[], &to_carol, &[]), "400 MESSAGE_IDS_EMPTY");
    fixture.refused(&alice, forward(&from_bob, &[77], &to_carol, &[9]), "400 MESSAGE_ID_INVALID");
    fixture.ok(&bob, send(&to_alice, "secret", 10).with("noforwards", true));
    let id = fixture.world.messages(alice.id, quadruplex_sandbox::world::Peer::User(bob.id)).last().unwrap().id;
    fixture.refused(&alice, forward(&from_bob, &[id], &to_carol, &[11]), "400 CHAT_FORWARDS_RESTRICTED");
}

#[test]
fn reading_is_told_to_the_author() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let to_bob = peer_of(&mut fixture, &alice, "bobby_name");
    let to_alice = peer_of(&mut fixture, &bob, "alice_name");
    for (text, random_id) in [("a", 1), ("b", 2), ("c", 3)] {
        fixture.ok(&alice, send(&to_bob, text, random_id));
    }
    assert_eq!(fixture.ok(&bob, Object::new("updates.getState")).int("unread_count"), Some(3));
    let bob2 = fixture.again(bob.id);
    fixture.pushes();
    let read = Object::new("messages.readHistory").with("peer", to_alice.clone());
    let answer = fixture.ok(&bob, read.clone().with("max_id", 2));
    assert_eq!((answer.int("pts"), answer.int("pts_count")), (Some(5), Some(1)));
    let pushes = fixture.pushes();
    let for_key = |key: u64| pushes.iter().find(|push| push.auth_key_id == key).unwrap().update.as_object().unwrap().clone();
    let own = for_key(bob2.caller.auth_key_id).objects("updates").next().unwrap().clone();
    assert!(own.is("updateReadHistoryInbox"));
    assert_eq!((own.int("max_id"), own.int("still_unread_count")), (Some(2), Some(1)));
    let told = for_key(alice.caller.auth_key_id).objects("updates").next().unwrap().clone();
    assert!(told.is("updateReadHistoryOutbox"));
    assert_eq!(told.int("max_id"), Some(2));
    // Reading again what was read changes nothing.
    assert_eq!(fixture.ok(&bob, read.with("max_id", 1)).int("pts_count"), Some(0));
    assert!(fixture.pushes().is_empty());

    let typing = Object::new("messages.setTyping").with("peer", to_bob).with("action", Object::new("sendMessageTypingAction"));
    fixture.call(&alice, typing).unwrap();
    let live = fixture.live(&bob).remove(0);
    assert!(live.is("updateShort") && live.object("update").unwrap().is("updateUserTyping"));
}

#[test]
fn a_pin_is_seen_by_both() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let to_bob = peer_of(&mut fixture, &alice, "bobby_name");
    let to_alice = peer_of(&mut fixture, &bob, "alice_name");
    fixture.ok(&alice, send(&to_bob, "rules", 1));
    let pin = Object::new("messages.updatePinnedMessage").with("peer", to_bob.clone()).with("id", 1);
    let answer = fixture.ok(&alice, pin.clone());
    let kinds: Vec<&str> = answer.objects("updates").map(|update| update.name.as_str()).collect();
    assert_eq!(kinds, ["updatePinnedMessages", "updateNewMessage"]);
    let search = Object::new("messages.search")
        .with("peer", to_alice.clone())
        .with("q", "")
        .with("filter", Object::new("inputMessagesFilterPinned"));
    let zeros = ["min_date", "max_date", "offset_id", "add_offset", "max_id", "min_id", "hash"];
    let search = zeros.into_iter().fold(search, |object, field| object.with(field, 0)).with("limit", 10);
    assert_eq!(texts(&fixture.ok(&bob, search.clone())), ["rules"]);
    let answer = fixture.ok(&bob, Object::new("messages.unpinAllMessages").with("peer", to_alice));
    assert_eq!(answer.int("pts_count"), Some(1));
    assert!(texts(&fixture.ok(&bob, search)).is_empty());
    fixture.refused(&alice, pin.with("id", 9), "400 MESSAGE_ID_INVALID");
}

#[test]
fn a_silent_pin_is_told_without_a_sound() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let to_bob = peer_of(&mut fixture, &alice, "bobby_name");
    let create = |title: &'static str| Object::new("channels.createChannel").with("title", title).with("about", "").with("megagroup", true);
    let group = input(fixture.ok(&alice, create("Club")).objects("chats").next().unwrap());
    for (peer, id) in [(&to_bob, 1), (&group, 2)] {
        fixture.ok(&alice, send(peer, "rules", i64::from(id)));
        let pin =
            |flag: &'static str| Object::new("messages.updatePinnedMessage").with("peer", peer.clone()).with("id", id).with(flag, true);
        for (request, expected) in [(pin("silent"), Some(true)), (pin("unpin"), None), (pin("pm_oneside"), None)] {
            if *peer == group && request.flag("pm_oneside") {
                continue;
            }
            let updates = fixture.ok(&alice, request.clone());
            let told = updates.objects("updates").filter_map(|update| update.object("message"));
            let told: Vec<_> = told.map(|message| (message.object("action").unwrap().name.to_string(), message.flag("silent"))).collect();
            let expected: Vec<_> = expected.into_iter().map(|silent| ("messageActionPinMessage".to_owned(), silent)).collect();
            assert_eq!(told, expected, "{request:?}");
        }
    }
    let to_alice = peer_of(&mut fixture, &bob, "alice_name");
    assert_eq!(texts(&fixture.ok(&bob, history(&to_alice))), ["*", "rules"]);
}

#[test]
fn history_is_cut_as_asked() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let me = Object::new("inputPeerSelf");
    for number in 1..=10 {
        fixture.ok(&alice, send(&me, &number.to_string(), number));
    }
    let mut check = |offset_id: i32, add_offset: i32, limit: i32, min_id: i32, max_id: i32, expected: &str| {
        let fields = [("offset_id", offset_id), ("add_offset", add_offset), ("limit", limit), ("min_id", min_id), ("max_id", max_id)];
        let request = fields.into_iter().fold(history(&me), |request, (field, value)| request.with(field, value));
        assert_eq!(texts(&fixture.ok(&alice, request)).join(" "), expected, "{fields:?}");
    };
    check(0, 0, 3, 0, 0, "10 9 8");
    check(8, 0, 3, 0, 0, "7 6 5");
    check(8, -1, 3, 0, 0, "8 7 6");
    check(8, -3, 3, 0, 0, "10 9 8");
    check(8, -6, 3, 0, 0, "");
    check(8, -6, 6, 0, 0, "10 9 8");
    check(0, 8, 3, 0, 0, "2 1");
    check(1, 0, 3, 0, 0, "");
    check(0, 0, 100, 3, 7, "6 5 4");
    check(100, 0, 2, 0, 0, "10 9");
    check(0, 0, 0, 0, 0, "");

    let search = |q: &str| {
        let filter = Object::new("inputMessagesFilterEmpty");
        let request = Object::new("messages.search").with("peer", me.clone()).with("q", q).with("filter", filter).with("limit", 5);
        let zeros = ["min_date", "max_date", "offset_id", "add_offset", "max_id", "min_id", "hash"];
        zeros.into_iter().fold(request, |object, field| object.with(field, 0))
    };
    assert_eq!(texts(&fixture.ok(&alice, search("1"))), ["10", "1"]);
    let filters = vec![Object::new("inputMessagesFilterEmpty"), Object::new("inputMessagesFilterPhotos")];
    let counters = Object::new("messages.getSearchCounters").with("peer", me.clone()).with("filters", filters);
    let counts = fixture.call(&alice, counters).unwrap();
    let counts: Vec<i32> = counts.as_vector().unwrap().iter().map(|count| count.as_object().unwrap().int("count").unwrap()).collect();
    assert_eq!(counts, [10, 0]);
    let global =
        Object::new("messages.searchGlobal").with("q", "10").with("filter", Object::new("inputMessagesFilterEmpty")).with("limit", 5);
    let zeros = ["min_date", "max_date", "offset_rate", "offset_id"];
    let global = zeros.into_iter().fold(global, |object, field| object.with(field, 0)).with("offset_peer", Object::new("inputPeerEmpty"));
    assert_eq!(texts(&fixture.ok(&alice, global)), ["10"]);
    assert_eq!(fixture.call(&alice, Object::new("messages.receivedMessages").with("max_id", 0)), Ok(Value::Vector(vec![])));
}
