//! A process that commits in a loop is killed, again and again: what is found is what one commit left.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use quadruplex_store::{ChannelState, Commit, CommonState, Lane, Peer, PeerId, PeerKey, PeerKind, Row, Store, Value, ValueKey};

use crate::support::{Place, key, places};

const KILLS: i32 = 3;

#[tokio::test]
async fn a_killed_process_leaves_what_one_commit_left() {
    for place in places("crash").into_iter().map(Place::with_short_lease) {
        eprintln!("{}", place.kind);
        let mut reported = 0;
        for kill in 0..KILLS {
            let mut process = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "crash::commits_for_ever", "--ignored", "--nocapture"])
                .env(STORE, place.url("store"))
                .env(KEYED, if place.key.is_some() { "yes" } else { "" })
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let output = BufReader::new(process.stdout.take().unwrap()).lines();
            let mut lines = output.map_while(Result::ok).filter_map(|line| line.parse::<i32>().ok());
            let enough = reported + 3 + (kill * 7) % 11;
            let last = lines.by_ref().find(|number| *number >= enough).expect("the child commits");
            process.kill().unwrap();
            process.wait().unwrap();
            reported = lines.last().unwrap_or(last);

            let found = whole_commit(&place).await;
            assert!(found >= reported, "{}: commit {reported} was reported durable, {found} is there", place.kind);
            assert!(found <= reported + 1, "{}: one commit at most was on its way", place.kind);
            reported = found;
        }
    }
}

/// Checks that all parts of the store come from the same commit and returns its number.
async fn whole_commit(place: &Place) -> i32 {
    let store = place.open("store").await;
    let small = store.load().await.unwrap();
    let number = small.common.unwrap().pts;
    assert_eq!(small.channels[&1].pts, number);
    assert_eq!(small.config, Some(number.to_le_bytes().to_vec()));
    let rows: Vec<_> = store.rows(0, 10).await.unwrap().into_iter().map(|row| row.number).collect();
    assert_eq!(rows, [number as u64], "each commit adds its row and deletes the one before");
    let keys = vec![PeerId::User(1).into(), PeerKey::username(&format!("name{number}")), PeerKey::username(&format!("name{}", number - 1))];
    let peers = store.peers(keys).await.unwrap();
    assert_eq!(peers[0].as_ref().unwrap().usernames, [format!("name{number}")]);
    assert!(peers[1].is_some() && peers[2].is_none(), "the index of names is that of the same commit");
    let value = store.value(ValueKey::new("test", "number")).await.unwrap().unwrap();
    assert_eq!(value.bytes, number.to_le_bytes());
    // The next process is waited for without giving this one's runtime a turn.
    store.close().await.unwrap();
    number
}

#[tokio::test]
#[ignore = "the process that is killed; run by a_killed_process_leaves_what_one_commit_left"]
async fn commits_for_ever() {
    let Ok(url) = std::env::var(STORE) else { return };
    let mut options = quadruplex_stores::Options::default();
    options.wait = std::time::Duration::from_secs(60);
    options.key = std::env::var(KEYED).is_ok_and(|keyed| !keyed.is_empty()).then(key);
    let store: Arc<dyn Store> = quadruplex_stores::open(&url, options).await.unwrap();
    let first = store.load().await.unwrap().common.map_or(1, |state| state.pts + 1);
    for number in first.. {
        let mut commit = Commit { config: Some(number.to_le_bytes().to_vec()), ..Commit::default() };
        commit.common(CommonState { pts: number, ..CommonState::default() });
        commit.channel(1, ChannelState { pts: number, behind: false });
        commit.done(number as u64 - 1);
        commit.add_row(Row { number: number as u64, lane: Lane::Account, attempts: 0, bytes: vec![7; 5_000] });
        commit.peer(Peer { usernames: vec![format!("name{number}")], ..Peer::new(PeerId::User(1), PeerKind::User, None) });
        commit.value(ValueKey::new("test", "number"), Value { bytes: number.to_le_bytes().to_vec(), expires: Some(number.into()) });
        store.commit(Arc::new(commit)).await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{number}").and_then(|()| out.flush()).unwrap();
    }
}

const STORE: &str = "QUADRUPLEX_TEST_STORE";
const KEYED: &str = "QUADRUPLEX_TEST_KEYED";
