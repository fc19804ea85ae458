//! Reactions to messages.

use quadruplex_tl_schema::Object;

use super::fixture::{Fixture, as_user, history, input, peer_of, send};

fn emoji(emoji: &str) -> Object {
    Object::new("reactionEmoji").with("emoticon", emoji)
}

fn react(peer: &Object, id: i32, reactions: Vec<Object>) -> Object {
    Object::new("messages.sendReaction").with("peer", peer.clone()).with("msg_id", id).with("reaction", reactions)
}

#[test]
fn everybody_sees_who_reacted() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let bob_by_alice = peer_of(&mut fixture, &alice, "bobby_name");
    let create = Object::new("messages.createChat").with("users", vec![as_user(&bob_by_alice)]).with("title", "Club");
    let made = fixture.ok(&alice, create);
    let club = input(made.object("updates").unwrap().objects("chats").next().unwrap());
    // Bob's box is ahead, so that the ids differ.
    fixture.ok(&bob, send(&Object::new("inputPeerSelf"), "note", 1));
    fixture.ok(&alice, send(&club, "pizza?", 1));
    let newest = |fixture: &mut Fixture, session| fixture.ok(session, history(&club)).objects("messages").next().unwrap().clone();
    let (hers, his) = (newest(&mut fixture, &alice).int("id").unwrap(), newest(&mut fixture, &bob).int("id").unwrap());
    assert_ne!(hers, his);
    fixture.pushes();
    fixture.ok(&bob, react(&club, his, vec![emoji("👍")]));
    let told = fixture.live(&alice).remove(0);
    let update = told.objects("updates").next().unwrap();
    assert_eq!((update.name.as_str(), update.int("msg_id")), ("updateMessageReactions", Some(hers)));
    fixture.refused(&bob, react(&club, his, vec![emoji("👍")]), "400 MESSAGE_NOT_MODIFIED");
    fixture.ok(&alice, react(&club, hers, vec![emoji("👍")]));
    fixture.ok(&bob, react(&club, his, vec![emoji("❤\u{fe0f}")]));
    let seen = newest(&mut fixture, &alice).object("reactions").unwrap().clone();
    let counts: Vec<(i32, bool)> =
        seen.objects("results").map(|count| (count.int("count").unwrap(), count.int("chosen_order").is_some())).collect();
    assert_eq!(counts, [(1, true), (1, false)]);

    let list = Object::new("messages.getMessageReactionsList").with("peer", club.clone()).with("id", hers).with("limit", 1);
    let page = fixture.ok(&alice, list.clone());
    assert_eq!((page.int("count"), page.string("next_offset")), (Some(2), Some("1")));
    let page = fixture.ok(&alice, list.clone().with("offset", usize::MAX.to_string()));
    assert_eq!((page.objects("reactions").count(), page.string("next_offset")), (0, None));
    let page = fixture.ok(&alice, list.with("offset", "1"));
    assert_eq!((page.objects("reactions").count(), page.string("next_offset")), (1, None));
    let get = Object::new("messages.getMessagesReactions").with("peer", club.clone()).with("id", vec![hers]);
    assert_eq!(fixture.ok(&alice, get).objects("updates").count(), 1);

    fixture.ok(&bob, react(&club, his, vec![]));
    assert_eq!(newest(&mut fixture, &bob).object("reactions").unwrap().objects("results").count(), 1);
    for (reactions, error) in [
        (vec![emoji("🍕")], "400 REACTION_INVALID"),
        (vec![Object::new("reactionEmpty")], "400 REACTION_EMPTY"),
        (vec![emoji("👍"), emoji("🔥")], "400 REACTIONS_TOO_MANY"),
    ] {
        fixture.refused(&bob, react(&club, his, reactions), error);
    }
    fixture.refused(&bob, react(&club, 99, vec![emoji("👍")]), "400 MESSAGE_ID_INVALID");
}

#[test]
fn a_bot_hears_of_reactions_to_what_it_said() {
    let mut fixture = Fixture::new();
    let (alice, bot) = (fixture.user("alice"), fixture.bot("quiz", true));
    let to_bot = peer_of(&mut fixture, &alice, "quiz_bot");
    fixture.ok(&alice, send(&to_bot, "/start", 1));
    let to_alice = peer_of(&mut fixture, &bot, "alice_name");
    fixture.ok(&bot, send(&to_alice, "welcome", 2));
    let id = fixture.ok(&alice, history(&to_bot)).objects("messages").next().unwrap().int("id").unwrap();
    fixture.pushes();
    fixture.ok(&alice, react(&to_bot, id, vec![emoji("🎉")]));
    let told = fixture.live(&bot).remove(0);
    let update = told.objects("updates").next().unwrap();
    assert_eq!((update.name.as_str(), update.int("qts")), ("updateBotMessageReaction", Some(1)));
    assert_eq!((update.objects("old_reactions").count(), update.objects("new_reactions").count()), (0, 1));
}
