use std::sync::Arc;

use quadruplex::api::functions::{channels, messages};
use quadruplex::api::{PeerRef, enums, types};
use quadruplex::store::{Memory, Peer, PeerId, PeerKind, SeenIn, Store};
use quadruplex_sandbox::Sandbox;

use crate::common::{builder, person, signed_in};

/// A min constructor does not bring an access hash that opens anything but photos: <https://core.telegram.org/api/min>.
#[tokio::test]
async fn who_is_known_in_part_is_named_by_a_message_of_his() {
    let telegram = Sandbox::start().await.unwrap();
    telegram.create_user(person("Alice", "15550001")).unwrap();
    let bobby_id = telegram.create_user(person("Bobby", "15550002")).unwrap();
    let (alice, bobby) = (signed_in(&telegram, "15550001").await, signed_in(&telegram, "15550002").await);
    let created = alice.call(channels::CreateChannel { megagroup: true, ..channels::CreateChannel::new("Group", "") }).await.unwrap();
    let enums::Updates::Updates(created) = created else { panic!("{created:?}") };
    let enums::Chat::Channel(group) = &created.chats[0] else { panic!("{created:?}") };
    let as_seen_by_alice = types::InputChannel::new(group.id, group.access_hash.unwrap());
    alice.call(channels::InviteToChannel::new(as_seen_by_alice, ["@bobby"])).await.unwrap();
    let dialogs = bobby.call(messages::GetDialogs::new(0, 0, enums::InputPeer::Empty, 10, 0)).await.unwrap();
    assert!(format!("{dialogs:?}").contains("Group"), "{dialogs:?}");
    let said = bobby.send(PeerRef::from(enums::Peer::from(types::PeerChannel::new(group.id))), "here I am").await.unwrap();

    let meet = |peers: Vec<Peer>| {
        let builder = builder(&telegram);
        let session = alice.session().unwrap();
        async move {
            let store = Memory::new();
            let mut commit = session.to_commit();
            peers.into_iter().for_each(|peer| commit.peer(peer));
            store.commit(Arc::new(commit)).await.unwrap();
            builder.connect(store).await.unwrap()
        }
    };
    alice.close().await;
    let group = Peer::new(PeerId::Channel(group.id), PeerKind::Supergroup, group.access_hash);
    let seen_in = Some(SeenIn { chat: group.id, message: said.id() });
    let bobby_in_part = Peer { min: true, seen_in, ..Peer::new(PeerId::User(bobby_id), PeerKind::User, Some(5)) };

    let stranger = meet(vec![Peer { seen_in: None, ..bobby_in_part.clone() }]).await;
    let error = stranger.send(PeerRef::Id(bobby_id), "hello").await.unwrap_err();
    assert!(error.to_string().contains("was not found"), "{error}");
    stranger.close().await;
    let acquainted = meet(vec![group, bobby_in_part]).await;
    assert_eq!(acquainted.send(PeerRef::Id(bobby_id), "hello").await.unwrap().text(), "hello");
}
