//! Photos, albums and other media.

use quadruplex_tl_schema::{Object, Value};

use super::fixture::{Fixture, Session, as_channel, input, peer_of, send};

/// The head of a PNG of 40 by 30.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x28\0\0\0\x1e\x08\x02\0\0\0";

fn upload(fixture: &mut Fixture, session: &Session, file_id: i64, bytes: &[u8]) -> Object {
    let part = Object::new("upload.saveFilePart").with("file_id", file_id).with("file_part", 0).with("bytes", bytes);
    fixture.call(session, part).unwrap();
    Object::new("inputFile").with("id", file_id).with("parts", 1).with("name", "a.png").with("md5_checksum", "")
}

fn send_media(peer: &Object, media: Object, random_id: i64) -> Object {
    Object::new("messages.sendMedia").with("peer", peer.clone()).with("media", media).with("message", "").with("random_id", random_id)
}

fn media(answer: &Object) -> Object {
    answer.objects("updates").find_map(|update| update.object("message")).unwrap().object("media").unwrap().clone()
}

/// An `InputPhoto` or `InputDocument` of a `Photo` or `Document`.
fn by_id(name: &'static str, file: &Object) -> Object {
    ["id", "access_hash", "file_reference"]
        .into_iter()
        .fold(Object::new(name), |object, field| object.with(field, file.get(field).unwrap().clone()))
}

#[test]
fn a_photo_is_sent_read_and_sent_again() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let me = Object::new("inputPeerSelf");
    let file = upload(&mut fixture, &alice, 1, b"no picture");
    fixture.refused(&alice, send_media(&me, Object::new("inputMediaUploadedPhoto").with("file", file), 1), "400 IMAGE_PROCESS_FAILED");
    let file = upload(&mut fixture, &alice, 2, PNG);
    let sent = fixture.ok(&alice, send_media(&me, Object::new("inputMediaUploadedPhoto").with("file", file), 1));
    let photo = media(&sent).object("photo").unwrap().clone();
    let sizes: Vec<(i32, i32)> = photo.objects("sizes").map(|size| (size.int("w").unwrap(), size.int("h").unwrap())).collect();
    assert_eq!(sizes, [(40, 30), (40, 30)]);

    let location = |thumb: &str| by_id("inputPhotoFileLocation", &photo).with("thumb_size", thumb);
    let read = |thumb: &str| Object::new("upload.getFile").with("location", location(thumb)).with("offset", 0i64).with("limit", 4096);
    assert_eq!(fixture.ok(&alice, read("x")).bytes("bytes"), Some(PNG));
    fixture.refused(&alice, read("z"), "400 LOCATION_INVALID");

    let again = Object::new("inputMediaPhoto").with("id", by_id("inputPhoto", &photo));
    let sent = fixture.ok(&alice, send_media(&me, again.clone(), 2));
    assert_eq!(media(&sent).object("photo").unwrap().long("id"), photo.long("id"));
    fixture.world.expire_file_references(fixture.now);
    fixture.refused(&alice, send_media(&me, again, 3), "400 FILE_REFERENCE_EXPIRED");
    // Reading the message again brings a fresh reference.
    let found = fixture.ok(&alice, Object::new("messages.getMessages").with("id", vec![Object::new("inputMessageID").with("id", 1)]));
    let fresh = found.objects("messages").next().unwrap().object("media").unwrap().object("photo").unwrap().clone();
    assert_ne!(fresh.bytes("file_reference"), photo.bytes("file_reference"));
    fixture.ok(&alice, send_media(&me, Object::new("inputMediaPhoto").with("id", by_id("inputPhoto", &fresh)), 3));
}

