//! Files up and down.

use quadruplex_sandbox::world::{Config, World};
use quadruplex_tl_schema::{Object, Value};

use super::fixture::{Fixture, Session, config};

const KIB: usize = 1024;

fn part(file_id: i64, part: i32, bytes: &[u8]) -> Object {
    Object::new("upload.saveFilePart").with("file_id", file_id).with("file_part", part).with("bytes", bytes)
}

fn big_part(file_id: i64, part: i32, total: i32, bytes: &[u8]) -> Object {
    let object = Object::new("upload.saveBigFilePart").with("file_id", file_id).with("file_part", part);
    object.with("file_total_parts", total).with("bytes", bytes)
}

fn small(file_id: i64, parts: i32, md5: &str) -> Object {
    Object::new("inputFile").with("id", file_id).with("parts", parts).with("name", "a.bin").with("md5_checksum", md5)
}

fn send_document(file: Object, random_id: i64) -> Object {
    let media = Object::new("inputMediaUploadedDocument")
        .with("file", file)
        .with("mime_type", "application/x")
        .with("attributes", Value::Vector(Vec::new()));
    let object = Object::new("messages.sendMedia").with("peer", Object::new("inputPeerSelf")).with("media", media);
    object.with("message", "a file").with("random_id", random_id)
}

/// The document that an answer brought.
fn document(answer: &Object) -> Object {
    let message = answer.objects("updates").find_map(|update| update.object("message")).unwrap();
    message.object("media").unwrap().object("document").unwrap().clone()
}

fn get_file(document: &Object, offset: i64, limit: i32) -> Object {
    let location = ["id", "access_hash", "file_reference"]
        .into_iter()
        .fold(Object::new("inputDocumentFileLocation").with("thumb_size", ""), |location, field| {
            location.with(field, document.get(field).unwrap().clone())
        });
    Object::new("upload.getFile").with("location", location).with("offset", offset).with("limit", limit)
}

/// Reads a whole document.
fn download(fixture: &mut Fixture, session: &Session, document: &Object, limit: usize) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let part = fixture.ok(session, get_file(document, all.len() as i64, limit as i32));
        let bytes = part.bytes("bytes").unwrap();
        all.extend_from_slice(bytes);
        if bytes.len() < limit {
            return all;
        }
    }
}

fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + at / 251) as u8).collect()
}

#[test]
fn a_file_comes_back_as_it_went() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    for (random_id, length, part_size) in [(1, 1, KIB), (2, 4096, 4096), (3, 70_000, 32 * KIB), (4, 3 << 20, 512 * KIB)] {
        let bytes = noise(length);
        let parts: Vec<&[u8]> = bytes.chunks(part_size).collect();
        for (at, bytes) in parts.iter().enumerate().rev() {
            assert_eq!(fixture.call(&alice, part(random_id, at as i32, bytes)), Ok(Value::Bool(true)));
        }
        let sent = fixture.ok(&alice, send_document(small(random_id, parts.len() as i32, ""), random_id));
        let document = document(&sent);
        assert_eq!(document.long("size"), Some(length as i64));
        assert_eq!(download(&mut fixture, &alice, &document, 64 * KIB), bytes);

        let big = 100 + random_id;
        for (at, bytes) in parts.iter().enumerate() {
            fixture.call(&alice, big_part(big, at as i32, parts.len() as i32, bytes)).unwrap();
        }
        let file = Object::new("inputFileBig").with("id", big).with("parts", parts.len() as i32).with("name", "b.bin");
        let sent = fixture.ok(&alice, send_document(file, big));
        assert_eq!(download(&mut fixture, &alice, &self::document(&sent), 1 << 20), bytes);
    }
}

