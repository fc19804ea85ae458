use quadruplex_api::functions::{channels, messages, users};
use quadruplex_api::{Arg, Encode, Lookup, PeerRef, Peers, Position, enums, types};
use quadruplex_tl::Serialize;

fn encoded(request: &impl Encode, peers: &Peers) -> Vec<u8> {
    let mut out = Vec::new();
    request.encode(peers, &mut out);
    out
}

fn lookups(request: &impl Encode) -> Vec<(Position, String)> {
    let mut found = Vec::new();
    request.lookups(&mut found);
    found.into_iter().map(|Lookup { position, peer }| (position, peer.to_string())).collect()
}

#[test]
fn what_a_request_wants_looked_up() {
    let known = messages::SendMessage::new(types::InputPeerUser::new(5, 7), "hi");
    assert_eq!(lookups(&known), []);

    let forward = messages::ForwardMessages { send_as: Some("@me".into()), ..messages::ForwardMessages::new(-5, [1, 2], "t.me/lena") };
    let expect = [(Position::Peer, "-5"), (Position::Peer, "@lena"), (Position::Peer, "@me")].map(|(at, who)| (at, who.to_owned()));
    assert_eq!(lookups(&forward), expect);

    let invite = channels::InviteToChannel::new("@room", ["@a", "@b"]);
    let expect = [(Position::Channel, "@room"), (Position::User, "@a"), (Position::User, "@b")].map(|(at, who)| (at, who.to_owned()));
    assert_eq!(lookups(&invite), expect);
}

/// Types that only requests contain take references too.
#[test]
fn inside_types_of_requests() {
    let topic: enums::InputDialogPeer = types::InputDialogPeer::new("@lena").into();
    let get = messages::GetPeerDialogs::new([topic]);
    assert_eq!(lookups(&get), [(Position::Peer, "@lena".to_owned())]);
    let exact = messages::GetPeerDialogs::new([types::InputDialogPeer::new(types::InputPeerUser::new(5, 7))]);
    let mut peers = Peers::new();
    peers.insert(PeerRef::from("@lena"), types::InputPeerUser::new(5, 7));
    assert_eq!(encoded(&get, &peers), encoded(&exact, &Peers::new()));
}

#[test]
fn looked_up_peers_take_the_form_of_their_place() {
    use enums::{InputChannel, InputPeer, InputUser};
    let check = |found: InputPeer, user: InputUser, channel: InputChannel| {
        let mut peers = Peers::new();
        peers.insert(PeerRef::from("x"), found.clone());
        let as_peer = encoded(&Arg::<InputPeer>::from("x"), &peers);
        assert_eq!(as_peer, found.to_bytes());
        assert_eq!(encoded(&users::GetUsers::new(["x"]), &peers)[12..], user.to_bytes());
        assert_eq!(encoded(&channels::GetFullChannel::new("x"), &peers)[4..], channel.to_bytes());
    };
    check(InputPeer::PeerSelf, InputUser::UserSelf, InputChannel::Empty);
    check(types::InputPeerUser::new(5, 7).into(), types::InputUser::new(5, 7).into(), InputChannel::Empty);
    check(types::InputPeerChannel::new(5, 7).into(), InputUser::Empty, types::InputChannel::new(5, 7).into());
    check(types::InputPeerChat::new(5).into(), InputUser::Empty, InputChannel::Empty);
    check(
        types::InputPeerUserFromMessage::new(InputPeer::PeerSelf, 1, 2).into(),
        types::InputUserFromMessage::new(InputPeer::PeerSelf, 1, 2).into(),
        InputChannel::Empty,
    );
    check(
        types::InputPeerChannelFromMessage::new(InputPeer::PeerSelf, 1, 2).into(),
        InputUser::Empty,
        types::InputChannelFromMessage::new(InputPeer::PeerSelf, 1, 2).into(),
    );
}

#[test]
fn what_was_not_found_is_empty_and_nothing_is_changed() {
    let send = messages::SendMessage::new("@nobody", "hi");
    let before = send.clone();
    let empty = messages::SendMessage::new(enums::InputPeer::Empty, "hi");
    assert_eq!(encoded(&send, &Peers::new()), encoded(&empty, &Peers::new()));
    assert_eq!(send, before);
}
