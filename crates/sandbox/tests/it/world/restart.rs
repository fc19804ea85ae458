//! What survives the end of the process.

use std::fs;
use std::path::{Path, PathBuf};

use quadruplex_sandbox::world::World;
use quadruplex_tl_schema::{Object, Value};
use tempfile::TempDir;

use super::fixture::{Fixture, as_channel, config, history, input, peer_of, send, texts};

/// A directory of its own for one test, removed at its end.
struct Directory(TempDir);

impl Directory {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn join(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self) -> PathBuf {
        self.join("state")
    }
}

fn open(path: &Path) -> Fixture {
    Fixture::of(World::open(path, config()).unwrap())
}

/// What a process leaves behind that is killed: the file as it is now, under another name.
fn killed(directory: &Directory) -> PathBuf {
    let copy = directory.join("copy");
    fs::copy(directory.file(), &copy).unwrap();
    let _ = fs::remove_dir_all(directory.join("copy.files"));
    let parts = directory.join("copy.files");
    fs::create_dir_all(&parts).unwrap();
    for blob in fs::read_dir(directory.join("state.files")).unwrap() {
        let blob = blob.unwrap();
        fs::create_dir_all(parts.join(blob.file_name())).unwrap();
        for part in fs::read_dir(blob.path()).unwrap() {
            let part = part.unwrap();
            fs::copy(part.path(), parts.join(blob.file_name()).join(part.file_name())).unwrap();
        }
    }
    copy
}

#[test]
fn whatever_was_answered_is_there_after_a_kill() {
    let directory = Directory::new();
    let mut fixture = open(&directory.file());
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let to_bob = peer_of(&mut fixture, &alice, "bobby_name");
    let to_alice = peer_of(&mut fixture, &bob, "alice_name");
    fixture.world.keys().save(7, &[1, 2, 3], 2);
    fixture.world.keys().put("salts", Some(b"abc"));
    for number in 1..=20 {
        fixture.ok(&alice, send(&to_bob, &number.to_string(), number));
        let bytes = vec![number as u8; 1500];
        let part = Object::new("upload.saveFilePart").with("file_id", number).with("file_part", 0).with("bytes", bytes);
        fixture.call(&alice, part).unwrap();
        if number % 7 == 0 {
            let mut other = open(&killed(&directory));
            assert_eq!(other.world.digest(alice.id), fixture.world.digest(alice.id));
            assert_eq!(texts(&other.ok(&bob, history(&to_alice)))[0], number.to_string());
        }
    }
    let mut other = open(&killed(&directory));
    // The answer to the last send may have been lost: sent again, it is the same message.
    let again = other.ok(&alice, send(&to_bob, "20", 20));
    assert!(again.objects("updates").next().unwrap().is("updateMessageID"));
    assert_eq!(other.world.messages(bob.id, quadruplex_sandbox::world::Peer::User(alice.id)).len(), 20);
    assert_eq!(other.world.keys().load(7), Some((&[1u8, 2, 3][..], 2)));
    assert_eq!(other.world.keys().get("salts"), Some(&b"abc"[..]));
    let file = Object::new("inputFile").with("id", 3i64).with("parts", 1).with("name", "x").with("md5_checksum", "");
    let media =
        Object::new("inputMediaUploadedDocument").with("file", file).with("mime_type", "").with("attributes", Value::Vector(vec![]));
    let request = Object::new("messages.sendMedia").with("peer", Object::new("inputPeerSelf")).with("media", media);
    other.ok(&alice, request.with("message", "").with("random_id", 99i64));
}

#[test]
fn the_same_seed_gives_the_same_world() {
    let run = || {
        let mut fixture = Fixture::new();
        let (alice, _) = (fixture.user("alice"), fixture.user("bobby"));
        let to_bob = peer_of(&mut fixture, &alice, "bobby_name");
        let dice = Object::new("inputMediaDice").with("emoticon", "🎲");
        let request =
            Object::new("messages.sendMedia").with("peer", to_bob).with("media", dice).with("message", "").with("random_id", 1i64);
        (fixture.ok(&alice, request), fixture.pushes())
    };
    assert_eq!(run(), run());
}

