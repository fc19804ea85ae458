use std::future::IntoFuture as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quadruplex::api::functions::{messages, upload};
use quadruplex::api::{enums, types};
use quadruplex::{Client, Error, MIB, RemoteFile, UploadSource, Uploaded};
use quadruplex_sandbox::{LinkScript, NewUser, Sandbox};

use crate::common::{person, signed_in};

/// Bytes that look random and are the same every time.
fn noise(len: u64) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ len;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(next).take(len as usize).collect()
}

/// An empty directory of this test.
fn scratch(test: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("files").join(test);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Alice on the first data centre, Bob on the second.
async fn alice_and_bob() -> (Sandbox, Client, Client) {
    let telegram = Sandbox::builder().dcs(2).start().await.unwrap();
    telegram.create_user(person("Alice", "15550001")).unwrap();
    telegram.create_user(NewUser { dc: Some(2), ..person("Bobby", "15550002") }).unwrap();
    let (alice, bob) = (signed_in(&telegram, "15550001").await, signed_in(&telegram, "15550002").await);
    (telegram, alice, bob)
}

/// Sends an uploaded file and returns the document that the other side has then, and the id of the message there.
async fn send(from: &Client, to: &Client, file: Uploaded) -> (types::Document, i32) {
    let attributes = [types::DocumentAttributeFilename::new(file.name())];
    let media = types::InputMediaUploadedDocument::new(file, "application/octet-stream", attributes);
    from.call(messages::SendMedia::new("@bobby", media, "")).await.unwrap();
    let history = to.call(messages::GetHistory::new("@alice", 0, 0, 0, 1, 0, 0, 0)).await.unwrap();
    let messages = match history {
        enums::messages::Messages::Messages(all) => all.messages,
        enums::messages::Messages::Slice(slice) => slice.messages,
        other => panic!("{other:?}"),
    };
    let enums::Message::Message(message) = &messages[0] else { panic!("{messages:?}") };
    let Some(enums::MessageMedia::Document(media)) = &message.media else { panic!("{message:?}") };
    let Some(enums::Document::Document(document)) = &media.document else { panic!("{media:?}") };
    ((**document).clone(), message.id)
}

#[tokio::test]
async fn twelve_mebibytes_go_up_and_down_from_another_data_centre() {
    let (_telegram, alice, bob) = alice_and_bob().await;
    let directory = scratch("both-ways");
    let content = noise(12 * MIB + 345);
    std::fs::write(directory.join("up.bin"), &content).unwrap();

    let mut reported = Vec::new();
    let uploaded = alice.upload(directory.join("up.bin")).progress(|progress| reported.push(progress)).await.unwrap();
    assert!(matches!(uploaded.input(), enums::InputFile::Big(big) if big.parts == 25));
    assert_eq!(reported.len(), 25);
    assert!(reported.iter().all(|progress| progress.total == Some(content.len() as u64)));
    assert!(reported.is_sorted_by_key(|progress| progress.done));
    assert_eq!(reported.last().unwrap().fraction(), Some(1.0));

    let (document, _) = send(&alice, &bob, uploaded).await;
    assert_eq!(document.dc_id, 1, "Bob is on 2, so that the file is elsewhere");
    let down = Arc::new(AtomicU64::new(0));
    let seen = down.clone();
    let saved =
        bob.download(&document).to_dir(directory.join("down")).progress(move |p| seen.store(p.done, Ordering::Relaxed)).await.unwrap();
    assert_eq!(saved.path, directory.join("down").join("up.bin"));
    assert_eq!((saved.size, saved.fetched), (content.len() as u64, content.len() as u64));
    assert_eq!(down.load(Ordering::Relaxed), saved.size);
    assert!(std::fs::read(&saved.path).unwrap() == content);
    let left: Vec<_> = std::fs::read_dir(directory.join("down")).unwrap().collect();
    assert_eq!(left.len(), 1, "nothing is left beside it: {left:?}");

    let again = bob.download(&document).to_dir(directory.join("down")).await.unwrap();
    assert_eq!((again.path, again.fetched), (saved.path, 0), "a file that is there is not fetched again");
}

#[tokio::test]
async fn every_source_and_every_target_gives_the_same_bytes() {
    let (_telegram, alice, bob) = alice_and_bob().await;
    for len in [1, 300, 4096, 512 << 10, (512 << 10) + 1, 1_300_000] {
        let content = noise(len);
        let reader = || std::io::Cursor::new(content.clone());
        let sources = [
            UploadSource::bytes("a.bin", content.clone()),
            UploadSource::stream("a.bin", reader()),
            UploadSource::stream("a.bin", reader()).size(len),
        ];
        for source in sources {
            let shown = format!("{source:?}");
            let uploaded = alice.upload(source).await.unwrap();
            assert_eq!(uploaded.size(), len, "{shown}");
            let (document, _) = send(&alice, &bob, uploaded).await;
            assert_eq!(document.size as u64, len, "{shown}");
            assert!(bob.download(&document).to_memory(2 * MIB).await.unwrap() == content, "{shown}");
            let mut written = Vec::new();
            assert_eq!(bob.download(&document).to_writer(&mut written).await.unwrap(), len);
            assert!(written == content, "{shown}");
            // Without a size the end is found by a short part.
            let unsized_file =
                RemoteFile::at(types::InputDocumentFileLocation::new(document.id, document.access_hash, document.file_reference, ""));
            let mut chunks = bob.download(unsized_file).chunks();
            let mut read = Vec::new();
            while let Some(chunk) = chunks.next().await {
                read.extend_from_slice(&chunk.unwrap());
            }
            assert!(read == content, "{shown}: {} bytes", read.len());
        }
    }
}

#[tokio::test]
async fn a_download_goes_on_where_it_was_interrupted() {
    let (telegram, alice, bob) = alice_and_bob().await;
    let content = noise(6 * MIB);
    let uploaded = alice.upload(UploadSource::bytes("film.mp4", content.clone())).await.unwrap();
    let (document, message) = send(&alice, &bob, uploaded).await;
    let path = scratch("resume").join("film.mp4");

    let half = Arc::new(tokio::sync::Notify::new());
    let signal = half.clone();
    let tell = move |progress: quadruplex::Progress| {
        if progress.done >= 3 * MIB {
            signal.notify_one();
        }
    };
    let download = bob.download(&document).to_path(&path).progress(tell).into_future();
    tokio::select! {
        _ = half.notified() => {}
        done = download => panic!("it was to be interrupted: {done:?}"),
    }
    assert!(!path.exists(), "an incomplete file does not bear the name");
    assert!(path.with_extension("mp4.part").exists() && path.with_extension("mp4.parts").exists());

    let now = telegram.now();
    telegram.world().expire_file_references(now);
    let error = bob.download(&document).to_path(&path).await.unwrap_err();
    assert!(error.is("FILE_REFERENCE_EXPIRED"), "nobody said where to find a new one: {error}");
    assert!(error.to_string().starts_with("the download of film.mp4 stopped at byte "), "{error}");

    let file = RemoteFile::from(&document).from_message("@alice", message);
    let saved = bob.download(file).to_path(&path).await.unwrap();
    assert!(saved.fetched <= 3 * MIB && saved.fetched > 0, "{} bytes were fetched", saved.fetched);
    assert!(std::fs::read(&path).unwrap() == content);
    assert!(!path.with_extension("mp4.parts").exists());
}

#[tokio::test]
async fn an_expired_reference_is_renewed_once_for_all_parts() {
    let (telegram, alice, bob) = alice_and_bob().await;
    let content = noise(5 * MIB);
    let uploaded = alice.upload(UploadSource::bytes("x.bin", content.clone())).await.unwrap();
    let (document, message) = send(&alice, &bob, uploaded).await;
    let now = telegram.now();
    telegram.world().expire_file_references(now);
    let before = calls(&bob);
    let file = RemoteFile::from(&document).from_message("@alice", message);
    assert!(bob.download(file).to_memory(8 * MIB).await.unwrap() == content);
    // Ten parts, up to four that were refused, one message read again; the rest is signing in on the other data centre.
    assert!(calls(&bob) - before <= 10 + 4 + 1 + 4, "{} calls", calls(&bob) - before);
}

fn calls(client: &Client) -> u64 {
    client.traffic().calls
}

#[tokio::test]
async fn names_that_are_taken_get_the_id() {
    let (_telegram, alice, bob) = alice_and_bob().await;
    let directory = scratch("names");
    let (first, second) = (noise(1000), noise(2000));
    for (content, expect_suffix) in [(&first, false), (&second, true), (&first, true)] {
        let uploaded = alice.upload(UploadSource::bytes("../a.txt", content.clone())).await.unwrap();
        let (document, _) = send(&alice, &bob, uploaded).await;
        let saved = bob.download(&document).to_dir(&directory).await.unwrap();
        let expect = if expect_suffix { format!("a-{}.txt", document.id) } else { "a.txt".to_owned() };
        assert_eq!(saved.path, directory.join(expect));
        assert!(std::fs::read(&saved.path).unwrap() == *content);
    }
}

#[tokio::test(start_paused = true)]
async fn a_transfer_survives_a_link_that_drops_and_cuts() {
    let (telegram, alice, bob) = alice_and_bob().await;
    let content = noise(12 * MIB);
    telegram.set_link(LinkScript { drop: 60, duplicate: 60, cut: 60, split: true, ..LinkScript::default() });
    let uploaded = alice.upload(UploadSource::bytes("x.bin", content.clone())).await.unwrap();
    let (document, _) = send(&alice, &bob, uploaded).await;
    let bytes = bob.download(&document).to_memory(16 * MIB).await.unwrap();
    assert!(bytes == content);
}

#[tokio::test(start_paused = true)]
async fn flood_waits_are_respected_up_to_the_limit() {
    let (telegram, alice, _bob) = alice_and_bob().await;
    let refuse = |seconds: u32| {
        let error = quadruplex_sandbox::RpcError { code: 420, name: format!("FLOOD_WAIT_{seconds}").into() };
        let rule = quadruplex_sandbox::world::ErrorRule {
            method: "upload.saveFilePart".into(),
            peer: None,
            account: None,
            skip: 1,
            times: 1,
            error,
        };
        telegram.world().faults_mut().errors = vec![rule];
    };
    refuse(7);
    let begun = tokio::time::Instant::now();
    alice.upload(UploadSource::bytes("x.bin", noise(2 * MIB))).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(7), "{:?}", begun.elapsed());
    refuse(3600);
    let error = alice.upload(UploadSource::bytes("x.bin", noise(2 * MIB))).await.unwrap_err();
    assert_eq!(error.flood_wait(), Some(Duration::from_secs(3600)), "{error}");
    assert!(matches!(&error, Error::Transfer { offset, .. } if offset % (512 << 10) == 0), "{error}");
}

