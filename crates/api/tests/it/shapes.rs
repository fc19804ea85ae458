use quadruplex_api::functions::{help, messages, users};
use quadruplex_api::{Arg, Field, PeerRef, enums, get, has_random_id, is_affected, is_read_only, is_updates, name_for_id, to_json, types};
use quadruplex_tl::Identifiable;
use serde_json::json;

#[test]
fn an_arg_is_as_large_as_what_it_holds() {
    assert_eq!(size_of::<Arg<enums::InputPeer>>(), size_of::<enums::InputPeer>());
    assert_eq!(size_of::<Arg<enums::InputUser>>(), size_of::<enums::InputUser>());
    assert_eq!(size_of::<Arg<enums::InputChannel>>(), size_of::<enums::InputChannel>());
}

#[test]
fn enums_stay_small() {
    let check = |name, size, most| assert!(size <= most, "{name} takes {size} bytes");
    check("Update", size_of::<enums::Update>(), 56);
    check("Updates", size_of::<enums::Updates>(), 56);
    check("Message", size_of::<enums::Message>(), 56);
    check("InputPeer", size_of::<enums::InputPeer>(), 32);
    check("Peer", size_of::<enums::Peer>(), 16);
}

#[test]
fn the_tables() {
    assert_eq!(name_for_id(messages::SendMessage::ID), Some(messages::SendMessage::NAME));
    assert_eq!(name_for_id(types::Message::ID), Some("message"));
    assert_eq!(name_for_id(0), None);

    assert!(is_read_only(users::GetUsers::ID) && is_read_only(help::GetConfig::ID));
    assert!(!is_read_only(messages::SendMessage::ID) && !is_read_only(messages::GetBotCallbackAnswer::ID));
    assert!(!is_read_only(messages::CheckHistoryImportPeer::ID) || messages::CheckHistoryImportPeer::NAME.contains(".check"));

    for id in [messages::SendMessage::ID, messages::ForwardMessages::ID, messages::SendMultiMedia::ID] {
        assert!(has_random_id(id), "{:?}", name_for_id(id));
    }
    assert!(!has_random_id(messages::EditMessage::ID));
    assert!(!has_random_id(messages::ViewSponsoredMessage::ID), "its random_id is Telegram's");

    assert!(is_updates(types::UpdateShort::ID) && is_updates(types::UpdateShortSentMessage::ID) && is_updates(0xe317_af7e));
    assert!(!is_updates(types::Message::ID));
    assert!(is_affected(types::messages::AffectedHistory::ID) && is_affected(types::messages::AffectedMessages::ID));
}

#[test]
fn debug_is_short_and_keeps_secrets() {
    let import = quadruplex_api::functions::auth::ImportBotAuthorization::new(0, 1, "hash", "1:secret");
    let text = format!("{import:?}");
    assert_eq!(text, "auth.importBotAuthorization { flags: 0, api_id: 1, api_hash: …, bot_auth_token: … }");
    let send = messages::SendMessage::new(enums::InputPeer::PeerSelf, "hi");
    assert_eq!(format!("{send:?}"), r#"messages.sendMessage { peer: inputPeerSelf, message: "hi", random_id: 0 }"#);
}

#[test]
fn json_and_lookups_by_name() {
    let send = messages::SendMessage { silent: true, ..messages::SendMessage::new(PeerRef::Me, "hi") };
    assert_eq!(to_json(&send), json!({"_": "messages.sendMessage", "silent": true, "peer": "me", "message": "hi", "random_id": 0}));
    assert!(matches!(get(&send, "message"), Some(Field::String("hi"))));
    assert_eq!(to_json(&vec![types::InputPeerChat::new(5)]), json!([{"_": "inputPeerChat", "chat_id": 5}]));
    assert_eq!(to_json(&true), json!(true));
    assert!(get(&send, "entities").is_none() && get(&send, "no_such_field").is_none());
}

/// A pair of fields under one bit is written whole: what is missing of it says nothing.
#[test]
fn halves_of_a_pair() {
    use quadruplex_tl::{Deserialize, Serialize};
    let reply = types::MessageReplies { channel_id: None, ..replies() };
    assert!(enums::MessageReplies::from_bytes(&reply.to_bytes()).is_ok_and(|again| again.channel_id == Some(0) && again.comments));

    let photo = types::InputMediaPhoto { live_photo: true, ..types::InputMediaPhoto::new(enums::InputPhoto::Empty) };
    let again = enums::InputMedia::from_bytes(&enums::InputMedia::from(photo).to_bytes());
    let Ok(enums::InputMedia::Photo(again)) = again else { panic!("{again:?}") };
    assert!(again.live_photo && again.video == Some(enums::InputDocument::Empty));
}

fn replies() -> types::MessageReplies {
    types::MessageReplies {
        comments: true,
        replies: 1,
        replies_pts: 2,
        recent_repliers: None,
        channel_id: None,
        max_id: None,
        read_max_id: None,
    }
}