#[test]
fn chance_goes_on_where_it_stopped() {
    let directory = Directory::new();
    let roll = |fixture: &mut Fixture, session: &super::fixture::Session, random_id: i64| {
        let dice = Object::new("inputMediaDice").with("emoticon", "🎰");
        let request = Object::new("messages.sendMedia").with("peer", Object::new("inputPeerSelf")).with("media", dice).with("message", "");
        let sent = fixture.ok(session, request.with("random_id", random_id));
        sent.objects("updates").find_map(|update| update.object("message")).unwrap().object("media").unwrap().int("value").unwrap()
    };
    let mut straight = Fixture::new();
    let alice = straight.user("alice");
    let expected: Vec<i32> = (1..=8).map(|id| roll(&mut straight, &alice, id)).collect();
    let mut fixture = open(&directory.file());
    let alice = fixture.user("alice");
    let mut rolled = Vec::new();
    for id in 1..=8 {
        rolled.push(roll(&mut fixture, &alice, id));
        drop(fixture);
        fixture = open(&directory.file());
    }
    assert_eq!(rolled, expected);
}

#[test]
fn a_commit_that_was_cut_off_is_dropped() {
    let directory = Directory::new();
    let mut fixture = open(&directory.file());
    let alice = fixture.user("alice");
    let me = Object::new("inputPeerSelf");
    fixture.ok(&alice, send(&me, "whole", 1));
    let whole = fs::read(directory.file()).unwrap().len();
    fixture.ok(&alice, send(&me, "cut", 2));
    let bytes = fs::read(directory.file()).unwrap();
    for length in [whole + 1, (whole + bytes.len()) / 2, bytes.len() - 1] {
        let copy = directory.join(&format!("cut{length}"));
        fs::write(&copy, &bytes[..length]).unwrap();
        let mut other = open(&copy);
        assert_eq!(texts(&other.ok(&alice, history(&me))), ["whole"], "{length} of {} bytes", bytes.len());
        other.ok(&alice, send(&me, "later", 3));
        drop(other);
        assert_eq!(texts(&open(&copy).ok(&alice, history(&me))), ["later", "whole"]);
    }
}