/// Backups of every day have the same name, and often the same size.
#[tokio::test]
async fn another_file_with_the_same_name_and_size_is_another_file() {
    let (_telegram, alice, bob) = alice_and_bob().await;
    let dir = scratch("same-size");
    let mut documents = Vec::new();
    for content in ["0001", "0002"] {
        let uploaded = alice.upload(UploadSource::bytes("rec", content)).await.unwrap();
        documents.push(send(&alice, &bob, uploaded).await.0);
    }
    let mut paths = Vec::new();
    for document in &documents {
        let saved = bob.download(document).to_dir(&dir).await.unwrap();
        assert_eq!(saved.fetched, 4);
        paths.push(saved.path);
    }
    let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
    assert_eq!(paths.iter().map(read).collect::<Vec<_>>(), ["0001", "0002"]);
    for (document, path) in documents.iter().zip(&paths) {
        let again = bob.download(document).to_dir(&dir).await.unwrap();
        assert_eq!((&again.path, again.fetched), (path, 0));
    }

    let path = dir.join("latest");
    for (document, content) in documents.iter().zip(["0001", "0002"]) {
        bob.download(document).to_path(&path).await.unwrap();
        assert_eq!(read(&path), content);
        assert_eq!(bob.download(document).to_path(&path).await.unwrap().fetched, 0);
    }
    std::fs::write(&path, "0002").unwrap();
    assert_eq!(bob.download(&documents[1]).to_path(&path).await.unwrap().fetched, 4, "whoever wrote it, it may be something else");
}