#[test]
fn parts_follow_the_rules() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let kib = noise(KIB);
    fixture.refused(&alice, part(1, -1, &kib), "400 FILE_PART_INVALID");
    fixture.refused(&alice, part(1, 4000, &kib), "400 FILE_PART_INVALID");
    fixture.refused(&alice, part(1, 0, &[]), "400 FILE_PART_EMPTY");
    fixture.refused(&alice, part(1, 0, &noise(512 * KIB + 1)), "400 FILE_PART_TOO_BIG");
    fixture.refused(&alice, big_part(1, 0, 0, &kib), "400 FILE_PARTS_INVALID");
    fixture.refused(&alice, big_part(1, 0, 4001, &kib), "400 FILE_PARTS_INVALID");
    fixture.refused(&alice, big_part(1, 2, 2, &kib), "400 FILE_PART_INVALID");
    // 3 KiB do not divide 512 KiB, 1,000 bytes are no multiple of 1,024.
    fixture.refused(&alice, big_part(1, 0, 2, &noise(3 * KIB)), "400 FILE_PART_SIZE_INVALID");
    fixture.refused(&alice, big_part(1, 0, 2, &noise(1000)), "400 FILE_PART_SIZE_INVALID");

    fixture.call(&alice, part(2, 0, &noise(1000))).unwrap();
    fixture.refused(&alice, part(2, 1, &noise(1000)), "400 FILE_PART_SIZE_INVALID");
    fixture.call(&alice, part(3, 1, &kib)).unwrap();
    fixture.refused(&alice, part(3, 0, &noise(512)), "400 FILE_PART_SIZE_CHANGED");
    fixture.call(&alice, part(3, 0, &noise(2 * KIB))).unwrap();
    fixture.refused(&alice, part(3, 2, &noise(2 * KIB)), "400 FILE_PART_SIZE_CHANGED");

    fixture.call(&alice, part(4, 0, &kib)).unwrap();
    fixture.call(&alice, part(4, 2, &kib)).unwrap();
    fixture.refused(&alice, send_document(small(4, 3, ""), 1), "400 FILE_PART_1_MISSING");
    fixture.refused(&alice, send_document(small(4, 1, ""), 1), "400 FILE_PARTS_INVALID");
    fixture.refused(&alice, send_document(small(5, 1, ""), 1), "400 FILE_PARTS_INVALID");
    fixture.call(&alice, part(4, 1, &kib)).unwrap();
    fixture.refused(&alice, send_document(small(4, 3, "d41d8cd98f00b204e9800998ecf8427e"), 1), "400 MD5_CHECKSUM_INVALID");

    fixture.call(&alice, part(6, 0, b"abc")).unwrap();
    fixture.ok(&alice, send_document(small(6, 1, "900150983cd24fb0d6963f7d28e17f72"), 1));
    // The same upload may be sent again.
    fixture.ok(&alice, send_document(small(6, 1, "900150983cd24fb0d6963f7d28e17f72"), 2));
}

