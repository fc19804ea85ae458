//! What administrators and members of groups may do.

use quadruplex_tl_schema::{Object, Value};

use super::fixture::{Fixture, Session, as_channel, as_user, history, input, peer_of, send};

/// A supergroup of Alice's with Bob and Carol in it.
struct Club {
    fixture: Fixture,
    alice: Session,
    bob: Session,
    carol: Session,
    /// How Alice names the group.
    of_alice: Object,
    /// How Bob does.
    of_bob: Object,
    of_carol: Object,
}

impl Club {
    fn new() -> Self {
        let mut fixture = Fixture::new();
        let (alice, bob, carol) = (fixture.user("alice"), fixture.user("bobby"), fixture.user("carol"));
        let create = Object::new("channels.createChannel").with("megagroup", true).with("title", "Club").with("about", "");
        let of_alice = input(fixture.ok(&alice, create).objects("chats").next().unwrap());
        fixture.call(&alice, on("channels.updateUsername", &of_alice).with("username", "club_name")).unwrap();
        let (of_bob, of_carol) = (peer_of(&mut fixture, &bob, "club_name"), peer_of(&mut fixture, &carol, "club_name"));
        fixture.ok(&bob, on("channels.joinChannel", &of_bob));
        fixture.ok(&carol, on("channels.joinChannel", &of_carol));
        fixture.pushes();
        Self { fixture, alice, bob, carol, of_alice, of_bob, of_carol }
    }

    fn user(&mut self, by: &Session, name: &str) -> Object {
        peer_of(&mut self.fixture, by, name)
    }
}

fn on(method: &'static str, channel: &Object) -> Object {
    Object::new(method).with("channel", as_channel(channel))
}

fn flags(name: &'static str, set: &[&'static str]) -> Object {
    set.iter().fold(Object::new(name), |object, flag| object.with(*flag, true))
}