#[test]
fn a_file_that_is_not_ours_is_refused_and_left_alone() {
    let directory = Directory::new();
    let path = directory.file();
    for (content, expected) in [
        ("#!/bin/sh\n", "does not begin with the line of a sandbox"),
        ("{\"other\":1}\n", "does not begin with the line of a sandbox"),
        ("notes without a line end", "does not begin with the line of a sandbox"),
        ("{\"quadruplex-sandbox\":2,\"seed\":\"00\"}\n", "was written by a newer version (form 2, this one reads 1)"),
        ("{\"quadruplex-sandbox\":1,\"seed\":\"00\"}\n", "its seed is not 32 bytes"),
    ] {
        fs::write(&path, content).unwrap();
        let error = World::open(&path, config()).err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
    fs::remove_file(&path).unwrap();

    let mut fixture = open(&path);
    let error = World::open(&path, config()).err().unwrap().to_string();
    assert!(error.contains("another sandbox is using it"), "{error}");
    let alice = fixture.user("alice");
    fixture.ok(&alice, send(&Object::new("inputPeerSelf"), "x", 1));
    drop(fixture);
    let text = fs::read_to_string(&path).unwrap();
    let damaged = text.replacen("[[", "[?", 1);
    assert_ne!(damaged, text);
    fs::write(&path, &damaged).unwrap();
    let error = World::open(&path, config()).err().unwrap().to_string();
    assert!(error.contains("is damaged"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
}

#[test]
fn what_was_overwritten_is_dropped_when_the_file_is_opened() {
    let directory = Directory::new();
    let mut fixture = open(&directory.file());
    let alice = fixture.user("alice");
    let me = Object::new("inputPeerSelf");
    fixture.ok(&alice, send(&me, "0", 1));
    for number in 1..100 {
        let edit = Object::new("messages.editMessage").with("peer", me.clone()).with("id", 1).with("message", number.to_string());
        fixture.ok(&alice, edit);
    }
    let digest = fixture.world.digest(alice.id);
    drop(fixture);
    let grown = fs::metadata(directory.file()).unwrap().len();
    for _ in 0..2 {
        let mut fixture = open(&directory.file());
        assert_eq!(fixture.world.digest(alice.id), digest);
        assert_eq!(texts(&fixture.ok(&alice, history(&me))), ["99"]);
        drop(fixture);
        let compact = fs::metadata(directory.file()).unwrap().len();
        assert!(compact < grown / 2, "{grown} bytes became {compact}");
    }
}

#[test]
fn rights_links_polls_and_what_is_due_survive() {
    let directory = Directory::new();
    let mut fixture = open(&directory.file());
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let bob_by_alice = peer_of(&mut fixture, &alice, "bobby_name");
    let create = Object::new("channels.createChannel").with("megagroup", true).with("title", "Club").with("about", "");
    let club = input(fixture.ok(&alice, create).objects("chats").next().unwrap());
    let invite = fixture.ok(&alice, Object::new("messages.exportChatInvite").with("peer", club.clone()));
    let hash = invite.string("link").unwrap().rsplit('+').next().unwrap().to_owned();
    fixture.ok(&bob, Object::new("messages.importChatInvite").with("hash", hash.as_str()));
    let start = fixture.now.seconds();
    let rights = Object::new("chatBannedRights").with("send_messages", true).with("until_date", start + 1000);
    let ban = Object::new("channels.editBanned").with("channel", as_channel(&club)).with("participant", bob_by_alice.clone());
    fixture.ok(&alice, ban.with("banned_rights", rights));
    fixture.ok(&alice, send(&bob_by_alice, "later", 1).with("schedule_date", start + 2000));
    let words = |text: &str| Object::new("textWithEntities").with("text", text).with("entities", Value::Vector(vec![]));
    let answer = |text: &str| Object::new("pollAnswer").with("text", words(text)).with("option", text.as_bytes());
    let poll = Object::new("poll").with("id", 0i64).with("question", words("q")).with("answers", vec![answer("a"), answer("b")]);
    let poll = Object::new("inputMediaPoll").with("poll", poll.with("close_date", start + 3000).with("hash", 0i64));
    let ask = Object::new("messages.sendMedia").with("peer", club.clone()).with("media", poll).with("message", "").with("random_id", 2i64);
    fixture.ok(&alice, ask);
    let newest = |fixture: &mut Fixture| fixture.ok(&alice, history(&club)).objects("messages").next().unwrap().clone();
    let id = newest(&mut fixture).int("id").unwrap();
    let vote =
        Object::new("messages.sendVote").with("peer", club.clone()).with("msg_id", id).with("options", vec![Value::Bytes(b"a".to_vec())]);
    fixture.ok(&alice, vote.clone());
    let like = Object::new("reactionEmoji").with("emoticon", "👍");
    fixture.ok(&alice, Object::new("messages.sendReaction").with("peer", club.clone()).with("msg_id", id).with("reaction", vec![like]));

    let mut other = open(&killed(&directory));
    assert_eq!(newest(&mut other), newest(&mut fixture), "with its votes and reactions");
    let due = |fixture: &Fixture| fixture.world.next_timeout().map(|due| due.seconds() - start);
    assert_eq!(due(&other), Some(1000));
    other.now.ms += 4_000_000;
    other.world.handle_timeout(other.now);
    assert_eq!(due(&other), None);
    other.refused(&alice, vote, "400 MESSAGE_POLL_CLOSED");
    let to_alice = peer_of(&mut other, &bob, "alice_name");
    assert_eq!(texts(&other.ok(&bob, history(&to_alice))), ["later"]);
    other.refused(&bob, Object::new("messages.importChatInvite").with("hash", hash.as_str()), "400 USER_ALREADY_PARTICIPANT");
}
