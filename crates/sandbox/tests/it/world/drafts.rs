//! What somebody has begun to write.

use quadruplex_sandbox::world::World;
use quadruplex_tl_schema::Object;

use super::fixture::{Fixture, as_user, config, peer_of, send};

fn save(peer: &Object, text: &str) -> Object {
    Object::new("messages.saveDraft").with("peer", peer.clone()).with("message", text)
}

/// The drafts that an update or an answer tells of: whose, and what.
fn drafts(updates: &Object) -> Vec<(i64, Option<String>)> {
    let told = updates.objects("updates").filter(|update| update.is("updateDraftMessage"));
    let user = |update: &Object| update.object("peer").unwrap().long("user_id").unwrap();
    told.map(|update| (user(update), update.object("draft").unwrap().string("message").map(str::to_owned))).collect()
}

/// What `messages.getAllDrafts` and the conversation itself say.
fn kept(fixture: &mut Fixture, session: &super::fixture::Session, peer: &Object) -> (Vec<(i64, Option<String>)>, Option<Object>) {
    let all = fixture.ok(session, Object::new("messages.getAllDrafts"));
    let named = vec![Object::new("inputDialogPeer").with("peer", peer.clone())];
    let dialogs = fixture.ok(session, Object::new("messages.getPeerDialogs").with("peers", named));
    (drafts(&all), dialogs.objects("dialogs").next().unwrap().object("draft").cloned())
}

#[test]
fn a_draft_is_the_same_in_all_sessions() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let other = fixture.again(alice.id);
    let to_bob = peer_of(&mut fixture, &alice, "bobby_name");
    let me = Object::new("inputPeerSelf");
    fixture.pushes();

    let mention = Object::new("inputMessageEntityMentionName").with("offset", 0).with("length", 3).with("user_id", as_user(&to_bob));
    let reply = Object::new("inputReplyToMessage").with("reply_to_msg_id", 5);
    let draft = save(&to_bob, "Bob, ").with("entities", vec![mention]).with("reply_to", reply.clone()).with("no_webpage", true);
    fixture.call(&alice, draft).unwrap();
    let told = fixture.live(&other).remove(0);
    let expected = (bob.id, Some("Bob, ".to_owned()));
    assert_eq!(drafts(&told), std::slice::from_ref(&expected));
    assert_eq!(told.objects("users").map(|user| user.long("id").unwrap()).collect::<Vec<_>>(), [bob.id]);

    fixture.call(&other, save(&me, "milk")).unwrap();
    let (all, draft) = kept(&mut fixture, &other, &to_bob);
    assert_eq!(all, [(alice.id, Some("milk".to_owned())), expected]);
    let draft = draft.unwrap();
    assert_eq!((draft.object("reply_to"), draft.flag("no_webpage")), (Some(&reply), true));
    let entity = draft.objects("entities").next().unwrap();
    assert_eq!((entity.name.as_str(), entity.long("user_id")), ("messageEntityMentionName", Some(bob.id)));
    assert_eq!(kept(&mut fixture, &bob, &Object::new("inputPeerSelf")), (vec![], None), "a draft is nobody else's");

    fixture.call(&alice, save(&to_bob, "")).unwrap();
    fixture.call(&alice, Object::new("messages.clearAllDrafts")).unwrap();
    let told: Vec<_> = fixture.live(&other).iter().flat_map(drafts).collect();
    assert_eq!(told, [(alice.id, Some("milk".to_owned())), (bob.id, None), (alice.id, None)]);
    assert_eq!(kept(&mut fixture, &alice, &to_bob), (vec![], None));
    fixture.call(&alice, save(&to_bob, "")).unwrap();
    assert!(fixture.pushes().is_empty(), "there was none");
    let long = "x".repeat(4097);
    fixture.refused(&alice, save(&to_bob, &long), "400 MESSAGE_TOO_LONG");
}

#[test]
fn sending_clears_the_draft_when_it_says_so() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let me = Object::new("inputPeerSelf");
    fixture.call(&alice, save(&me, "milk")).unwrap();
    fixture.ok(&alice, send(&me, "bread", 1));
    assert_eq!(kept(&mut fixture, &alice, &me).0.len(), 1);
    let later = send(&me, "milk", 2).with("clear_draft", true);
    let due = (fixture.now.ms / 1000) as i32 + 3600;
    fixture.ok(&alice, later.clone().with("schedule_date", due));
    assert_eq!(kept(&mut fixture, &alice, &me), (vec![], None));
    fixture.call(&alice, save(&me, "milk")).unwrap();
    fixture.pushes();
    fixture.ok(&alice, later.with("random_id", 3_i64));
    assert_eq!(fixture.pushes().iter().filter_map(|push| push.update.as_object()).flat_map(drafts).collect::<Vec<_>>(), [(alice.id, None)]);
    assert_eq!(kept(&mut fixture, &alice, &me), (vec![], None));
}

#[test]
fn a_draft_outlives_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("state");
    let mut fixture = Fixture::of(World::open(&file, config()).unwrap());
    let alice = fixture.user("alice");
    let me = Object::new("inputPeerSelf");
    fixture.call(&alice, save(&me, "milk")).unwrap();
    drop(fixture);
    let mut fixture = Fixture::of(World::open(&file, config()).unwrap());
    assert_eq!(kept(&mut fixture, &alice, &me).0, [(alice.id, Some("milk".to_owned()))]);
}
