//! Methods that only have to be answered well.

use quadruplex_tl_schema::{Object, Value};

use super::fixture::{Fixture, as_channel, as_user, input, peer_of, send};

fn zeros(method: &'static str, fields: &[&'static str]) -> Object {
    fields.iter().fold(Object::new(method), |object, field| object.with(*field, 0))
}

#[test]
fn start_up_and_odds_and_ends() {
    let mut fixture = Fixture::new();
    let (alice, _) = (fixture.user("alice"), fixture.user("bobby"));
    let bob = peer_of(&mut fixture, &alice, "bobby_name");
    let me = Object::new("inputPeerSelf");
    fixture.ok(&alice, send(&bob, "x", 1));
    let of = |method: &'static str| Object::new(method).with("peer", bob.clone());
    let unread = |method: &'static str| {
        ["offset_id", "add_offset", "max_id", "min_id"]
            .into_iter()
            .fold(of(method), |object, field| object.with(field, 0))
            .with("limit", 10)
    };
    let language = |method: &'static str| Object::new(method).with("lang_pack", "").with("lang_code", "en");
    let requests = [
        Object::new("help.getTermsOfServiceUpdate"),
        Object::new("help.getCdnConfig"),
        Object::new("help.getInviteText"),
        Object::new("help.getPromoData"),
        Object::new("help.getAppUpdate").with("source", ""),
        zeros("help.getAppConfig", &["hash"]).with("hash", 1),
        zeros("help.getPeerColors", &["hash"]),
        zeros("help.getPeerProfileColors", &["hash"]),
        zeros("help.getTimezonesList", &["hash"]),
        zeros("help.getCountriesList", &["hash"]).with("lang_code", "en"),
        language("langpack.getLangPack"),
        language("langpack.getLanguage"),
        language("langpack.getDifference").with("from_version", 0),
        language("langpack.getStrings").with("keys", Value::Vector(vec![])),
        Object::new("langpack.getLanguages").with("lang_pack", ""),
        Object::new("account.getAccountTTL"),
        Object::new("account.getContactSignUpNotification"),
        Object::new("account.getContentSettings"),
        Object::new("account.getGlobalPrivacySettings"),
        Object::new("account.getNotifySettings").with("peer", Object::new("inputNotifyUsers")),
        Object::new("account.updateNotifySettings")
            .with("peer", Object::new("inputNotifyUsers"))
            .with("settings", Object::new("inputPeerNotifySettings")),
        Object::new("account.updateStatus").with("offline", false),
        Object::new("contacts.getStatuses"),
        zeros("contacts.getTopPeers", &["offset", "limit", "hash"]),
        Object::new("messages.getAllDrafts"),
        zeros("messages.getAllStickers", &["hash"]),
        zeros("messages.getAvailableReactions", &["hash"]),
        Object::new("messages.getDialogFilters"),
        of("messages.getOnlines"),
        of("messages.getPeerSettings"),
        of("messages.getScheduledHistory").with("hash", 0),
        of("messages.hidePeerSettingsBar"),
        of("messages.reportSpam"),
        of("messages.saveDraft").with("message", "later"),
        of("messages.readMentions"),
        of("messages.readReactions"),
        unread("messages.getUnreadMentions"),
        unread("messages.getUnreadReactions"),
        Object::new("messages.readMessageContents").with("id", vec![1]),
        Object::new("messages.getPinnedDialogs").with("folder_id", 0),
        Object::new("messages.getPeerDialogs").with("peers", vec![Object::new("inputDialogPeer").with("peer", bob.clone())]),
        Object::new("messages.toggleDialogPin").with("pinned", true).with("peer", Object::new("inputDialogPeer").with("peer", bob.clone())),
        Object::new("messages.markDialogUnread").with("unread", true).with("peer", Object::new("inputDialogPeer").with("peer", me.clone())),
        Object::new("messages.getCommonChats").with("user_id", as_user(&bob)).with("max_id", 0).with("limit", 10),
        Object::new("help.saveAppLog").with("events", Value::Vector(vec![])),
        Object::new("help.acceptTermsOfService").with("id", Object::new("dataJSON").with("data", "{}")),
        Object::new("help.dismissSuggestion").with("peer", me).with("suggestion", "X"),
        Object::new("auth.dropTempAuthKeys").with("except_auth_keys", Value::Vector(vec![])),
    ];
    for request in requests {
        if let Err(error) = fixture.call(&alice, request.clone()) {
            panic!("{}: {error}", request.name);
        }
    }
    fixture.refused(&alice, Object::new("messages.getDefaultHistoryTTL"), "400 INPUT_METHOD_INVALID");
    fixture.refused(
        &alice,
        Object::new("bots.setBotCommands")
            .with("scope", Object::new("botCommandScopeDefault"))
            .with("lang_code", "")
            .with("commands", Value::Vector(vec![])),
        "400 USER_BOT_REQUIRED",
    );
}

