//! Groups and channels.

use quadruplex_tl_schema::{Object, Value};

use super::fixture::{Fixture, Session, as_channel, as_user, difference, history, input, peer_of, send, texts};

/// A basic group of the first session with the others, and each one's way to name it.
fn group(fixture: &mut Fixture, creator: &Session, others: &[&str]) -> Object {
    let users: Vec<Object> = others.iter().map(|name| as_user(&peer_of(fixture, creator, name))).collect();
    let made = fixture.ok(creator, Object::new("messages.createChat").with("users", users).with("title", "Club"));
    let updates = made.object("updates").unwrap();
    input(updates.objects("chats").next().unwrap())
}

fn chat_id(peer: &Object) -> i64 {
    peer.long("chat_id").unwrap()
}

#[test]
fn a_group_is_created_written_to_and_left() {
    let mut fixture = Fixture::new();
    let (alice, bob, carol) = (fixture.user("alice"), fixture.user("bobby"), fixture.user("carol"));
    fixture.refused(
        &alice,
        Object::new("messages.createChat").with("users", Value::Vector(vec![])).with("title", "x"),
        "400 USERS_TOO_FEW",
    );
    let club = group(&mut fixture, &alice, &["bobby_name", "carol_name"]);

    let live = fixture.live(&bob).remove(0);
    let kinds: Vec<&str> = live.objects("updates").map(|update| update.name.as_str()).collect();
    assert_eq!(kinds, ["updateChatParticipants", "updateNewMessage"]);
    assert!(live.int("seq").unwrap() > 0, "who is in a group is counted by seq");

    for (session, text, random_id) in [(&alice, "one", 1), (&bob, "two", 2), (&carol, "three", 3)] {
        fixture.ok(session, send(&club, text, random_id));
    }
    assert_eq!(texts(&fixture.ok(&carol, history(&club))), ["three", "two", "one", "*"]);
    let to_bob = as_user(&peer_of(&mut fixture, &alice, "bobby_name"));
    let member = |method: &'static str, user: &Object| Object::new(method).with("chat_id", chat_id(&club)).with("user_id", user.clone());

    let full = fixture.ok(&alice, Object::new("messages.getFullChat").with("chat_id", chat_id(&club)));
    let participants = full.object("full_chat").unwrap().object("participants").unwrap();
    let kinds: Vec<&str> = participants.objects("participants").map(|member| member.name.as_str()).collect();
    assert_eq!(kinds, ["chatParticipantCreator", "chatParticipant", "chatParticipant"]);
    fixture.refused(&alice, member("messages.addChatUser", &to_bob).with("fwd_limit", 0), "400 USER_ALREADY_PARTICIPANT");

    fixture.ok(&bob, member("messages.deleteChatUser", &Object::new("inputUserSelf")));
    fixture.refused(&bob, send(&club, "gone", 4), "403 CHAT_WRITE_FORBIDDEN");
    fixture.refused(&alice, member("messages.deleteChatUser", &to_bob), "400 USER_NOT_PARTICIPANT");
    assert_eq!(fixture.ok(&bob, history(&club)).objects("messages").count(), 5, "what was read stays");
    fixture.ok(&alice, send(&club, "four", 5));
    assert_eq!(fixture.ok(&bob, history(&club)).objects("messages").count(), 5);

    let carol_user = as_user(&peer_of(&mut fixture, &alice, "carol_name"));
    let bob_for_carol = as_user(&peer_of(&mut fixture, &carol, "bobby_name"));
    fixture.ok(&carol, member("messages.addChatUser", &bob_for_carol).with("fwd_limit", 0));
    let alice_for_bob = as_user(&peer_of(&mut fixture, &bob, "alice_name"));
    fixture.refused(&bob, member("messages.deleteChatUser", &alice_for_bob), "400 CHAT_ADMIN_REQUIRED");
    fixture.ok(&alice, member("messages.deleteChatUser", &carol_user));
    let rename = |title: &str| Object::new("messages.editChatTitle").with("chat_id", chat_id(&club)).with("title", title);
    fixture.refused(&alice, rename("Club"), "400 CHAT_NOT_MODIFIED");
    fixture.refused(&alice, rename(" "), "400 CHAT_TITLE_EMPTY");
    fixture.refused(&carol, rename("Mine"), "400 CHAT_ID_INVALID");
    fixture.ok(&alice, rename("Circle"));
    let chats = fixture.ok(&bob, Object::new("messages.getChats").with("id", vec![chat_id(&club)]));
    assert_eq!(chats.objects("chats").next().unwrap().string("title"), Some("Circle"));
}

