use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use quadruplex_store::{AuthKey, Memory, OwnUser, Session, SessionError, Snapshot, Store};

fn session() -> Session {
    Session {
        dc: 4,
        test: true,
        user: Some(OwnUser { id: 1_234_567_890_123, bot: true }),
        address: Some("[2001:67c:4e8:f004::a]:443".parse().unwrap()),
        key: AuthKey::from_bytes(std::array::from_fn(|n| n as u8)),
    }
}

#[test]
fn every_form_survives_the_string() {
    let full = session();
    for session in [
        Session { user: None, address: None, test: false, ..full.clone() },
        Session { address: Some("127.0.0.1:65535".parse().unwrap()), user: Some(OwnUser { id: i64::MIN, bot: false }), ..full.clone() },
        Session { dc: -10_002, ..full.clone() },
        full,
    ] {
        let string = session.to_string();
        assert!(string.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'), "{string}");
        assert_eq!(Session::from_string(&format!(" {string}\n")).unwrap(), session);
    }
}

/// Strings are in people's environments: the form of version 1 stays as it is.
#[test]
fn the_form_of_version_1_is_fixed() {
    let session = Session { user: Some(OwnUser { id: 7, bot: true }), address: Some("127.0.0.1:443".parse().unwrap()), dc: 2, ..session() };
    let string = session.to_string();
    assert!(string.starts_with("AQ8CAAAABwAAAAAAAAB_AAABuwEAAQIDBAUGBwgJ"), "{string}");
    assert!(string.ends_with("-Pn6-_z9_v_9RMkQA") || string.ends_with("j5-vv8_f7_9RMkQA"), "{string}");
}

#[test]
fn what_is_wrong_is_told() {
    let string = session().to_string();
    let check = |string: &str, expect| assert_eq!(Session::from_string(string), Err(expect), "{string}");
    check("", SessionError::Cut);
    check("hello world!", SessionError::Alphabet);
    check("BQAA", SessionError::Version(4 + 1));
    check("AQAA", SessionError::Cut);
    check(&string[..string.len() - 4], SessionError::Cut);
    check(&string[..string.len() - 6], SessionError::Checksum);
    check(&string.replacen("DQ4P", "DQ4Q", 1), SessionError::Checksum);
}

proptest! {
    #[test]
    fn any_text_is_refused_without_a_panic(text in "[A-Za-z0-9_-]{0,400}") {
        prop_assert!(Session::from_string(&text).is_err());
    }

    #[test]
    fn any_mistyped_character_is_noticed(at in any::<proptest::sample::Index>(), to in "[A-Za-z0-9_-]") {
        let string = session().to_string();
        let at = at.index(string.len());
        let mut typed = string.clone();
        typed.replace_range(at..=at, &to);
        prop_assert_eq!(Session::from_string(&typed).is_ok(), typed == string);
    }
}

#[test]
fn debug_shows_no_key() {
    let shown = format!("{:?} {:?}", session(), session().to_commit());
    assert!(shown.contains("AuthKey(secret)") && !shown.contains("253"), "{shown}");
}

#[tokio::test]
async fn a_session_moves_from_store_to_store() {
    assert_eq!(Session::from_snapshot(&Snapshot::default()), None);
    let session = Session { address: None, ..session() };
    let store = Memory::new();
    store.commit(std::sync::Arc::new(session.to_commit())).await.unwrap();
    assert_eq!(Session::from_snapshot(&store.load().await.unwrap()), Some(session));
}