#[tokio::test]
async fn bad_sources_and_targets_say_so() {
    let (_telegram, alice, bob) = alice_and_bob().await;
    let check = async |source: UploadSource, expect: &str| {
        let error = alice.upload(source).await.unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    };
    check("no/such/file".into(), "cannot read no/such/file").await;
    check(scratch("a-directory").into(), "cannot read").await;
    check(UploadSource::bytes("empty.txt", ""), "empty.txt is empty").await;
    check(UploadSource::stream("x", std::io::Cursor::new(noise(3))).size(4), "ended after 3 of 4 bytes").await;
    let uploaded = alice.upload(UploadSource::bytes("x.bin", noise(5000))).await.unwrap();
    let (document, _) = send(&alice, &bob, uploaded).await;
    let check = |error: Error, expect: &str| assert!(error.to_string().contains(expect), "{error}");
    check(bob.download(&document).to_memory(4999).await.unwrap_err(), "5000 bytes are more than the 4999");
    check(bob.download(&document).to_path(scratch("a-directory")).await.unwrap_err(), "cannot write");
    let longer = RemoteFile::from(&document).sized(6000);
    check(bob.download(longer).to_memory(MIB).await.unwrap_err(), "Telegram gave 5000 bytes of 6000");
    let shorter = RemoteFile::from(&document).sized(4000);
    check(bob.download(shorter).to_memory(MIB).await.unwrap_err(), "Telegram gave");
    let gone = RemoteFile::at(types::InputDocumentFileLocation::new(1, 2, [], ""));
    assert!(bob.download(gone).to_memory(MIB).await.unwrap_err().is("FILE_ID_INVALID"));
}

