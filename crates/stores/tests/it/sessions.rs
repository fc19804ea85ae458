//! Session strings and files of other libraries, written by those libraries.

use quadruplex_store::{AuthKey, OwnUser, Session};
use quadruplex_stores::sessions::{Format, FormatError, read, write};

/// Name, what it holds, string.
fn vectors() -> Vec<(&'static str, Format, Session, &'static str)> {
    let lines = include_str!("vectors/sessions.txt").lines().filter(|line| !line.starts_with('#'));
    let vector = |line: &'static str| {
        let [name, format, dc, servers, user, address, string] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let format = match format {
            "Telethon" => Format::Telethon,
            "Pyrogram" => Format::Pyrogram,
            "GramJs" => Format::GramJs,
            "Mtcute" => Format::Mtcute,
            other => panic!("{other}"),
        };
        let user = user.strip_prefix("bot").map(|id| (id, true)).or(user.strip_prefix("user").map(|id| (id, false)));
        let user = user.map(|(id, bot)| OwnUser { id: id.parse().unwrap(), bot });
        let session = Session { dc: dc.parse().unwrap(), test: servers == "test", user, address: address.parse().ok(), key: key() };
        (name, format, session, string)
    };
    lines.map(vector).collect()
}

fn key() -> AuthKey {
    AuthKey::from_bytes(std::array::from_fn(|index| (index * 7 + 3) as u8))
}

#[test]
fn strings_of_others_are_read() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 10);
    for (name, format, session, string) in vectors {
        assert_eq!(read(&format!(" {string}\n")), Ok((session.clone(), format)), "{name}");
        assert_eq!(read(string.trim_end_matches('=')), Ok((session, format)), "{name}: padding may be lost on the way");
    }
}

#[test]
fn strings_for_others_are_those_they_write() {
    for (name, format, session, string) in vectors() {
        // What others hold and we do not: an older form, a second data centre for files, the name of a host.
        let is_exact = !matches!(name, "pyrogram_old" | "pyrogram_old64" | "mtcute" | "gramjs_name");
        let written = write(&session, format, Some(12_345)).unwrap();
        assert_eq!(written == string, is_exact, "{name}");
        let (again, _) = read(&written).unwrap();
        assert_eq!((again.dc, again.user, again.key), (session.dc, session.user, session.key), "{name}");
    }
    let own = vectors()[0].2.clone();
    assert_eq!(read(&write(&own, Format::Quadruplex, None).unwrap()), Ok((own, Format::Quadruplex)));
}

#[test]
fn what_is_cut_or_something_else_is_refused() {
    for (name, _, session, string) in vectors() {
        // Pyrogram's strings have no checksum: one that is cut to the length of an older form cannot be told from it.
        let is_older_form = |cut: &usize| name.starts_with("pyrogram") && [351, 356].contains(cut);
        for cut in (0..string.trim_end_matches('=').len()).filter(|cut| !is_older_form(cut)) {
            assert_eq!(read(&string[..cut]), Err(FormatError::Unknown), "{name} cut to {cut}");
        }
        assert!(read(&format!("{}AAAAAAAAAAAA", string.trim_end_matches('='))).is_err(), "{name}");
        assert!(write(&session, Format::Pyrogram, None).is_err(), "{name}: without an api_id");
    }
    assert_eq!(read("1"), Err(FormatError::Unknown));
    assert_eq!(read("not base64 at all!"), Err(FormatError::Unknown));
    let unknown = Session { dc: 9, test: false, user: None, address: None, key: key() };
    for format in [Format::Telethon, Format::GramJs, Format::Mtcute, Format::Pyrogram] {
        let error = write(&unknown, format, Some(1)).unwrap_err();
        assert!(matches!(error, FormatError::Missing { .. }), "{error}");
    }
}

#[cfg(feature = "sqlite")]
mod telethon {
    use std::path::Path;

    use quadruplex_store::{ChannelState, CommonState, KeySlot, Memory, PeerId, PeerKey, Store};
    use quadruplex_stores::sessions::{read_telethon_file, write_telethon_file};

    use super::*;
    use crate::support::directory;

    #[tokio::test]
    async fn a_file_of_telethon_moves_here_and_back() {
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/vectors/telethon.session");
        let store = Memory::new();
        let file = read_telethon_file(&original).await.unwrap();
        store.commit(std::sync::Arc::new(file.to_commit())).await.unwrap();
        check(&store).await;

        let path = directory("telethon").join("again.session");
        let peers = store.all_peers(None, 100).await.unwrap();
        write_telethon_file(&path, &file.session, &peers, store.load().await.unwrap().common).await.unwrap();
        let again = read_telethon_file(&path).await.unwrap();
        assert_eq!((again.session, again.rest.peers, again.rest.common), (file.session.clone(), file.rest.peers, file.rest.common));
        let refused = write_telethon_file(&path, &file.session, &[], None).await.unwrap_err();
        assert!(refused.to_string().contains("one already"), "{refused}");
    }

    async fn check(store: &Memory) {
        let small = store.load().await.unwrap();
        let stored = &small.keys[&KeySlot::permanent(2)];
        assert!(stored.authorized && stored.key == key());
        assert_eq!(small.common, Some(CommonState { pts: 100, qts: 3, date: 1_700_000_000, seq: 4 }));
        assert_eq!(small.channels, [(555, ChannelState { pts: 12, behind: false })].into());
        let keys = vec![PeerKey::username("AdaL"), PeerKey::phone("49301234"), PeerKey::username("news"), PeerId::Chat(99).into()];
        let found = store.peers(keys).await.unwrap().into_iter().map(|peer| peer.map(|peer| (peer.id, peer.access_hash)));
        let ada = Some((PeerId::User(7_000_000_123), Some(42)));
        assert_eq!(found.collect::<Vec<_>>(), [ada, ada, Some((PeerId::Channel(555), Some(-77))), Some((PeerId::Chat(99), None))]);
    }

    #[tokio::test]
    async fn what_is_no_file_of_telethon_is_refused() {
        let path = directory("no-telethon").join("x.session");
        let check = async |content: Option<&[u8]>, expect: &str| {
            if let Some(content) = content {
                std::fs::write(&path, content).unwrap();
            }
            let error = read_telethon_file(&path).await.unwrap_err().to_string();
            assert!(error.contains("no session file of Telethon") && error.contains(expect), "{error}");
        };
        check(None, "unable to open").await;
        check(Some(b""), "no such table").await;
        check(Some(&[7; 5_000]), "not a database").await;
    }
}