#[test]
fn an_album_is_several_messages() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let to_bob = peer_of(&mut fixture, &alice, "bobby_name");
    let mut items = Vec::new();
    for file_id in 1..=3 {
        let file = upload(&mut fixture, &alice, file_id, PNG);
        let uploaded = Object::new("inputMediaUploadedPhoto").with("file", file);
        let stored = fixture.ok(&alice, Object::new("messages.uploadMedia").with("peer", to_bob.clone()).with("media", uploaded));
        let media = Object::new("inputMediaPhoto").with("id", by_id("inputPhoto", stored.object("photo").unwrap()));
        items.push(Object::new("inputSingleMedia").with("media", media).with("random_id", file_id).with("message", format!("{file_id}")));
    }
    let album = |items: Vec<Object>| Object::new("messages.sendMultiMedia").with("peer", to_bob.clone()).with("multi_media", items);
    fixture.pushes();
    let sent = fixture.ok(&alice, album(items.clone()));
    let groups: Vec<i64> = sent.objects("updates").filter_map(|update| update.object("message")?.long("grouped_id")).collect();
    assert_eq!(groups.len(), 3);
    assert!(groups.iter().all(|group| *group == groups[0] && *group != 0));
    assert_eq!(fixture.live(&bob).remove(0).objects("updates").count(), 3, "an album arrives as one");

    let repeated = fixture.ok(&alice, album(items.clone()));
    assert_eq!(repeated.objects("updates").filter(|update| update.is("updateMessageID")).count(), 3);
    fixture.world.expire_file_references(fixture.now);
    let late: Vec<Object> = items.iter().map(|item| item.clone().with("random_id", item.long("random_id").unwrap() + 10)).collect();
    fixture.refused(&alice, album(late), "400 FILE_REFERENCE_0_EXPIRED");
    fixture.refused(&alice, album(vec![]), "400 MEDIA_EMPTY");
    let many = (0..11).map(|at| items[0].clone().with("random_id", 100 + at)).collect();
    fixture.refused(&alice, album(many), "400 MULTI_MEDIA_TOO_LONG");
    let file = upload(&mut fixture, &alice, 9, PNG);
    let raw = items[0].clone().with("random_id", 99).with("media", Object::new("inputMediaUploadedPhoto").with("file", file));
    fixture.refused(&alice, album(vec![raw]), "400 MEDIA_INVALID");
}

#[test]
fn media_without_a_file() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let me = Object::new("inputPeerSelf");
    let contact =
        Object::new("inputMediaContact").with("phone_number", "1").with("first_name", "A").with("last_name", "").with("vcard", "");
    let point = Object::new("inputGeoPoint").with("lat", 1.5).with("long", 2.5);
    let venue = Object::new("inputMediaVenue").with("geo_point", point.clone()).with("title", "t").with("address", "a");
    let venue = ["provider", "venue_id", "venue_type"].into_iter().fold(venue, |venue, field| venue.with(field, ""));
    let cases = [
        (contact, "messageMediaContact"),
        (Object::new("inputMediaGeoPoint").with("geo_point", point), "messageMediaGeo"),
        (venue, "messageMediaVenue"),
        (Object::new("inputMediaDice").with("emoticon", "🎲"), "messageMediaDice"),
    ];
    for (at, (input, expected)) in cases.into_iter().enumerate() {
        let sent = fixture.ok(&alice, send_media(&me, input, at as i64 + 1));
        assert!(media(&sent).is(expected), "{expected}");
    }
    fixture.refused(&alice, send_media(&me, Object::new("inputMediaEmpty"), 9), "400 MEDIA_INVALID");
}

