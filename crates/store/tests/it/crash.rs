//! A process that commits in a loop, and lets its store rest now and then, is killed, again and again: what is found is what one commit left.

use std::io::{BufRead, BufReader, Write};
use std::sync::Arc;

use quadruplex_store::{ChannelState, Commit, CommonState, Lane, Peer, PeerId, PeerKind, Redb, Row, Store, Value, ValueKey};

use crate::support::{child, directory, given_store, open};

const KILLS: u32 = 8;

#[tokio::test]
async fn a_killed_process_leaves_what_one_commit_left() {
    let path = directory("crash").join("store");
    let mut reported = 0;
    for kill in 0..KILLS {
        let mut process = child("crash::commits_for_ever", &path);
        let mut lines =
            BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok).filter_map(|line| line.parse::<i32>().ok());
        let enough = reported + 3 + (kill as i32 * 7) % 11;
        let last = lines.by_ref().find(|number| *number >= enough).expect("the child commits");
        process.kill().unwrap();
        process.wait().unwrap();
        reported = lines.last().unwrap_or(last);

        let found = whole_commit(&path).await;
        assert!(found >= reported, "commit {reported} was reported durable, {found} is there");
        assert!(found <= reported + 1, "one commit at most was on its way");
        reported = found;
    }
}

/// Checks that all parts of the store come from the same commit and returns its number.
async fn whole_commit(path: &std::path::Path) -> i32 {
    // The blocking thread of the store before may be letting go of the file.
    let store = Redb::open(path, std::time::Duration::from_secs(5)).await.unwrap();
    let small = store.load().await.unwrap();
    let number = small.common.unwrap().pts;
    assert_eq!(small.channels[&1].pts, number);
    assert_eq!(small.config, Some(number.to_le_bytes().to_vec()));
    let rows: Vec<_> = store.rows(0, 10).await.unwrap().into_iter().map(|row| row.number).collect();
    assert_eq!(rows, [number as u64], "each commit adds its row and deletes the one before");
    let peer = store.peers(vec![PeerId::User(1).into()]).await.unwrap().remove(0).unwrap();
    assert_eq!(peer.usernames, [format!("name{number}")]);
    let value = store.value(ValueKey::new("test", "number")).await.unwrap().unwrap();
    assert_eq!(value.bytes, number.to_le_bytes());
    number
}

#[tokio::test]
#[ignore = "the process that is killed; run by a_killed_process_leaves_what_one_commit_left"]
async fn commits_for_ever() {
    let Some(path) = given_store() else { return };
    let store = open(&path).await;
    let first = store.load().await.unwrap().common.map_or(1, |state| state.pts + 1);
    for number in first.. {
        let mut commit = Commit { config: Some(number.to_le_bytes().to_vec()), ..Commit::default() };
        commit.common(CommonState { pts: number, ..CommonState::default() });
        commit.channel(1, ChannelState { pts: number, behind: false });
        commit.done(number as u64 - 1);
        commit.add_row(Row { number: number as u64, lane: Lane::Account, attempts: 0, bytes: vec![7; 5000] });
        commit.peer(Peer { usernames: vec![format!("name{number}")], ..Peer::new(PeerId::User(1), PeerKind::User, None) });
        commit.value(ValueKey::new("test", "number"), Value { bytes: number.to_le_bytes().to_vec(), expires: Some(number.into()) });
        store.commit(Arc::new(commit)).await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{number}").and_then(|()| out.flush()).unwrap();
        drop(out);
        if number % 3 == 0 {
            // Used a moment ago, and not used since: the file is closed, and opened by the next commit.
            store.rest().await.unwrap();
            store.rest().await.unwrap();
        }
    }
}