#[test]
fn a_reply_is_found_in_every_box() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    // Bob's box is ahead of Alice's, so that the same message has two ids.
    fixture.ok(&bob, send(&Object::new("inputPeerSelf"), "note", 1));
    let club = group(&mut fixture, &alice, &["bobby_name"]);
    let first = fixture.ok(&alice, send(&club, "question", 1));
    let id = first.objects("updates").find(|update| update.is("updateMessageID")).unwrap().int("id").unwrap();
    let reply = Object::new("inputReplyToMessage").with("reply_to_msg_id", id);
    fixture.ok(&alice, send(&club, "answer", 2).with("reply_to", reply));
    for (session, expected) in [(&alice, id), (&bob, id + 1)] {
        let answer = fixture.ok(session, history(&club));
        let header = answer.objects("messages").next().unwrap().object("reply_to").unwrap().clone();
        assert_eq!(header.int("reply_to_msg_id"), Some(expected));
    }
}

#[test]
fn a_private_bot_hears_what_is_meant_for_it() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let (shy, nosy) = (fixture.bot("shy", true), fixture.bot("nosy", false));
    let club = group(&mut fixture, &alice, &["shy_bot", "nosy_bot"]);
    for (text, random_id) in [("hello", 1), ("/roll", 2), ("hey @shy_bot", 3)] {
        fixture.ok(&alice, send(&club, text, random_id));
    }
    let texts = |fixture: &Fixture, bot: &Session| {
        let all = fixture.world.messages(bot.id, quadruplex_sandbox::world::Peer::Chat(chat_id(&club)));
        all.into_iter().filter(|message| message.media.is_none()).map(|message| message.text).collect::<Vec<_>>()
    };
    assert_eq!(texts(&fixture, &shy), ["/roll", "hey @shy_bot"]);
    assert_eq!(texts(&fixture, &nosy), ["hello", "/roll", "hey @shy_bot"]);
}

#[test]
fn a_bot_answers_but_never_speaks_first() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let bot = fixture.bot("echo", true);
    let to_alice = peer_of(&mut fixture, &bot, "alice_name");
    fixture.refused(&bot, send(&to_alice, "psst", 1), "400 PEER_ID_INVALID");
    let to_bot = peer_of(&mut fixture, &alice, "echo_bot");
    fixture.ok(&alice, send(&to_bot, "/start", 1));
    fixture.ok(&bot, send(&to_alice, "hello", 2));
    // Having met, it needs no hash.
    fixture.ok(&bot, send(&to_alice.clone().with("access_hash", 0), "again", 3));

    // Stopping the bot is an update with qts, which the bot also finds in its difference.
    let state = fixture.ok(&bot, Object::new("updates.getState"));
    fixture.pushes();
    fixture.call(&alice, Object::new("contacts.block").with("id", to_bot.clone())).unwrap();
    let live = fixture.live(&bot).remove(0);
    assert_eq!(live.objects("updates").next().unwrap().int("qts"), Some(1));
    let missed = fixture.ok(&bot, difference(&state));
    assert!(missed.objects("other_updates").next().unwrap().is("updateBotStopped"));
    assert_eq!(missed.object("state").unwrap().int("qts"), Some(1));
    fixture.refused(&bot, send(&to_alice, "still there?", 4), "400 USER_IS_BLOCKED");
    fixture.refused(&alice, send(&to_bot, "x", 4), "400 YOU_BLOCKED_USER");
}