#[test]
fn a_bot_tells_of_itself() {
    let mut fixture = Fixture::new();
    let bot = fixture.bot("helper", true);
    let alice = fixture.user("alice");
    let scope = || Object::new("botCommandScopeDefault");
    let command = |name: &str| Object::new("botCommand").with("command", name).with("description", "d");
    let set =
        |name: &str| Object::new("bots.setBotCommands").with("scope", scope()).with("lang_code", "").with("commands", vec![command(name)]);
    fixture.refused(&bot, set("Nope!"), "400 BOT_COMMAND_INVALID");
    assert_eq!(fixture.call(&bot, set("roll")), Ok(Value::Bool(true)));
    let got = fixture.call(&bot, Object::new("bots.getBotCommands").with("scope", scope()).with("lang_code", "")).unwrap();
    assert_eq!(got.as_vector().unwrap().len(), 1);
    fixture.call(&bot, Object::new("bots.setBotInfo").with("lang_code", "").with("about", "rolls")).unwrap();
    assert_eq!(fixture.ok(&bot, Object::new("bots.getBotInfo").with("lang_code", "")).string("about"), Some("rolls"));
    let found = peer_of(&mut fixture, &alice, "helper_bot");
    let full = fixture.ok(&alice, Object::new("users.getFullUser").with("id", as_user(&found)));
    assert_eq!(full.object("full_user").unwrap().object("bot_info").unwrap().objects("commands").count(), 1);

    let start = Object::new("messages.startBot")
        .with("bot", as_user(&found))
        .with("peer", found.clone())
        .with("random_id", 1i64)
        .with("start_param", "go");
    fixture.pushes();
    fixture.ok(&alice, start);
    let live = fixture.live(&bot).remove(0);
    let message = live.objects("updates").next().unwrap().object("message").unwrap().clone();
    assert_eq!(message.string("message"), Some("/start go"));
    fixture.call(&bot, Object::new("help.setBotUpdatesStatus").with("pending_updates_count", 0).with("message", "")).unwrap();
    fixture.call(&bot, Object::new("bots.resetBotCommands").with("scope", scope()).with("lang_code", "")).unwrap();
}

#[test]
fn channels_by_the_way() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let bobby = fixture.user("bobby");
    let made = fixture.ok(&alice, Object::new("channels.createChannel").with("broadcast", true).with("title", "T").with("about", ""));
    let peer = input(made.objects("chats").next().unwrap());
    let on = |method: &'static str| Object::new(method).with("channel", as_channel(&peer));
    let bob = peer_of(&mut fixture, &alice, "bobby_name");
    fixture.ok(&alice, on("channels.inviteToChannel").with("users", vec![as_user(&bob)]));
    fixture.ok(&alice, on("channels.toggleSignatures").with("signatures_enabled", true));
    fixture.ok(&alice, send(&peer, "signed", 1));
    fixture.ok(&alice, on("channels.editTitle").with("title", "New"));
    fixture.call(&alice, Object::new("messages.editChatAbout").with("peer", peer.clone()).with("about", "b")).unwrap();
    fixture.call(&alice, on("channels.checkUsername").with("username", "some_name")).unwrap();
    fixture.call(&alice, on("channels.readMessageContents").with("id", vec![1])).unwrap();
    fixture.ok(&alice, Object::new("channels.getSendAs").with("peer", peer.clone()));
    let found = fixture.ok(&alice, Object::new("channels.getChannels").with("id", vec![as_channel(&peer)]));
    assert_eq!(found.objects("chats").next().unwrap().string("title"), Some("New"));

    // A deletion in a channel is told to all and moves the channel's pts.
    fixture.pushes();
    let affected = fixture.ok(&alice, on("channels.deleteMessages").with("id", vec![2]));
    assert_eq!(affected.int("pts_count"), Some(1));
    let told = fixture.live(&bobby).remove(0);
    assert!(told.objects("updates").next().unwrap().is("updateDeleteChannelMessages"));
    fixture.refused(&alice, on("channels.deleteMessages").with("id", Value::Vector(vec![])), "400 MESSAGE_IDS_EMPTY");
    fixture.ok(&alice, on("channels.deleteHistory").with("max_id", 0));
    fixture.ok(&alice, on("channels.deleteHistory").with("for_everyone", true).with("max_id", 0));
    fixture.ok(&alice, on("channels.deleteChannel"));
    fixture.refused(&alice, send(&peer, "x", 9), "400 CHANNEL_INVALID");
}