#[tokio::test]
async fn whoever_breaks_the_rules_of_parts_is_told() {
    let (_telegram, alice, bob) = alice_and_bob().await;
    let refused = async |part: upload::SaveFilePart, expect: &str| {
        let error = alice.call(part).await.unwrap_err();
        assert!(error.is(expect), "{error}");
    };
    refused(upload::SaveFilePart::new(1, 0, []), "FILE_PART_EMPTY").await;
    refused(upload::SaveFilePart::new(1, 0, vec![0; (512 << 10) + 1]), "FILE_PART_TOO_BIG").await;
    refused(upload::SaveFilePart::new(1, 4000, [1]), "FILE_PART_INVALID").await;
    alice.call(upload::SaveFilePart::new(2, 0, vec![0; 1024])).await.unwrap();
    refused(upload::SaveFilePart::new(2, 2, vec![0; 2048]), "FILE_PART_SIZE_CHANGED").await;

    let sends = async |file: types::InputFile, expect: &str| {
        let attributes = [types::DocumentAttributeFilename::new("x")];
        let media = types::InputMediaUploadedDocument::new(file, "text/plain", attributes);
        let error = alice.call(messages::SendMedia::new("@bobby", media, "")).await.unwrap_err();
        assert!(error.is(expect), "{error}");
    };
    sends(types::InputFile::new(2, 1, "x", "0".repeat(32)), "MD5_CHECKSUM_INVALID").await;
    sends(types::InputFile::new(2, 2, "x", ""), "FILE_PART_1_MISSING").await;

    let uploaded = alice.upload(UploadSource::bytes("x.bin", noise(2 * MIB))).await.unwrap();
    let (document, _) = send(&alice, &bob, uploaded).await;
    let asks = async |offset: i64, limit: i32, expect: &str| {
        let types::Document { id, access_hash, file_reference, .. } = document.clone();
        let location = types::InputDocumentFileLocation::new(id, access_hash, file_reference, "");
        let error = bob.call(upload::GetFile::new(location, offset, limit)).dc(1).await.unwrap_err();
        assert!(error.is(expect), "{error}");
    };
    asks(1, 4096, "OFFSET_INVALID").await;
    asks(0, 4097, "LIMIT_INVALID").await;
    asks(0, 3 * 4096, "LIMIT_INVALID").await;
    asks((1 << 20) - 4096, 8192, "LIMIT_INVALID").await;
}

#[tokio::test]
async fn a_message_tells_how_far_it_is() {
    let (_telegram, alice, bob) = alice_and_bob().await;
    let uploaded = alice.upload(UploadSource::bytes("noise.bin", noise(2 << 20))).await.unwrap();
    let (document, _) = send(&alice, &bob, uploaded).await;
    let status = bob.send("me", "0 %").await.unwrap();
    bob.download(&document).to_memory(3 * MIB).edit(&status).await.unwrap();
    // The edits are not waited for.
    for _ in 0..100 {
        let now = status.reload().await.unwrap().unwrap();
        if now.text() == "100 % of 2.0 MiB" {
            return;
        }
    }
    panic!("{}", status.reload().await.unwrap().unwrap().text());
}