/// A supergroup or channel, and the creator's way to name it.
fn channel(fixture: &mut Fixture, creator: &Session, kind: &'static str, username: Option<&str>) -> Object {
    let made = fixture.ok(creator, Object::new("channels.createChannel").with(kind, true).with("title", "News").with("about", "all of it"));
    let peer = input(made.objects("chats").next().unwrap());
    if let Some(name) = username {
        let update = Object::new("channels.updateUsername").with("channel", as_channel(&peer)).with("username", name);
        assert_eq!(fixture.call(creator, update), Ok(Value::Bool(true)));
    }
    peer
}

fn on(method: &'static str, channel: &Object) -> Object {
    Object::new(method).with("channel", as_channel(channel))
}

#[test]
fn a_supergroup_has_one_box_for_all() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let news = channel(&mut fixture, &alice, "megagroup", Some("news_group"));
    let for_bob = peer_of(&mut fixture, &bob, "news_group");
    fixture.refused(&bob, send(&for_bob, "x", 1), "403 CHAT_WRITE_FORBIDDEN");
    fixture.refused(&bob, on("channels.joinChannel", &news), "400 CHANNEL_INVALID");
    fixture.pushes();
    let joined = fixture.ok(&bob, on("channels.joinChannel", &for_bob));
    assert!(joined.is("messages.chatInviteJoinResultOk"));
    let seen = fixture.live(&alice).remove(0);
    assert_eq!(seen.objects("updates").next().unwrap().int("pts"), Some(3), "create, join");

    let sent = fixture.ok(&bob, send(&for_bob, "hello", 1));
    let update = sent.objects("updates").find(|update| update.is("updateNewChannelMessage")).unwrap();
    assert_eq!((update.int("pts"), update.object("message").unwrap().int("id")), (Some(4), Some(3)));
    fixture.pushes();
    let answer = fixture.ok(&alice, history(&news));
    assert!(answer.is("messages.channelMessages"));
    assert_eq!((answer.int("pts"), texts(&answer)), (Some(4), vec!["hello".to_owned(), "*".to_owned(), "*".to_owned()]));

    let read = on("channels.readHistory", &news).with("max_id", 3);
    assert_eq!(fixture.call(&alice, read), Ok(Value::Bool(true)));
    let told = fixture.live(&bob).remove(0);
    assert!(told.objects("updates").next().unwrap().is("updateReadChannelOutbox"), "{told:?}");

    let found = fixture.ok(&alice, on("channels.getMessages", &news).with("id", vec![Object::new("inputMessageID").with("id", 3)]));
    assert_eq!(texts(&found), ["hello"]);
    let own = found.objects("messages").next().unwrap();
    assert!(!own.flag("out"));
    fixture.ok(&bob, on("channels.leaveChannel", &for_bob));
    fixture.refused(&bob, on("channels.leaveChannel", &for_bob), "400 USER_NOT_PARTICIPANT");
    fixture.refused(&alice, on("channels.leaveChannel", &news), "400 USER_CREATOR");
}