fn promote(channel: &Object, user: &Object, rights: &[&'static str]) -> Object {
    on("channels.editAdmin", channel).with("user_id", as_user(user)).with("admin_rights", flags("chatAdminRights", rights))
}

fn ban(channel: &Object, user: &Object, rights: &[&'static str], until: i32) -> Object {
    let rights = flags("chatBannedRights", rights).with("until_date", until);
    on("channels.editBanned", channel).with("participant", user.clone()).with("banned_rights", rights)
}

#[test]
fn an_administrator_may_what_the_rights_say() {
    let mut club = Club::new();
    let (alice, bob, carol) = (club.alice.clone(), club.bob.clone(), club.carol.clone());
    let (of_alice, of_bob, of_carol) = (club.of_alice.clone(), club.of_bob.clone(), club.of_carol.clone());
    let (bob_by_alice, carol_by_bob) = (club.user(&alice, "bobby_name"), club.user(&bob, "carol_name"));
    let fixture = &mut club.fixture;
    fixture.ok(&carol, send(&of_carol, "rude", 1));
    let rude = fixture.ok(&alice, history(&of_alice)).objects("messages").next().unwrap().int("id").unwrap();
    let delete = |id: i32| on("channels.deleteMessages", &of_bob).with("id", vec![id]);
    fixture.refused(&bob, delete(rude), "403 MESSAGE_DELETE_FORBIDDEN");
    fixture.refused(&bob, ban(&of_bob, &carol_by_bob, &["view_messages"], 0), "400 CHAT_ADMIN_REQUIRED");

    fixture.ok(&alice, promote(&of_alice, &bob_by_alice, &["delete_messages", "add_admins"]).with("rank", "Cleaner"));
    let own = on("channels.getParticipant", &of_bob).with("participant", Object::new("inputPeerSelf"));
    let own = fixture.ok(&bob, own).object("participant").unwrap().clone();
    assert_eq!((own.name.as_str(), own.string("rank")), ("channelParticipantAdmin", Some("Cleaner")));
    fixture.ok(&bob, delete(rude));
    fixture.refused(&bob, ban(&of_bob, &carol_by_bob, &["view_messages"], 0), "400 CHAT_ADMIN_REQUIRED");
    let rename = |channel: &Object, title: &str| on("channels.editTitle", channel).with("title", title);
    fixture.refused(&bob, rename(&of_bob, "Mine"), "400 CHAT_ADMIN_REQUIRED");
    fixture.refused(&bob, promote(&of_bob, &carol_by_bob, &["ban_users"]), "403 RIGHT_FORBIDDEN");
    fixture.ok(&bob, promote(&of_bob, &carol_by_bob, &["delete_messages"]));

    let rank = |rank: &str| promote(&of_alice, &bob_by_alice, &["delete_messages"]).with("rank", rank);
    fixture.refused(&alice, rank("a title that is too long"), "400 ADMIN_RANK_INVALID");
    fixture.refused(&alice, rank("Boss 😀"), "400 ADMIN_RANK_EMOJI_NOT_ALLOWED");
    // Whoever was promoted by Alice is not Carol's to change.
    let alice_by_bob = peer_of(fixture, &bob, "alice_name");
    fixture.refused(&bob, promote(&of_bob, &alice_by_bob, &[]), "400 USER_CREATOR");
    fixture.ok(&alice, promote(&of_alice, &bob_by_alice, &[]));
    fixture.refused(&bob, delete(1), "403 MESSAGE_DELETE_FORBIDDEN");
}

#[test]
fn a_restricted_member_may_not_and_a_ban_ends() {
    let mut club = Club::new();
    let (alice, bob) = (club.alice.clone(), club.bob.clone());
    let (of_alice, of_bob) = (club.of_alice.clone(), club.of_bob.clone());
    let bob_by_alice = club.user(&alice, "bobby_name");
    let fixture = &mut club.fixture;
    fixture.ok(&alice, ban(&of_alice, &bob_by_alice, &["send_plain"], 0));
    fixture.refused(&bob, send(&of_bob, "x", 1), "403 CHAT_SEND_PLAIN_FORBIDDEN");
    let dice = Object::new("inputMediaDice").with("emoticon", "🎲");
    let media =
        Object::new("messages.sendMedia").with("peer", of_bob.clone()).with("media", dice).with("message", "").with("random_id", 2i64);
    fixture.ok(&bob, media.clone());
    fixture.ok(&alice, ban(&of_alice, &bob_by_alice, &["send_messages"], 0));
    fixture.refused(&bob, media.with("random_id", 3i64), "403 CHAT_WRITE_FORBIDDEN");
    let seen = on("channels.getParticipant", &of_alice).with("participant", bob_by_alice.clone());
    assert!(fixture.ok(&alice, seen).object("participant").unwrap().is("channelParticipantBanned"));

    let until = fixture.now.seconds() + 3600;
    fixture.ok(&alice, ban(&of_alice, &bob_by_alice, &["send_messages"], until));
    assert_eq!(fixture.world.next_timeout().map(|due| due.ms), Some(i64::from(until) * 1000));
    fixture.refused(&bob, send(&of_bob, "x", 4), "403 CHAT_WRITE_FORBIDDEN");
    fixture.now.ms = i64::from(until) * 1000;
    fixture.world.handle_timeout(fixture.now);
    fixture.ok(&bob, send(&of_bob, "back", 5));

    fixture.ok(&alice, ban(&of_alice, &bob_by_alice, &["view_messages"], fixture.now.seconds() + 60));
    fixture.refused(&bob, on("channels.joinChannel", &of_bob), "400 CHANNEL_PRIVATE");
    fixture.now.ms += 100_000;
    fixture.world.handle_timeout(fixture.now);
    fixture.ok(&bob, on("channels.joinChannel", &of_bob));
    fixture.refused(&alice, ban(&of_alice, &Object::new("inputPeerSelf"), &["view_messages"], 0), "400 USER_ADMIN_INVALID");
}

#[test]
fn what_is_forbidden_to_all() {
    let mut club = Club::new();
    let (alice, bob) = (club.alice.clone(), club.bob.clone());
    let (of_alice, of_bob) = (club.of_alice.clone(), club.of_bob.clone());
    let fixture = &mut club.fixture;
    let forbid = |peer: &Object, what: &[&'static str], until: i32| {
        let rights = flags("chatBannedRights", what).with("until_date", until);
        Object::new("messages.editChatDefaultBannedRights").with("peer", peer.clone()).with("banned_rights", rights)
    };
    fixture.refused(&bob, forbid(&of_bob, &["send_plain"], 0), "400 CHAT_ADMIN_REQUIRED");
    fixture.refused(&alice, forbid(&of_alice, &["view_messages"], 0), "400 BANNED_RIGHTS_INVALID");
    fixture.refused(&alice, forbid(&of_alice, &["send_plain"], 5), "400 UNTIL_DATE_INVALID");
    fixture.ok(&alice, forbid(&of_alice, &["send_plain", "invite_users"], 0));
    fixture.refused(&alice, forbid(&of_alice, &["send_plain", "invite_users"], 0), "400 CHAT_NOT_MODIFIED");
    let told = fixture.live(&bob).remove(0);
    assert!(told.objects("updates").next().unwrap().is("updateChatDefaultBannedRights"), "{told:?}");
    fixture.refused(&bob, send(&of_bob, "x", 1), "403 CHAT_SEND_PLAIN_FORBIDDEN");
    fixture.ok(&alice, send(&of_alice, "x", 1));
    let id = fixture.ok(&alice, history(&of_alice)).objects("messages").next().unwrap().int("id").unwrap();
    // Pinning is not forbidden any more: the list says all that is.
    fixture.ok(&bob, Object::new("messages.updatePinnedMessage").with("peer", of_bob.clone()).with("id", id));
}

#[test]
fn bots_hear_who_comes_and_goes() {
    let mut club = Club::new();
    let (alice, carol) = (club.alice.clone(), club.carol.clone());
    let (of_alice, of_carol) = (club.of_alice.clone(), club.of_carol.clone());
    let bot = club.fixture.bot("guard", true);
    let bot_by_alice = club.user(&alice, "guard_bot");
    let fixture = &mut club.fixture;
    fixture.ok(&alice, on("channels.inviteToChannel", &of_alice).with("users", vec![as_user(&bot_by_alice)]));
    let told = fixture.live(&bot).remove(0);
    let own = told.objects("updates").find(|update| update.is("updateChannelParticipant")).expect("a bot hears of itself").clone();
    assert_eq!((own.long("user_id"), own.int("qts"), own.object("prev_participant")), (Some(bot.id), Some(1), None));
    fixture.ok(&carol, on("channels.leaveChannel", &of_carol));
    assert!(fixture.live(&bot).iter().all(|told| told.objects("updates").all(|update| !update.is("updateChannelParticipant"))));
    fixture.ok(&alice, promote(&of_alice, &bot_by_alice, &["delete_messages"]));
    fixture.ok(&carol, on("channels.joinChannel", &of_carol));
    let told = fixture.live(&bot);
    let joins = told.iter().flat_map(|told| told.objects("updates")).filter(|update| update.long("user_id") == Some(carol.id));
    assert_eq!(joins.filter(|update| update.is("updateChannelParticipant")).count(), 1);
    // An administrator hears all that is said.
    fixture.ok(&carol, send(&of_carol, "no command", 1));
    assert_eq!(fixture.live(&bot).len(), 1);
}

#[test]
fn in_a_basic_group_the_creator_makes_administrators() {
    let mut fixture = Fixture::new();
    let (alice, bob, carol) = (fixture.user("alice"), fixture.user("bobby"), fixture.user("carol"));
    let users = [peer_of(&mut fixture, &alice, "bobby_name"), peer_of(&mut fixture, &alice, "carol_name")];
    let create = Object::new("messages.createChat").with("users", users.iter().map(as_user).collect::<Vec<_>>()).with("title", "Club");
    let made = fixture.ok(&alice, create);
    let club = input(made.object("updates").unwrap().objects("chats").next().unwrap());
    let chat_id = club.long("chat_id").unwrap();
    let carol_by_bob = peer_of(&mut fixture, &bob, "carol_name");
    let admin = |user: &Object, admin: bool| {
        Object::new("messages.editChatAdmin").with("chat_id", chat_id).with("user_id", as_user(user)).with("is_admin", admin)
    };
    let remove = |user: &Object| Object::new("messages.deleteChatUser").with("chat_id", chat_id).with("user_id", as_user(user));
    fixture.refused(&bob, admin(&carol_by_bob, true), "400 CHAT_ADMIN_REQUIRED");
    fixture.refused(&bob, remove(&carol_by_bob), "400 CHAT_ADMIN_REQUIRED");
    assert_eq!(fixture.call(&alice, admin(&users[0], true)), Ok(Value::Bool(true)));
    let full = fixture.ok(&carol, Object::new("messages.getFullChat").with("chat_id", chat_id));
    let kinds: Vec<String> = full
        .object("full_chat")
        .unwrap()
        .object("participants")
        .unwrap()
        .objects("participants")
        .map(|member| member.name.as_str().to_owned())
        .collect();
    assert_eq!(kinds, ["chatParticipantCreator", "chatParticipantAdmin", "chatParticipant"]);
    fixture.ok(&bob, remove(&carol_by_bob));
}

#[test]
fn a_bot_in_privacy_mode_gets_what_is_meant_for_it() {
    let mut club = Club::new();
    let alice = club.alice.clone();
    let of_alice = club.of_alice.clone();
    let bot = club.fixture.bot("quiz", true);
    let found = club.user(&alice, "quiz_bot");
    let fixture = &mut club.fixture;
    let start = |parameter: &str, random_id: i64| {
        let start = Object::new("messages.startBot").with("bot", as_user(&found)).with("peer", of_alice.clone());
        start.with("random_id", random_id).with("start_param", parameter)
    };
    fixture.refused(&alice, start("a b", 1), "400 START_PARAM_INVALID");
    fixture.refused(&alice, start(&"a".repeat(65), 1), "400 START_PARAM_TOO_LONG");
    fixture.ok(&alice, start("game-7", 1));
    let heard = |fixture: &mut Fixture| -> Vec<String> {
        let live = fixture.live(&bot);
        let messages = live.iter().flat_map(|live| live.objects("updates")).filter_map(|update| update.object("message"));
        messages.filter_map(|message| message.string("message").map(str::to_owned)).collect()
    };
    assert_eq!(heard(fixture), ["/start@quiz_bot game-7"]);
    for (number, text) in ["hello", "/roll", "/roll@other_bot", "/roll@Quiz_Bot 6", "hey @quiz_bot"].into_iter().enumerate() {
        fixture.ok(&alice, send(&of_alice, text, 10 + number as i64));
    }
    assert_eq!(heard(fixture), ["/roll", "/roll@Quiz_Bot 6", "hey @quiz_bot"]);
    let for_bot = of_alice.clone().with("access_hash", 0i64);
    let sent = fixture.ok(&bot, send(&for_bot, "which?", 1));
    let id = sent.objects("updates").find_map(|update| update.object("message")).unwrap().int("id").unwrap();
    fixture.pushes();
    let reply = Object::new("inputReplyToMessage").with("reply_to_msg_id", id);
    fixture.ok(&alice, send(&of_alice, "the first", 20).with("reply_to", reply));
    assert_eq!(heard(fixture), ["the first"]);
}

#[test]
fn bots_do_not_hear_each_other() {
    let mut club = Club::new();
    let alice = club.alice.clone();
    let of_alice = club.of_alice.clone();
    let (talker, listener) = (club.fixture.bot("talker", true), club.fixture.bot("listener", false));
    let bots = [club.user(&alice, "talker_bot"), club.user(&alice, "listener_bot")];
    let fixture = &mut club.fixture;
    let users: Vec<Object> = bots.iter().map(as_user).collect();
    fixture.ok(&alice, on("channels.inviteToChannel", &of_alice).with("users", users));
    fixture.pushes();
    let for_bot = of_alice.clone().with("access_hash", 0i64);
    fixture.ok(&talker, send(&for_bot, "hello @listener_bot", 1));
    assert!(fixture.live(&listener).is_empty());
    fixture.ok(&alice, send(&of_alice, "hello", 1));
    assert_eq!(fixture.live(&listener).len(), 1);
}
