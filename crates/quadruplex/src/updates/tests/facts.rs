use quadruplex_api::enums;
use quadruplex_store::{Lane, PeerId};
use quadruplex_tl::{Deserialize, Serialize};
use quadruplex_tl_schema::testing::Random;
use quadruplex_tl_schema::{Definition, Missing, Object, Schema, Value, builtin};

use crate::updates::facts::Facts;
use crate::updates::gap::{Difference, Incoming, Place};
use crate::updates::read;
use crate::updates::tests::support::{Telegram, envelope, message_id, short_message};

fn schema() -> &'static Schema {
    builtin::api(builtin::LAYER).unwrap()
}

fn facts(schema: &'static Schema, update: Object) -> Facts {
    let mut bytes = Vec::new();
    schema.encode("Update", &Value::from(update), Missing::Default, &mut bytes).unwrap();
    Facts::of(&enums::Update::from_bytes(&bytes).unwrap())
}

fn peer(kind: &'static str, id: i64) -> Object {
    let field = match kind {
        "peerUser" => "user_id",
        "peerChat" => "chat_id",
        _ => "channel_id",
    };
    Object::new(kind).with(field, id)
}

fn message(peer: Object) -> Object {
    Object::new("message").with("id", 5).with("peer_id", peer)
}

/// Every update of the layer, with all the fields that could tell a position: the schema's own names say which box it is.
#[test]
fn every_update_has_the_place_that_its_fields_say() {
    let schema = schema();
    let mut counts = [0; 4];
    for definition in schema.constructors_of("Update") {
        let has = |name: &str| definition.param(name).is_some();
        let name = definition.name.as_str();
        let is_channel = name.contains("Channel");
        let (index, expect) = match name {
            "updateChannelTooLong" => (0, Place::ChannelTooLong { id: 7, pts: Some(30) }),
            "updatePtsChanged" => (0, Place::PtsChanged),
            _ if has("qts") => (1, Place::Secret { qts: 20 }),
            _ if has("pts") && has("pts_count") && is_channel => (2, Place::Channel { id: 7, pts: 30, count: 2 }),
            _ if has("pts") && has("pts_count") => (3, Place::Common { pts: 30, count: 2 }),
            _ => (0, Place::Free),
        };
        assert_eq!(facts(schema, filled(definition, is_channel)).place(), expect, "{name}");
        counts[index] += 1;
    }
    assert!(counts[1] >= 15 && counts[2] >= 5 && counts[3] >= 9, "{counts:?}: the schema is not what this test thinks it is");
}

fn filled(definition: &'static Definition, is_channel: bool) -> Object {
    let mut update = Random::new(schema()).smallest(definition);
    for (name, value) in [("pts", 30), ("pts_count", 2), ("qts", 20)] {
        if definition.param(name).is_some() {
            update.set(name, value);
        }
    }
    if definition.param("channel_id").is_some() {
        update.set("channel_id", 7i64);
    }
    if definition.name.as_str().ends_with("Message") && definition.param("pts").is_some() {
        let chat = if is_channel { peer("peerChannel", 7) } else { peer("peerUser", 7) };
        update.set("message", message(chat));
    }
    update
}

#[test]
fn an_update_waits_in_the_lane_of_its_chat() {
    let schema = schema();
    let check = |update: Object, expect: Lane| {
        let name = format!("{update:?}");
        assert_eq!(facts(schema, update).lane(), expect, "{name}");
    };
    let (user, chat, channel) = (Lane::Peer(PeerId::User(7)), Lane::Peer(PeerId::Chat(7)), Lane::Peer(PeerId::Channel(7)));
    check(Object::new("updateNewMessage").with("message", message(peer("peerUser", 7))), user);
    check(Object::new("updateEditMessage").with("message", message(peer("peerChat", 7))), chat);
    check(Object::new("updateNewChannelMessage").with("message", message(peer("peerChannel", 7))), channel);
    check(Object::new("updateDeleteChannelMessages").with("channel_id", 7i64), channel);
    check(Object::new("updateDeleteMessages"), Lane::Account);
    check(Object::new("updateUserTyping").with("user_id", 7i64), user);
    check(Object::new("updateChatUserTyping").with("chat_id", 7i64).with("from_id", peer("peerUser", 9)), chat);
    check(Object::new("updateReadHistoryInbox").with("peer", peer("peerChat", 7)), chat);
    check(Object::new("updateBotCallbackQuery").with("user_id", 9i64).with("peer", peer("peerChannel", 7)), channel);
    check(Object::new("updateBotInlineQuery").with("user_id", 7i64), user);
    check(Object::new("updateChatParticipant").with("chat_id", 7i64).with("user_id", 9i64), chat);
    check(Object::new("updateDialogPinned").with("peer", Object::new("dialogPeer").with("peer", peer("peerUser", 7))), user);
    check(Object::new("updateEncryptedChatTyping").with("chat_id", 7), Lane::Account);
    check(Object::new("updateConfig"), Lane::Account);
}