#[test]
fn only_administrators_post_in_a_channel() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let news = channel(&mut fixture, &alice, "broadcast", Some("news_channel"));
    let for_bob = peer_of(&mut fixture, &bob, "news_channel");
    fixture.ok(&bob, on("channels.joinChannel", &for_bob));
    fixture.refused(&bob, send(&for_bob, "x", 1), "400 CHAT_ADMIN_REQUIRED");
    fixture.ok(&alice, send(&news, "post", 1));
    let post = fixture.ok(&bob, history(&for_bob)).objects("messages").next().unwrap().clone();
    assert!(post.flag("post") && post.object("from_id").is_none());
    assert_eq!(post.int("views"), Some(1));
    let views = Object::new("messages.getMessagesViews")
        .with("peer", for_bob.clone())
        .with("id", vec![post.int("id").unwrap()])
        .with("increment", true);
    assert_eq!(fixture.ok(&bob, views).objects("views").next().unwrap().int("views"), Some(2));

    let participants = |limit: i32| {
        let filter = Object::new("channelParticipantsRecent");
        on("channels.getParticipants", &news).with("filter", filter).with("offset", 0).with("limit", limit).with("hash", 0)
    };
    let list = fixture.ok(&alice, participants(10));
    let kinds: Vec<&str> = list.objects("participants").map(|member| member.name.as_str()).collect();
    assert_eq!((list.int("count"), kinds), (Some(2), vec!["channelParticipantCreator", "channelParticipant"]));
    fixture.refused(&bob, participants(10).with("channel", as_channel(&for_bob)), "400 CHAT_ADMIN_REQUIRED");

    let bob_peer = peer_of(&mut fixture, &alice, "bobby_name");
    let rights = Object::new("chatAdminRights").with("post_messages", true);
    fixture.ok(&alice, on("channels.editAdmin", &news).with("user_id", as_user(&bob_peer)).with("admin_rights", rights));
    fixture.ok(&bob, send(&for_bob, "mine", 2));
    let ban = |forbidden: bool| {
        let rights = Object::new("chatBannedRights").with("view_messages", forbidden).with("until_date", 0);
        on("channels.editBanned", &news).with("participant", bob_peer.clone()).with("banned_rights", rights)
    };
    fixture.refused(&alice, ban(true), "400 USER_ADMIN_INVALID");
    fixture.ok(
        &alice,
        on("channels.editAdmin", &news).with("user_id", as_user(&bob_peer)).with("admin_rights", Object::new("chatAdminRights")),
    );
    fixture.ok(&alice, ban(true));
    fixture.refused(&bob, history(&for_bob), "400 CHANNEL_PRIVATE");
    fixture.ok(&alice, ban(false));
    fixture.ok(&bob, on("channels.joinChannel", &for_bob));
    let me = Object::new("inputPeerSelf");
    let own = fixture.ok(&bob, on("channels.getParticipant", &for_bob).with("participant", me));
    assert!(own.object("participant").unwrap().is("channelParticipantSelf"));
    fixture.ok(&alice, on("channels.getFullChannel", &news));
}

#[test]
fn a_channel_has_a_difference_of_its_own() {
    let mut fixture =
        Fixture::with(quadruplex_sandbox::world::Config { difference_slice: 2, channel_difference_limit: 6, ..super::fixture::config() });
    let alice = fixture.user("alice");
    let news = channel(&mut fixture, &alice, "megagroup", None);
    for number in 1..=4 {
        fixture.ok(&alice, send(&news, &number.to_string(), number));
    }
    let ask = |pts: i32, limit: i32| {
        let filter = Object::new("channelMessagesFilterEmpty");
        on("updates.getChannelDifference", &news).with("filter", filter).with("pts", pts).with("limit", limit)
    };
    fixture.refused(&alice, ask(0, 100), "400 PERSISTENT_TIMESTAMP_EMPTY");
    fixture.refused(&alice, ask(99, 100), "400 PERSISTENT_TIMESTAMP_INVALID");
    let (mut pts, mut got) = (1, Vec::new());
    loop {
        let answer = fixture.ok(&alice, ask(pts, 100));
        got.extend(answer.objects("new_messages").map(|message| message.string("message").unwrap_or("*").to_owned()));
        assert!(answer.int("timeout").is_some());
        pts = answer.int("pts").unwrap();
        if answer.flag("final") {
            break;
        }
    }
    assert_eq!((pts, got.join(" ")), (6, "* 1 2 3 4".to_owned()));
    assert!(fixture.ok(&alice, ask(6, 100)).is("updates.channelDifferenceEmpty"));
    assert_eq!(fixture.ok(&alice, ask(3, 1)).objects("new_messages").count(), 1);

    for number in 5..=7 {
        fixture.ok(&alice, send(&news, &number.to_string(), number));
    }
    let long = fixture.ok(&alice, ask(1, 100));
    assert!(long.is("updates.channelDifferenceTooLong"));
    assert_eq!(long.object("dialog").unwrap().int("pts"), Some(9));
    assert_eq!(texts(&long)[0], "7");
}

