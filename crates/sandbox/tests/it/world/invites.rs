//! Invite links.

use quadruplex_tl_schema::{Object, Value};

use super::fixture::{Fixture, Session, as_channel, as_user, history, input, peer_of, texts};

fn channel(fixture: &mut Fixture, creator: &Session) -> Object {
    let create = Object::new("channels.createChannel").with("megagroup", true).with("title", "Club").with("about", "All welcome");
    input(fixture.ok(creator, create).objects("chats").next().unwrap())
}

fn of(method: &'static str, peer: &Object) -> Object {
    Object::new(method).with("peer", peer.clone())
}

fn export(peer: &Object) -> Object {
    of("messages.exportChatInvite", peer)
}

fn link(invite: &Object) -> String {
    invite.string("link").unwrap().to_owned()
}

fn by(method: &'static str, link: &str) -> Object {
    Object::new(method).with("hash", link.rsplit('+').next().unwrap())
}

#[test]
fn links_have_limits_and_are_revoked() {
    let mut fixture = Fixture::new();
    let (alice, bob, carol) = (fixture.user("alice"), fixture.user("bobby"), fixture.user("carol"));
    let club = channel(&mut fixture, &alice);
    let primary = fixture.ok(&alice, export(&club));
    assert!(primary.flag("permanent"));
    let soon = fixture.now.seconds() + 1000;
    let once = fixture.ok(&alice, export(&club).with("usage_limit", 1).with("expire_date", soon).with("title", "Once"));
    assert_eq!((once.flag("permanent"), once.int("usage_limit"), once.string("title")), (false, Some(1), Some("Once")));
    fixture.refused(&alice, export(&club).with("expire_date", 5), "400 EXPIRE_DATE_INVALID");
    fixture.refused(&alice, export(&club).with("usage_limit", 100_000), "400 USAGE_LIMIT_INVALID");

    fixture.ok(&bob, by("messages.importChatInvite", &link(&once)));
    fixture.refused(&carol, by("messages.importChatInvite", &link(&once)), "400 INVITE_HASH_EXPIRED");
    let users = of("messages.getChatInviteImporters", &club)
        .with("link", link(&once))
        .with("offset_date", 0)
        .with("offset_user", Object::new("inputUserEmpty"))
        .with("limit", 10);
    let users = fixture.ok(&alice, users);
    assert_eq!(users.objects("importers").next().unwrap().long("user_id"), Some(bob.id));

    let list = |revoked: bool| {
        let list = of("messages.getExportedChatInvites", &club).with("admin_id", Object::new("inputUserSelf")).with("limit", 10);
        if revoked { list.with("revoked", true) } else { list }
    };
    assert_eq!(fixture.ok(&alice, list(false)).int("count"), Some(2));
    let edit = |link: String| of("messages.editExportedChatInvite", &club).with("link", link);
    let edited = fixture.ok(&alice, edit(link(&once)).with("usage_limit", 5));
    assert_eq!(edited.object("invite").unwrap().int("usage_limit"), Some(5));
    fixture.refused(&alice, edit(link(&primary)).with("usage_limit", 5), "400 CHAT_INVITE_PERMANENT");
    let delete = of("messages.deleteExportedChatInvite", &club).with("link", link(&once));
    fixture.refused(&alice, delete.clone(), "400 INVITE_REVOKED_MISSING");
    assert!(fixture.ok(&alice, edit(link(&once)).with("revoked", true)).is("messages.exportedChatInvite"));
    fixture.refused(&carol, by("messages.checkChatInvite", &link(&once)), "400 INVITE_HASH_EXPIRED");
    assert_eq!(fixture.ok(&alice, list(true)).int("count"), Some(1));
    let admins = fixture.ok(&alice, of("messages.getAdminsWithInvites", &club));
    let hers = admins.objects("admins").next().unwrap();
    assert_eq!((hers.int("invites_count"), hers.int("revoked_invites_count")), (Some(1), Some(1)));
    assert_eq!(fixture.call(&alice, delete), Ok(Value::Bool(true)));
    let replaced = fixture.ok(&alice, edit(link(&primary)).with("revoked", true));
    let new = replaced.object("new_invite").unwrap();
    assert!(new.flag("permanent") && link(new) != link(&primary));
    assert_eq!(fixture.ok(&alice, of("messages.getExportedChatInvite", &club).with("link", link(new))).object("invite"), Some(new));
    let timed = fixture.ok(&alice, export(&club).with("expire_date", fixture.now.seconds() + 100));
    fixture.now.ms += 200_000;
    fixture.refused(&carol, by("messages.importChatInvite", &link(&timed)), "400 INVITE_HASH_EXPIRED");
    let full = fixture.ok(&alice, Object::new("channels.getFullChannel").with("channel", as_channel(&club)));
    assert_eq!(full.object("full_chat").unwrap().object("exported_invite").map(link), Some(link(new)));
    let of_bob = peer_by(&mut fixture, &bob, &club);
    fixture.refused(&bob, export(&of_bob), "400 CHAT_ADMIN_REQUIRED");
}