#[test]
fn a_new_message_is_the_same_event_live_and_in_a_difference() {
    let telegram = Telegram::default();
    let identity = |update: &enums::Update| Facts::of(update).identity(&update.to_bytes());
    let live: enums::Update = telegram.message(7).into();
    let (_, post) = (telegram.message(7), telegram.post(7));
    let enums::updates::Difference::Difference(difference) = answered(&telegram) else { panic!("all of it fits in one answer") };
    let Difference::Slice { items, .. } = read::difference((*difference).into()) else { unreachable!() };
    let updates: Vec<_> = items.into_iter().filter_map(|item| item.update).map(|noted| noted.update).collect();
    assert_eq!(identity(&updates[0]), identity(&live));
    assert_ne!(identity(&updates[1]), identity(&live));
    assert_ne!(identity(&post.into()), identity(&live), "message 1 of another chat");
    assert_ne!(updates[0], live, "in a difference it has no position of its own");
}

/// What Telegram says twice in the same words, nothing tells apart; what is said once has a position, an id or a question.
#[test]
fn what_may_recur() {
    let schema = schema();
    let check = |update: Object, expect: bool| {
        let name = format!("{update:?}");
        assert_eq!(facts(schema, update).may_recur(), expect, "{name}");
    };
    check(Object::new("updateUserTyping").with("user_id", 7i64), true);
    check(Object::new("updatePeerBlocked").with("peer_id", peer("peerUser", 7)), true);
    check(Object::new("updateChatUserTyping").with("chat_id", 7i64).with("from_id", peer("peerUser", 9)), true);
    check(Object::new("updateConfig"), true);
    check(Object::new("updateBotCallbackQuery").with("query_id", 3i64).with("user_id", 9i64).with("peer", peer("peerUser", 9)), false);
    check(Object::new("updateBotInlineQuery").with("query_id", 3i64).with("user_id", 7i64), false);
    check(Object::new("updateNewMessage").with("message", message(peer("peerUser", 7))), false);
    check(Object::new("updateReadHistoryInbox").with("peer", peer("peerChat", 7)).with("pts", 3).with("pts_count", 1), false);
    check(Object::new("updateBotStopped").with("user_id", 7i64).with("qts", 3), false);
}

fn answered(telegram: &Telegram) -> enums::updates::Difference {
    use crate::updates::driver::{Answer, Server};
    use crate::updates::gap::Request;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    match runtime.block_on(telegram.ask(Request::Difference { pts: 0, qts: 0, date: 1 })) {
        Ok(Answer::Difference(difference)) => difference,
        other => panic!("{other:?}"),
    }
}

#[test]
fn short_messages_are_filled_up() {
    let incoming = read::updates(enums::Updates::UpdateShortMessage(Box::new(short_message(7, 30))), Some(1000));
    let Incoming::Envelope { seq: 0, items, .. } = incoming else { panic!("{incoming:?}") };
    assert_eq!(items[0].place, Place::Common { pts: 30, count: 1 });
    let update = &items[0].update.as_ref().unwrap().update;
    assert_eq!(message_id(update), Some((&peer_user(7), 30)));
    let enums::Update::NewMessage(new) = update else { panic!("{update:?}") };
    let enums::Message::Message(message) = &new.message else { panic!("{update:?}") };
    assert_eq!((message.from_id, message.message.as_str()), (Some(peer_user(7)), "message 30"));

    let own = quadruplex_api::types::UpdateShortMessage { out: true, ..short_message(7, 30) };
    let Incoming::Envelope { items, .. } = read::updates(enums::Updates::UpdateShortMessage(Box::new(own)), Some(1000)) else { panic!() };
    let Some(enums::Update::NewMessage(new)) = items[0].update.as_ref().map(|noted| &noted.update) else { panic!() };
    let enums::Message::Message(message) = &new.message else { panic!() };
    assert_eq!((message.from_id, message.out), (Some(peer_user(1000)), true), "written by the account elsewhere");
}

#[test]
fn a_short_answer_to_an_own_message_moves_the_position_alone() {
    let sent = quadruplex_api::types::UpdateShortSentMessage {
        out: true,
        id: 4,
        pts: 30,
        pts_count: 1,
        date: 1,
        media: None,
        entities: None,
        ttl_period: None,
    };
    let Incoming::Envelope { items, .. } = read::updates(enums::Updates::UpdateShortSentMessage(Box::new(sent)), None) else { panic!() };
    assert_eq!(items[0].place, Place::Common { pts: 30, count: 1 });
    assert!(items[0].update.is_none());
}

#[test]
fn envelopes_keep_their_numbers() {
    let combined =
        quadruplex_api::types::UpdatesCombined { updates: Vec::new(), users: Vec::new(), chats: Vec::new(), date: 9, seq_start: 4, seq: 6 };
    let incoming = read::updates(enums::Updates::Combined(Box::new(combined)), None);
    assert!(matches!(incoming, Incoming::Envelope { seq_start: 4, seq: 6, date: 9, .. }), "{incoming:?}");
    let alone = quadruplex_api::types::Updates { seq: 5, ..envelope([]) };
    let incoming = read::updates(alone.into(), None);
    assert!(matches!(incoming, Incoming::Envelope { seq_start: 5, seq: 5, .. }), "{incoming:?}");
    assert!(matches!(read::updates(enums::Updates::TooLong, None), Incoming::TooLong));
}

fn peer_user(id: i64) -> enums::Peer {
    quadruplex_api::types::PeerUser::new(id).into()
}