#[test]
fn a_file_stays_in_the_dc_of_its_owner() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let new = quadruplex_sandbox::world::NewUser {
        first_name: "Bob".to_owned(),
        username: Some("bob_far".to_owned()),
        dc: Some(2),
        ..Default::default()
    };
    let bob = fixture.world.create_user(new, fixture.now).unwrap();
    let bob = fixture.again(bob);
    let to_bob = peer_of(&mut fixture, &alice, "bob_far");
    let file = upload(&mut fixture, &alice, 1, b"far away");
    let uploaded = Object::new("inputMediaUploadedDocument")
        .with("file", file)
        .with("mime_type", "text/plain")
        .with("attributes", Value::Vector(vec![]));
    fixture.pushes();
    fixture.ok(&alice, send_media(&to_bob, uploaded, 1));
    let live = fixture.live(&bob).remove(0);
    let document = media(&live).object("document").unwrap().clone();
    assert_eq!(document.int("dc_id"), Some(1));
    let location = by_id("inputDocumentFileLocation", &document).with("thumb_size", "");
    let read = Object::new("upload.getFile").with("location", location).with("offset", 0i64).with("limit", 4096);
    fixture.refused(&bob, read.clone(), "303 FILE_MIGRATE_1");
    let exported = fixture.ok(&bob, Object::new("auth.exportAuthorization").with("dc_id", 1));
    let there = fixture.session(1);
    let import =
        Object::new("auth.importAuthorization").with("id", exported.long("id").unwrap()).with("bytes", exported.bytes("bytes").unwrap());
    fixture.refused(&there, read.clone(), "401 AUTH_KEY_UNREGISTERED");
    fixture.ok(&there, import);
    assert_eq!(fixture.ok(&there, read).bytes("bytes"), Some(&b"far away"[..]));
}

#[test]
fn faces_of_people_and_groups() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let file = upload(&mut fixture, &alice, 1, PNG);
    let answer = fixture.ok(&alice, Object::new("photos.uploadProfilePhoto").with("file", file));
    let photo = answer.object("photo").unwrap().clone();
    let alice_for_bob = peer_of(&mut fixture, &bob, "alice_name");
    let user = as_user_photos(&mut fixture, &bob, &alice_for_bob);
    assert_eq!(user.objects("photos").next().unwrap().long("id"), photo.long("id"));
    let location = Object::new("inputPeerPhotoFileLocation")
        .with("big", true)
        .with("peer", alice_for_bob.clone())
        .with("photo_id", photo.long("id").unwrap());
    let read = Object::new("upload.getFile").with("location", location).with("offset", 0i64).with("limit", 4096);
    assert_eq!(fixture.ok(&bob, read).bytes("bytes"), Some(PNG));
    fixture.ok(&alice, Object::new("photos.updateProfilePhoto").with("id", Object::new("inputPhotoEmpty")));
    let deleted = Object::new("photos.deletePhotos").with("id", vec![by_id("inputPhoto", &photo)]);
    assert_eq!(fixture.call(&alice, deleted), Ok(Value::Vector(vec![Value::Long(photo.long("id").unwrap())])));

    let made = fixture.ok(&alice, Object::new("channels.createChannel").with("megagroup", true).with("title", "T").with("about", ""));
    let channel = input(made.objects("chats").next().unwrap());
    let face = Object::new("inputChatPhoto").with("id", by_id("inputPhoto", &photo));
    let answer = fixture.ok(&alice, Object::new("channels.editPhoto").with("channel", as_channel(&channel)).with("photo", face.clone()));
    assert!(answer.objects("chats").next().unwrap().object("photo").unwrap().is("chatPhoto"));
    let bob_for_alice = peer_of(&mut fixture, &alice, "bobby_name");
    let made = fixture
        .ok(&alice, Object::new("messages.createChat").with("users", vec![super::fixture::as_user(&bob_for_alice)]).with("title", "x"));
    let chat = made.object("updates").unwrap().objects("chats").next().unwrap().long("id").unwrap();
    fixture.ok(&alice, Object::new("messages.editChatPhoto").with("chat_id", chat).with("photo", face));
    fixture.ok(&alice, send(&channel, "done", 1));
}

fn as_user_photos(fixture: &mut Fixture, session: &Session, peer: &Object) -> Object {
    let request = Object::new("photos.getUserPhotos").with("user_id", super::fixture::as_user(peer)).with("offset", 0);
    fixture.ok(session, request.with("max_id", 0).with("limit", 10))
}