/// A session's way to name a channel that it is in.
fn peer_by(fixture: &mut Fixture, session: &Session, channel: &Object) -> Object {
    let dialogs = Object::new("messages.getDialogs")
        .with("offset_date", 0)
        .with("offset_id", 0)
        .with("offset_peer", Object::new("inputPeerEmpty"))
        .with("limit", 100)
        .with("hash", 0i64);
    let found = fixture.ok(session, dialogs);
    input(found.objects("chats").find(|chat| chat.long("id") == channel.long("channel_id")).unwrap())
}

#[test]
fn who_has_to_ask_is_let_in_or_not() {
    let mut fixture = Fixture::new();
    let (alice, bob, carol) = (fixture.user("alice"), fixture.user("bobby"), fixture.user("carol"));
    let bot = fixture.bot("guard", true);
    let club = channel(&mut fixture, &alice);
    let guard = peer_of(&mut fixture, &alice, "guard_bot");
    let rights = Object::new("chatAdminRights").with("invite_users", true);
    let promote = Object::new("channels.editAdmin").with("channel", as_channel(&club)).with("user_id", as_user(&guard));
    fixture.ok(&alice, promote.with("admin_rights", rights));
    let gate = fixture.ok(&alice, export(&club).with("request_needed", true));
    assert!(fixture.ok(&bob, by("messages.checkChatInvite", &link(&gate))).flag("request_needed"));
    fixture.pushes();
    fixture.refused(&bob, by("messages.importChatInvite", &link(&gate)), "400 INVITE_REQUEST_SENT");
    let told = fixture.pushes();
    let kinds = |session: &Session| -> Vec<String> {
        let mine = told.iter().filter(|push| push.auth_key_id == session.caller.auth_key_id);
        mine.flat_map(|push| push.update.as_object().unwrap().objects("updates")).map(|update| update.name.as_str().to_owned()).collect()
    };
    assert_eq!(kinds(&alice), ["updatePendingJoinRequests"]);
    assert_eq!(kinds(&bot), ["updateBotChatInviteRequester"]);
    fixture.refused(&carol, by("messages.importChatInvite", &link(&gate)), "400 INVITE_REQUEST_SENT");
    fixture.refused(&carol, by("messages.importChatInvite", &link(&gate)), "400 INVITE_REQUEST_SENT");

    let (bob_by_alice, carol_by_alice) = (peer_of(&mut fixture, &alice, "bobby_name"), peer_of(&mut fixture, &alice, "carol_name"));
    let decide = |user: &Object| of("messages.hideChatJoinRequest", &club).with("user_id", as_user(user));
    fixture.ok(&alice, decide(&bob_by_alice).with("approved", true));
    fixture.ok(&alice, decide(&carol_by_alice));
    fixture.refused(&alice, decide(&carol_by_alice), "400 HIDE_REQUESTER_MISSING");
    let of_bob = peer_by(&mut fixture, &bob, &club);
    assert_eq!(texts(&fixture.ok(&bob, history(&of_bob)))[0], "*", "a service message says that Bob was let in");
    fixture.refused(&carol, by("messages.importChatInvite", &link(&gate)), "400 INVITE_REQUEST_SENT");
    fixture.ok(&alice, of("messages.hideAllChatJoinRequests", &club).with("approved", true));
    fixture.refused(&carol, by("messages.importChatInvite", &link(&gate)), "400 USER_ALREADY_PARTICIPANT");
}
