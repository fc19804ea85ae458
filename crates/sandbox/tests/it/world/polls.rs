//! Polls and quizzes.

use quadruplex_tl_schema::{Object, Value};

use super::fixture::{Fixture, Session, as_channel, as_user, history, input, peer_of};

fn words(text: &str) -> Object {
    Object::new("textWithEntities").with("text", text).with("entities", Value::Vector(vec![]))
}

fn poll(question: &str, answers: &[&str], flags: &[&'static str]) -> Object {
    let answer = |text: &&str| Object::new("pollAnswer").with("text", words(text)).with("option", text.as_bytes());
    let answers: Vec<Object> = answers.iter().map(answer).collect();
    let poll = Object::new("poll").with("id", 0i64).with("question", words(question)).with("answers", answers).with("hash", 0i64);
    flags.iter().fold(poll, |poll, flag| poll.with(*flag, true))
}

fn media(poll: Object) -> Object {
    Object::new("inputMediaPoll").with("poll", poll)
}

fn ask(peer: &Object, media: Object, random_id: i64) -> Object {
    Object::new("messages.sendMedia").with("peer", peer.clone()).with("media", media).with("message", "").with("random_id", random_id)
}

/// A supergroup of Alice's with Bob in it: how each names it.
fn club(fixture: &mut Fixture, alice: &Session, bob: &Session) -> (Object, Object) {
    let create = Object::new("channels.createChannel").with("megagroup", true).with("title", "Club").with("about", "");
    let of_alice = input(fixture.ok(alice, create).objects("chats").next().unwrap());
    let name = Object::new("channels.updateUsername").with("channel", as_channel(&of_alice)).with("username", "club_name");
    fixture.call(alice, name).unwrap();
    let of_bob = peer_of(fixture, bob, "club_name");
    fixture.ok(bob, Object::new("channels.joinChannel").with("channel", as_channel(&of_bob)));
    (of_alice, of_bob)
}

fn newest(fixture: &mut Fixture, session: &Session, peer: &Object) -> Object {
    fixture.ok(session, history(peer)).objects("messages").next().unwrap().clone()
}

fn vote(peer: &Object, id: i32, options: &[&str]) -> Object {
    let options: Value = options.iter().map(|option| Value::Bytes(option.as_bytes().to_vec())).collect();
    Object::new("messages.sendVote").with("peer", peer.clone()).with("msg_id", id).with("options", options)
}

/// How many chose each answer, as an update or a media object tells; nothing, if it does not.
fn counts(object: &Object) -> Vec<i32> {
    object.object("results").unwrap().objects("results").map(|answer| answer.int("voters").unwrap()).collect()
}

#[test]
fn a_poll_may_be_open_for_ever() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let me = Object::new("inputPeerSelf");
    fixture.ok(&alice, ask(&me, media(poll("Lunch?", &["soup", "salad"], &[]).with("close_period", i32::MAX)), 1));
    let message = newest(&mut fixture, &alice, &me);
    assert_eq!(message.object("media").unwrap().object("poll").unwrap().int("close_date"), Some(i32::MAX));
}

#[test]
fn votes_are_counted_and_seen_by_those_who_voted() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let (of_alice, of_bob) = club(&mut fixture, &alice, &bob);
    fixture.ok(&alice, ask(&of_alice, media(poll("Lunch?", &["soup", "salad"], &["public_voters"])), 1));
    let message = newest(&mut fixture, &bob, &of_bob);
    let id = message.int("id").unwrap();
    assert_eq!(counts(message.object("media").unwrap()), Vec::<i32>::new(), "not before one has voted");
    fixture.pushes();
    let answer = fixture.ok(&bob, vote(&of_bob, id, &["salad"]));
    assert_eq!(counts(answer.objects("updates").next().unwrap()), [0, 1]);
    let told = fixture.live(&alice).remove(0);
    let update = told.objects("updates").next().unwrap();
    assert_eq!((update.name.as_str(), counts(update)), ("updateMessagePoll", vec![]));
    assert_eq!(update.object("results").unwrap().int("total_voters"), Some(1));

    let votes = |peer: &Object| Object::new("messages.getPollVotes").with("peer", peer.clone()).with("id", id).with("limit", 10);
    fixture.refused(&alice, votes(&of_alice), "403 POLL_VOTE_REQUIRED");
    fixture.ok(&alice, vote(&of_alice, id, &["salad"]));
    assert_eq!(fixture.ok(&alice, votes(&of_alice)).int("count"), Some(2));
    let past_the_end = fixture.ok(&alice, votes(&of_alice).with("offset", usize::MAX.to_string()));
    assert_eq!((past_the_end.objects("votes").count(), past_the_end.string("next_offset")), (0, None));
    fixture.ok(&bob, vote(&of_bob, id, &["soup"]));
    fixture.refused(&bob, vote(&of_bob, id, &["soup", "salad"]), "400 OPTIONS_TOO_MUCH");
    fixture.refused(&bob, vote(&of_bob, id, &["steak"]), "400 OPTION_INVALID");
    let results = Object::new("messages.getPollResults").with("peer", of_alice.clone()).with("msg_id", id).with("poll_hash", 0i64);
    assert_eq!(counts(fixture.ok(&alice, results).objects("updates").next().unwrap()), [1, 1]);
    fixture.ok(&bob, vote(&of_bob, id, &[]));
    let media_of = newest(&mut fixture, &bob, &of_bob).object("media").unwrap().clone();
    assert_eq!(counts(&media_of), Vec::<i32>::new(), "a vote that was taken back is none");

    let stop = |closed: &[&'static str]| {
        let media = media(poll("Lunch?", &["soup", "salad"], closed));
        Object::new("messages.editMessage").with("peer", of_alice.clone()).with("id", id).with("media", media)
    };
    fixture.refused(&alice, stop(&[]), "400 MEDIA_NEW_INVALID");
    fixture.ok(&alice, stop(&["closed"]));
    fixture.refused(&alice, stop(&["closed"]), "400 MESSAGE_NOT_MODIFIED");
    fixture.refused(&bob, vote(&of_bob, id, &["soup"]), "400 MESSAGE_POLL_CLOSED");
    let closed = newest(&mut fixture, &bob, &of_bob).object("media").unwrap().clone();
    assert_eq!((closed.object("poll").unwrap().flag("closed"), counts(&closed)), (true, vec![0, 1]));
}