#[test]
fn reading_follows_the_rules() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let bytes = noise(10_000);
    for (at, bytes) in bytes.chunks(4 * KIB).enumerate() {
        fixture.call(&alice, part(1, at as i32, bytes)).unwrap();
    }
    let document = document(&fixture.ok(&alice, send_document(small(1, 3, ""), 1)));
    for (offset, limit, error) in [
        (0, 0, "400 LIMIT_INVALID"),
        (0, -4096, "400 LIMIT_INVALID"),
        (0, 1000, "400 LIMIT_INVALID"),
        (0, 12 << 10, "400 LIMIT_INVALID"),
        (0, 2 << 20, "400 LIMIT_INVALID"),
        (1024, 4096, "400 OFFSET_INVALID"),
        (-4096, 4096, "400 OFFSET_INVALID"),
        (1 << 19, 1 << 20, "400 LIMIT_INVALID"),
    ] {
        fixture.refused(&alice, get_file(&document, offset, limit), error);
    }
    let far = fixture.ok(&alice, get_file(&document, i64::MAX & !0xfff, 4096));
    assert_eq!(far.bytes("bytes"), Some(&[][..]), "behind the end of all files");
    let precise = fixture.ok(&alice, get_file(&document, 1024, 3 * 1024).with("precise", true));
    assert_eq!(precise.bytes("bytes"), Some(&bytes[1024..4096]));
    let end = fixture.ok(&alice, get_file(&document, 8192, 4096));
    assert_eq!(end.bytes("bytes"), Some(&bytes[8192..]));
    let behind = fixture.ok(&alice, get_file(&document, 16384, 4096));
    assert_eq!(behind.bytes("bytes"), Some(&[][..]));

    fixture.refused(&bob, get_file(&document.clone().with("access_hash", 1i64), 0, 4096), "400 FILE_ID_INVALID");
    fixture.refused(&bob, get_file(&document.clone().with("file_reference", vec![] as Vec<u8>), 0, 4096), "400 FILE_REFERENCE_EMPTY");
    fixture.refused(&bob, get_file(&document.clone().with("file_reference", vec![1u8; 16]), 0, 4096), "400 FILE_REFERENCE_INVALID");
    fixture.world.expire_file_references(fixture.now);
    fixture.refused(&alice, get_file(&document, 0, 4096), "400 FILE_REFERENCE_EXPIRED");
}

#[test]
fn parts_of_an_abandoned_upload_go_with_time() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    for number in 0..2 {
        fixture.call(&alice, part(number, 0, &noise(KIB))).unwrap();
    }
    fixture.now.ms += 5 * 3_600_000;
    // A part keeps its file.
    fixture.call(&alice, part(1, 1, &noise(KIB))).unwrap();
    fixture.now.ms += 2 * 3_600_000;
    fixture.call(&alice, part(2, 0, &noise(KIB))).unwrap();
    fixture.refused(&alice, send_document(small(0, 1, ""), 1), "400 FILE_PARTS_INVALID");
    fixture.ok(&alice, send_document(small(1, 2, ""), 2));
}

#[test]
fn the_oldest_of_too_many_parts_go() {
    let mut fixture = Fixture::with(Config { upload_bytes: 4 * KIB as i64, ..config() });
    let alice = fixture.user("alice");
    for number in 0..6 {
        fixture.now.ms += 60_000;
        fixture.call(&alice, part(number, 0, &noise(KIB))).unwrap();
    }
    // Above the limit when the sixth began.
    fixture.refused(&alice, send_document(small(0, 1, ""), 1), "400 FILE_PARTS_INVALID");
    for number in 1..6 {
        fixture.ok(&alice, send_document(small(number, 1, ""), 10 + number));
    }
}

/// `/dev/full` in the place of a part is a disk without room.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named_and_not_filled_further() {
    let place = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::of(World::open(&place.path().join("state"), config()).unwrap());
    let alice = fixture.user("alice");
    let first = place.path().join("state.files/1");
    std::fs::create_dir(&first).unwrap();
    std::os::unix::fs::symlink("/dev/full", first.join("0")).unwrap();
    let log = logged(|| fixture.refused(&alice, part(1, 0, &[7; KIB]), "500 RPC_CALL_FAIL"));
    assert!(log.contains("cannot be written") && log.contains("No space left"), "{log}");
    assert!(!first.exists(), "nothing is left of the attempt");
    fixture.call(&alice, part(1, 0, &[7; KIB])).unwrap();
}

/// What the model has logged as an error while it did something.
#[cfg(target_os = "linux")]
fn logged(what: impl FnOnce()) -> String {
    use std::fmt::Debug;
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<String>>);

    impl Visit for Log {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            *self.0.lock().unwrap() += &format!("{field}={value:?} ");
        }
    }

    impl Subscriber for Log {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            *metadata.level() == Level::ERROR
        }

        fn event(&self, event: &Event<'_>) {
            event.record(&mut self.clone());
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), what);
    log.0.lock().unwrap().clone()
}
