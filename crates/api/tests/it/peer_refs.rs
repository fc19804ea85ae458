use quadruplex_api::{PeerRef, enums, types};

#[test]
fn what_people_write() {
    use PeerRef::{Id, Invite, Me, Phone, Username};
    let check = |text: &str, expect: PeerRef| assert_eq!(PeerRef::from(text), expect, "{text}");
    check("me", Me);
    check("self", Me);
    check("@rustlang", Username("rustlang".into()));
    check(" rustlang ", Username("rustlang".into()));
    check("12345", Id(12_345));
    check("-1001234567890", Id(-1_001_234_567_890));
    check("+49 170 1234567", Phone("491701234567".into()));
    check("https://t.me/rustlang", Username("rustlang".into()));
    check("t.me/rustlang/42?single", Username("rustlang".into()));
    check("http://telegram.me/rustlang", Username("rustlang".into()));
    check("https://t.me/s/rustlang", Username("rustlang".into()));
    check("https://rustlang.t.me", Username("rustlang".into()));
    check("https://t.me/c/1234567890/42", Id(-1_001_234_567_890));
    check("https://t.me/joinchat/AAAA", Invite("AAAA".into()));
    check("https://t.me/+AbCdEf", Invite("AbCdEf".into()));
    check("https://t.me/+491701234567", Phone("491701234567".into()));
    check("tg://resolve?domain=rustlang&post=42", Username("rustlang".into()));
    check("tg://resolve?phone=491701234567", Phone("491701234567".into()));
    check("tg:join?invite=AbC", Invite("AbC".into()));
    check("tg://user?id=5", Id(5));
    check("tg://privatepost?channel=1234567890&post=1", Id(-1_001_234_567_890));
    check("https://example.org/rustlang", Username("https://example.org/rustlang".into()));
    check("", Username(String::new()));
    check("t.me/", Username("t.me/".into()));
    check("t.me/c/x", Username("t.me/c/x".into()));
    check("t.me/c/9223372036854775807", Id(i64::MIN));
}

#[test]
fn ids_are_marked() {
    let check = |peer: enums::Peer, id: i64| {
        assert_eq!(PeerRef::from(&peer), PeerRef::Id(id));
        assert_eq!(PeerRef::Id(id).peer(), Some(peer));
    };
    check(types::PeerUser { user_id: 5 }.into(), 5);
    check(types::PeerChat { chat_id: 5 }.into(), -5);
    check(types::PeerChannel { channel_id: 1_234_567_890 }.into(), -1_001_234_567_890);
    assert_eq!(PeerRef::Me.peer(), None);
    assert!(PeerRef::Id(i64::MIN).peer().is_some());
}

#[test]
fn shown_as_people_write_them() {
    for text in ["me", "@rustlang", "+491701234567", "-5", "https://t.me/+AbC"] {
        assert_eq!(PeerRef::from(text).to_string(), text);
    }
}