#[test]
fn a_bot_hears_who_chose_what_in_its_quiz_and_the_quiz_ends() {
    let mut fixture = Fixture::new();
    let (alice, bob, bot) = (fixture.user("alice"), fixture.user("bobby"), fixture.bot("quiz", true));
    let (of_alice, of_bob) = club(&mut fixture, &alice, &bob);
    let found = peer_of(&mut fixture, &alice, "quiz_bot");
    let invite = Object::new("channels.inviteToChannel").with("channel", as_channel(&of_alice)).with("users", vec![as_user(&found)]);
    fixture.ok(&alice, invite);
    let for_bot = of_alice.clone().with("access_hash", 0i64);
    let quiz = poll("2 + 2?", &["3", "4"], &["quiz", "public_voters"]).with("close_period", 60);
    let sent = media(quiz).with("correct_answers", vec![1]).with("solution", "Count.").with("solution_entities", Value::Vector(vec![]));
    fixture.ok(&bot, ask(&for_bot, sent, 1));
    let id = newest(&mut fixture, &bob, &of_bob).int("id").unwrap();
    fixture.pushes();
    let answer = fixture.ok(&bob, vote(&of_bob, id, &["3"]));
    let results = answer.objects("updates").next().unwrap().object("results").unwrap().clone();
    let marks: Vec<(bool, bool)> = results.objects("results").map(|answer| (answer.flag("chosen"), answer.flag("correct"))).collect();
    assert_eq!((marks, results.string("solution")), (vec![(true, false), (false, true)], Some("Count.")));
    fixture.refused(&bob, vote(&of_bob, id, &["4"]), "400 REVOTE_NOT_ALLOWED");
    let told = fixture.live(&bot).remove(0);
    let heard = told.objects("updates").find(|update| update.is("updateMessagePollVote")).unwrap();
    assert_eq!((heard.int("qts"), heard.object("peer").unwrap().long("user_id")), (Some(2), Some(bob.id)), "after its own joining");

    let due = fixture.world.next_timeout().unwrap();
    fixture.now = due;
    fixture.world.handle_timeout(due);
    fixture.refused(&alice, vote(&of_alice, id, &["4"]), "400 MESSAGE_POLL_CLOSED");
}

#[test]
fn polls_are_checked() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let me = Object::new("inputPeerSelf");
    let many: Vec<String> = (0..11).map(|number| number.to_string()).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let long = "x".repeat(101);
    let quiz = |correct: Vec<i32>| media(poll("q", &["a", "b"], &["quiz"])).with("correct_answers", correct);
    for (media, error) in [
        (media(poll("", &["a", "b"], &[])), "400 POLL_QUESTION_INVALID"),
        (media(poll("q", &["a"], &[])), "400 POLL_ANSWERS_INVALID"),
        (media(poll("q", &many, &[])), "400 POLL_ANSWERS_INVALID"),
        (media(poll("q", &["a", &long], &[])), "400 POLL_ANSWER_INVALID"),
        (media(poll("q", &["a", "a"], &[])), "400 POLL_OPTION_DUPLICATE"),
        (media(poll("q", &["a", "b"], &["quiz"])), "400 QUIZ_CORRECT_ANSWERS_EMPTY"),
        (quiz(vec![0, 1]), "400 QUIZ_CORRECT_ANSWERS_TOO_MUCH"),
        (quiz(vec![2]), "400 QUIZ_CORRECT_ANSWER_INVALID"),
        (media(poll("q", &["a", "b"], &["quiz", "multiple_choice"])).with("correct_answers", vec![0]), "400 QUIZ_MULTIPLE_INVALID"),
    ] {
        fixture.refused(&alice, ask(&me, media, 1), error);
    }
    fixture.ok(&alice, ask(&me, media(poll("q", &["a", "b"], &["multiple_choice"])), 2));
    let id = newest(&mut fixture, &alice, &me).int("id").unwrap();
    fixture.ok(&alice, vote(&me, id, &["a", "b"]));
}
