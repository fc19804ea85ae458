//! Messages that are sent later.

use quadruplex_tl_schema::{Object, Value};

use super::fixture::{Fixture, history, peer_of, send, texts};

fn of(method: &'static str, peer: &Object, ids: &[i32]) -> Object {
    Object::new(method).with("peer", peer.clone()).with("id", ids.to_vec())
}

fn waiting(peer: &Object) -> Object {
    Object::new("messages.getScheduledHistory").with("peer", peer.clone()).with("hash", 0i64)
}

fn kinds(updates: &Object) -> Vec<String> {
    updates.objects("updates").map(|update| update.name.as_str().to_owned()).collect()
}

#[test]
fn a_message_waits_until_its_time_has_come() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let to_bob = peer_of(&mut fixture, &alice, "bobby_name");
    let later = fixture.now.seconds() + 3600;
    let request = send(&to_bob, "good morning", 1).with("schedule_date", later);
    let kept = fixture.ok(&alice, request.clone());
    assert_eq!(kinds(&kept), ["updateMessageID", "updateNewScheduledMessage"]);
    assert_eq!(kinds(&fixture.ok(&alice, request)), ["updateMessageID", "updateNewScheduledMessage"], "repeated, kept once");
    let list = fixture.ok(&alice, waiting(&to_bob));
    let message = list.objects("messages").next().unwrap().clone();
    assert_eq!((texts(&list), message.int("date"), message.flag("from_scheduled")), (vec!["good morning".into()], Some(later), true));
    assert!(fixture.ok(&alice, history(&to_bob)).objects("messages").next().is_none());
    assert!(fixture.live(&bob).is_empty());

    assert_eq!(fixture.world.next_timeout().map(|due| due.ms), Some(i64::from(later) * 1000));
    fixture.now.ms = i64::from(later) * 1000;
    fixture.world.handle_timeout(fixture.now);
    let told = fixture.pushes();
    let mine = told.iter().find(|push| push.auth_key_id == alice.caller.auth_key_id).unwrap().update.as_object().unwrap();
    assert_eq!(kinds(mine), ["updateNewMessage", "updateDeleteScheduledMessages"]);
    let gone = mine.objects("updates").nth(1).unwrap();
    assert_eq!(gone.vector("sent_messages").unwrap().len(), 1);
    assert!(told.iter().any(|push| push.auth_key_id == bob.caller.auth_key_id));
    let sent = fixture.ok(&alice, history(&to_bob)).objects("messages").next().unwrap().clone();
    assert_eq!((sent.int("date"), sent.flag("from_scheduled")), (Some(later), true));
    assert!(fixture.ok(&alice, waiting(&to_bob)).objects("messages").next().is_none());
    assert_eq!(fixture.world.next_timeout(), None);
}

#[test]
fn what_waits_is_changed_sent_and_deleted() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let to_bob = peer_of(&mut fixture, &alice, "bobby_name");
    let later = fixture.now.seconds() + 3600;
    for number in 1..=3 {
        fixture.ok(&alice, send(&to_bob, &number.to_string(), number).with("schedule_date", later + number as i32));
    }
    let ids: Vec<i32> = fixture.ok(&alice, waiting(&to_bob)).objects("messages").map(|message| message.int("id").unwrap()).collect();
    let edit = |date: i32| {
        Object::new("messages.editMessage")
            .with("peer", to_bob.clone())
            .with("id", ids[0])
            .with("message", "3!")
            .with("schedule_date", date)
    };
    fixture.ok(&alice, edit(later + 500));
    fixture.refused(&alice, edit(later + 500), "400 MESSAGE_NOT_MODIFIED");
    fixture.refused(&alice, edit(1), "400 SCHEDULE_DATE_INVALID");
    assert_eq!(texts(&fixture.ok(&alice, of("messages.getScheduledMessages", &to_bob, &ids))), ["3!", "2", "1"]);
    let sent = fixture.ok(&alice, of("messages.sendScheduledMessages", &to_bob, &ids[..1]));
    assert_eq!(kinds(&sent), ["updateMessageID", "updateNewMessage", "updateDeleteScheduledMessages"]);
    fixture.ok(&alice, of("messages.deleteScheduledMessages", &to_bob, &ids[1..2]));
    fixture.refused(&alice, of("messages.sendScheduledMessages", &to_bob, &ids[..2]), "400 MESSAGE_ID_INVALID");
    fixture.now.ms += 10_000_000;
    fixture.world.handle_timeout(fixture.now);
    let to_alice = peer_of(&mut fixture, &bob, "alice_name");
    assert_eq!(texts(&fixture.ok(&bob, history(&to_alice))), ["1", "3!"]);
}

#[test]
fn what_cannot_be_planned() {
    let mut fixture = Fixture::new();
    let (alice, bot) = (fixture.user("alice"), fixture.bot("helper", true));
    let me = Object::new("inputPeerSelf");
    let at = |seconds: i32, random_id: i64| send(&me, "x", random_id).with("schedule_date", seconds);
    let now = fixture.now.seconds();
    fixture.refused(&alice, at(now + 400 * 86_400, 1), "400 SCHEDULE_DATE_TOO_LATE");
    fixture.refused(&alice, at(0x7fff_fffe, 1), "400 SCHEDULE_STATUS_PRIVATE");
    fixture.refused(&bot, at(now + 3600, 1), "400 SCHEDULE_BOT_NOT_ALLOWED");
    // The past is now.
    fixture.ok(&alice, at(now - 3600, 2));
    assert_eq!(fixture.ok(&alice, history(&me)).objects("messages").count(), 1);
    for number in 0..100 {
        fixture.ok(&alice, at(now + 7200, 100 + number));
    }
    fixture.refused(&alice, at(now + 7200, 3), "400 SCHEDULE_TOO_MUCH");
}

#[test]
fn what_may_not_be_said_any_more_is_not_sent() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let to_bob = peer_of(&mut fixture, &alice, "bobby_name");
    let later = fixture.now.seconds() + 3600;
    fixture.ok(&alice, send(&to_bob, "x", 1).with("schedule_date", later));
    let to_alice = peer_of(&mut fixture, &bob, "alice_name");
    assert_eq!(fixture.call(&bob, Object::new("contacts.block").with("id", to_alice)), Ok(Value::Bool(true)));
    fixture.now.ms += 4_000_000;
    fixture.world.handle_timeout(fixture.now);
    let told = fixture.live(&alice).remove(0);
    let gone = told.objects("updates").next().unwrap();
    assert_eq!((gone.name.as_str(), gone.vector("sent_messages")), ("updateDeleteScheduledMessages", None));
    assert!(fixture.ok(&alice, history(&to_bob)).objects("messages").next().is_none());
}