#[test]
fn an_invite_link_lets_in() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let news = channel(&mut fixture, &alice, "megagroup", None);
    fixture.user("carol");
    let club = group(&mut fixture, &alice, &["carol_name"]);
    for peer in [&news, &club] {
        let invite = fixture.ok(&alice, Object::new("messages.exportChatInvite").with("peer", peer.clone()));
        let hash = invite.string("link").unwrap().rsplit('+').next().unwrap().to_owned();
        let by_hash = |method: &'static str| Object::new(method).with("hash", hash.as_str());
        assert!(fixture.ok(&bob, by_hash("messages.checkChatInvite")).is("chatInvite"));
        fixture.ok(&bob, by_hash("messages.importChatInvite"));
        assert!(fixture.ok(&bob, by_hash("messages.checkChatInvite")).is("chatInviteAlready"));
        fixture.refused(&bob, by_hash("messages.importChatInvite"), "400 USER_ALREADY_PARTICIPANT");
    }
    fixture.refused(&bob, Object::new("messages.checkChatInvite").with("hash", "nonsense"), "400 INVITE_HASH_EXPIRED");
}

#[test]
fn a_group_becomes_a_supergroup() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let club = group(&mut fixture, &alice, &["bobby_name"]);
    fixture.refused(&bob, Object::new("messages.migrateChat").with("chat_id", chat_id(&club)), "400 CHAT_ADMIN_REQUIRED");
    let updates = fixture.ok(&alice, Object::new("messages.migrateChat").with("chat_id", chat_id(&club)));
    let new = updates.objects("chats").find(|chat| chat.is("channel")).unwrap();
    assert!(new.flag("megagroup") && new.flag("creator"));
    fixture.refused(&alice, send(&club, "x", 1), "403 CHAT_WRITE_FORBIDDEN");
    fixture.ok(&alice, send(&input(new), "here", 1));
}

#[test]
fn slow_mode_makes_members_wait() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let news = channel(&mut fixture, &alice, "megagroup", Some("slow_group"));
    let for_bob = peer_of(&mut fixture, &bob, "slow_group");
    fixture.ok(&bob, on("channels.joinChannel", &for_bob));
    fixture.ok(&alice, on("channels.toggleSlowMode", &news).with("seconds", 30));
    fixture.now.ms += 60_000;
    fixture.ok(&bob, send(&for_bob, "one", 1));
    fixture.refused(&bob, send(&for_bob, "two", 2), "420 SLOWMODE_WAIT_29");
    fixture.ok(&alice, send(&news, "three", 3));
}

#[test]
fn typing_is_seen_where_it_happens() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let bot = fixture.bot("echo", false);
    let club = group(&mut fixture, &alice, &["bobby_name", "echo_bot"]);
    let news = channel(&mut fixture, &alice, "megagroup", Some("news_group"));
    let for_bob = peer_of(&mut fixture, &bob, "news_group");
    fixture.ok(&bob, on("channels.joinChannel", &for_bob));
    for (peer, expected) in [(&club, "updateChatUserTyping"), (&news, "updateChannelUserTyping")] {
        fixture.pushes();
        let action = Object::new("sendMessageUploadDocumentAction").with("progress", 40);
        let typing = Object::new("messages.setTyping").with("peer", peer.clone()).with("action", action);
        assert_eq!(fixture.call(&alice, typing), Ok(Value::Bool(true)));
        let told = fixture.pushes();
        let [push] = &told[..] else { panic!("one session hears of it, and no bot: {told:?}") };
        assert_eq!((push.auth_key_id, bob.caller.auth_key_id == bot.caller.auth_key_id), (bob.caller.auth_key_id, false));
        let update = push.update.as_object().unwrap().object("update").unwrap();
        assert_eq!((update.name.as_str(), update.object("from_id").unwrap().long("user_id")), (expected, Some(alice.id)));
        assert_eq!(update.object("action").unwrap().int("progress"), Some(40));
    }
    fixture.refused(
        &bob,
        Object::new("messages.setTyping").with("peer", club.with("chat_id", 5i64)).with("action", Object::new("sendMessageTypingAction")),
        "400 PEER_ID_INVALID",
    );
}