#[test]
fn commands_are_listed_by_scope_and_language() {
    let mut fixture = Fixture::new();
    let bot = fixture.bot("helper", true);
    let (alice, mut bob) = (fixture.user("alice"), fixture.user("bobby"));
    bob.caller.lang_code = "de".to_owned();
    let found = peer_of(&mut fixture, &alice, "helper_bot");
    let found_by_bob = peer_of(&mut fixture, &bob, "helper_bot");
    fixture.ok(&alice, send(&found, "/start", 1));
    let to_alice = peer_of(&mut fixture, &bot, "alice_name");
    let of_alice = || Object::new("botCommandScopePeer").with("peer", to_alice.clone());
    let default = || Object::new("botCommandScopeDefault");
    let place = |method: &'static str, scope: Object, language: &str| Object::new(method).with("scope", scope).with("lang_code", language);
    let set = |scope: Object, language: &str, names: &[&str]| {
        let commands: Vec<Object> =
            names.iter().map(|name| Object::new("botCommand").with("command", *name).with("description", "d")).collect();
        place("bots.setBotCommands", scope, language).with("commands", commands)
    };
    let names = |fixture: &mut Fixture, session, found: &Object| -> Vec<String> {
        let full = fixture.ok(session, Object::new("users.getFullUser").with("id", as_user(found)));
        let info = full.object("full_user").unwrap().object("bot_info").unwrap().clone();
        info.objects("commands").map(|command| command.string("command").unwrap().to_owned()).collect()
    };
    fixture.call(&bot, set(default(), "", &["help"])).unwrap();
    fixture.call(&bot, set(default(), "de", &["hilfe"])).unwrap();
    assert_eq!(
        (names(&mut fixture, &alice, &found), names(&mut fixture, &bob, &found_by_bob)),
        (vec!["help".into()], vec!["hilfe".into()])
    );
    fixture.pushes();
    fixture.call(&bot, set(of_alice(), "", &["secret", "more"])).unwrap();
    let told = fixture.live(&alice).remove(0);
    assert_eq!(told.objects("updates").next().unwrap().objects("commands").count(), 2, "{told:?}");
    assert_eq!(names(&mut fixture, &alice, &found), ["secret", "more"]);
    fixture.call(&bot, place("bots.resetBotCommands", of_alice(), "")).unwrap();
    assert_eq!(names(&mut fixture, &alice, &found), ["help"]);
    let got = fixture.call(&bot, place("bots.getBotCommands", default(), "de")).unwrap();
    assert_eq!(got.as_vector().unwrap().len(), 1);
    fixture.refused(&bot, set(default(), "german", &["a"]), "400 LANG_CODE_INVALID");
    fixture.refused(&bot, set(default(), "", &["a"; 101]), "400 BOT_COMMANDS_TOO_MUCH");
    let mute = Object::new("botCommand").with("command", "a").with("description", "");
    fixture.refused(&bot, set(default(), "", &[]).with("commands", vec![mute]), "400 BOT_COMMAND_DESCRIPTION_INVALID");

    let app = |url: &str| Object::new("botMenuButton").with("text", "Open").with("url", url);
    let set = |user: Object, button: Object| Object::new("bots.setBotMenuButton").with("user_id", user).with("button", button);
    let all = || Object::new("inputUserEmpty");
    fixture.refused(&bot, set(all(), app("http://a.b")), "400 BUTTON_URL_INVALID");
    fixture.call(&bot, set(as_user(&to_alice), app("https://a.b"))).unwrap();
    let button = |user: Object| Object::new("bots.getBotMenuButton").with("user_id", user);
    assert!(fixture.ok(&bot, button(as_user(&to_alice))).is("botMenuButton"));
    assert!(fixture.ok(&bot, button(all())).is("botMenuButtonDefault"));
}
