use quadruplex::api::{PeerRef, enums, types};
use quadruplex::{Attachment, Client, Error, FormattedText, MIB, Message, Role, UploadSource};
use quadruplex_sandbox::world::ErrorRule;
use quadruplex_sandbox::{LinkScript, RpcError, Sandbox};

use crate::common::{person, signed_in};

/// Alice and Bob, who can write to each other.
async fn alice_and_bob() -> (Sandbox, Client, Client) {
    let telegram = Sandbox::start().await.unwrap();
    telegram.create_user(person("Alice", "15550001")).unwrap();
    telegram.create_user(person("Bobby", "15550002")).unwrap();
    let (alice, bob) = (signed_in(&telegram, "15550001").await, signed_in(&telegram, "15550002").await);
    (telegram, alice, bob)
}

fn fail_next(telegram: &Sandbox, method: &str, code: i32, name: &str) {
    let error = RpcError { code, name: name.to_owned().into() };
    let rule = ErrorRule { method: method.into(), peer: None, account: None, skip: 0, times: 1, error };
    telegram.world().faults_mut().errors = vec![rule];
}

async fn texts(messages: quadruplex::History) -> Vec<String> {
    messages.collect().await.unwrap().iter().map(|message| message.text().to_owned()).collect()
}

/// The smallest file that the sandbox takes for a picture.
fn picture(mark: u8) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x40\0\0\0\x30".to_vec();
    png.extend([mark; 100]);
    png
}

#[tokio::test]
async fn what_is_sent_comes_back_as_a_message() {
    let (_telegram, alice, bob) = alice_and_bob().await;
    let bold = FormattedText::from("hello, Bob").with(types::MessageEntityBold::new(0, 5));
    let sent = alice.send("@bobby", bold.clone()).silent().await.unwrap();
    assert_eq!((sent.text(), sent.is_outgoing()), ("hello, Bob", true));
    assert_eq!(sent.formatted(), bold);

    let history = bob.history("@alice").collect().await.unwrap();
    let [received] = &history[..] else { panic!("{history:?}") };
    assert_eq!((received.text(), received.is_outgoing()), ("hello, Bob", false));
    assert_eq!(received.formatted(), bold);
    assert_eq!(received.sender(), Some(received.chat()));
    assert_eq!(received.date(), sent.date());

    let answer = received.reply("hello, Alice").await.unwrap();
    assert_eq!(answer.reply_to(), Some(received.id()));
    let back = alice.message(&sent, answer.reply_to().unwrap()).await.unwrap().unwrap();
    assert_eq!(back.text(), "hello, Bob");

    let noted = alice.send("me", "a note").await.unwrap();
    assert_eq!(noted.chat(), PeerRef::Me);
    assert_eq!(texts(alice.history("me")).await, ["a note"]);
    let plain = bob.send(&answer, "into the same chat").await.unwrap();
    assert_eq!(plain.chat(), answer.chat());
}

#[tokio::test]
async fn messages_are_edited_pinned_read_forwarded_and_deleted() {
    let (_telegram, alice, bob) = alice_and_bob().await;
    let sent = alice.send("@bobby", "helo").await.unwrap();
    let edited = sent.edit("hello").await.unwrap();
    assert_eq!((edited.id(), edited.text()), (sent.id(), "hello"));
    assert!(edited.edited().is_some() && sent.edited().is_none());
    let error = sent.edit("hello").await.unwrap_err();
    assert!(error.is("MESSAGE_NOT_MODIFIED"), "{error}");

    sent.pin().silent().await.unwrap();
    assert!(sent.reload().await.unwrap().unwrap().is_pinned());
    sent.unpin().await.unwrap();
    assert!(!sent.reload().await.unwrap().unwrap().is_pinned());

    let unread = async || bob.dialogs().collect().await.unwrap()[0].unread();
    assert_eq!(unread().await, 2, "the message, and that it was pinned");
    bob.read("@alice").await.unwrap();
    assert_eq!(unread().await, 0);

    let forwarded = sent.forward_to("me").await.unwrap();
    assert_eq!(forwarded.text(), "hello");
    let is_forwarded = |message: &Message| matches!(message.raw(), enums::Message::Message(message) if message.fwd_from.is_some());
    assert!(is_forwarded(&forwarded));
    assert!(!is_forwarded(&sent.copy_to("me").await.unwrap()));
    let second = alice.send("@bobby", "second").await.unwrap();
    let both = alice.forward("me", "@bobby", [second.id(), sent.id()]).await.unwrap();
    assert_eq!(both.iter().map(Message::text).collect::<Vec<_>>(), ["second", "hello"]);

    sent.delete().await.unwrap();
    assert!(sent.reload().await.unwrap().is_none());
    assert_eq!(texts(bob.history("@alice")).await, ["second", ""], "that it was pinned is told still");
}

#[tokio::test]
async fn a_message_that_telegram_has_already_is_found() {
    let (telegram, alice, _bob) = alice_and_bob().await;
    let first = alice.send("@bobby", "once").await.unwrap();
    alice.send("@bobby", "other").await.unwrap();
    fail_next(&telegram, "messages.sendMessage", 500, "RANDOM_ID_DUPLICATE");
    let again = alice.send("@bobby", "once").await.unwrap();
    assert_eq!(again.id(), first.id());
    fail_next(&telegram, "messages.sendMessage", 500, "RANDOM_ID_DUPLICATE");
    let error = alice.send("@bobby", "never").await.unwrap_err();
    assert!(error.is("RANDOM_ID_DUPLICATE"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn every_message_is_sent_once_over_a_bad_link() {
    let (telegram, alice, bob) = alice_and_bob().await;
    telegram.set_link(LinkScript { drop: 50, duplicate: 50, cut: 50, split: true, ..LinkScript::default() });
    for n in 0..60 {
        let sent = alice.send("@bobby", format!("line {n}")).await.unwrap();
        assert_eq!(sent.text(), format!("line {n}"));
    }
    telegram.set_link(LinkScript::default());
    let mut received = texts(bob.history("@alice")).await;
    received.reverse();
    assert_eq!(received, (0..60).map(|n| format!("line {n}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_long_history_comes_page_by_page() {
    let (_telegram, alice, bob) = alice_and_bob().await;
    let lines = (0..250).map(|n| alice.send("@bobby", format!("line {n}")).into_future());
    awaitkit::try_join_all(lines, awaitkit::limit!(50)).await.unwrap();
    let all = bob.history("@alice").collect().await.unwrap();
    assert_eq!(all.len(), 250);
    assert!(all.is_sorted_by_key(|message| -message.id()));

    let calls = || bob.traffic().calls;
    let before = calls();
    assert_eq!(bob.history("@alice").limit(40).collect().await.unwrap().len(), 40);
    assert_eq!(calls() - before, 1, "no page is fetched that nobody reads");
    assert_eq!(bob.history("@alice").limit(130).collect().await.unwrap().len(), 130);
    assert_eq!(calls() - before, 3);

    let (newer, older) = (&all[10], &all[20]);
    let between: Vec<i32> = bob.history("@alice").before(newer).after(older).collect().await.unwrap().iter().map(Message::id).collect();
    assert_eq!(between, all[11..20].iter().map(Message::id).collect::<Vec<_>>());

    let seen = std::cell::RefCell::new(Vec::new());
    let result = bob.history("@alice").limit(120).try_for_each(4, async |message| {
        seen.borrow_mut().push(message.id());
        if seen.borrow().len() == 110 { Err(Error::Invalid("enough".to_owned())) } else { Ok(()) }
    });
    assert_eq!(result.await.unwrap_err().to_string(), "enough");
    assert!(seen.borrow().len() < 120);
}

#[tokio::test]
async fn a_loop_over_messages_runs_in_a_task_of_its_own() {
    let (_telegram, alice, bob) = alice_and_bob().await;
    alice.send_file("@bobby", UploadSource::bytes("x.txt", "content")).await.unwrap();
    let task = tokio::spawn(async move {
        let fetched = std::sync::Mutex::new(Vec::new());
        let each = async |message: Message| {
            let bytes = message.download().to_memory(MIB).await?;
            fetched.lock().unwrap().push(bytes);
            Ok::<_, Error>(())
        };
        bob.history("@alice").with_media().try_for_each(4, each).await?;
        Ok::<_, Error>(fetched.into_inner().unwrap())
    });
    assert_eq!(task.await.unwrap().unwrap(), [b"content"]);
}

#[tokio::test]
async fn what_is_searched_for_is_found_by_the_server() {
    let (_telegram, alice, bob) = alice_and_bob().await;
    for text in ["a red house", "a blue house", "a red car"] {
        alice.send("@bobby", text).await.unwrap();
    }
    bob.send("@alice", "red too").await.unwrap();
    let found = async |search: quadruplex::Search| -> Vec<String> {
        search.collect().await.unwrap().iter().map(|message| message.text().to_owned()).collect()
    };
    assert_eq!(found(bob.search("@alice", "red")).await, ["red too", "a red car", "a red house"]);
    assert_eq!(found(bob.search("@alice", "red").from("@alice")).await, ["a red car", "a red house"]);
    assert_eq!(found(bob.search("@alice", "red").limit(1)).await, ["red too"]);
    let photos = bob.search("@alice", "").filter(enums::MessagesFilter::InputMessagesFilterPhotos);
    assert!(photos.collect().await.unwrap().is_empty());
}

#[tokio::test]
async fn files_photos_and_albums_are_sent_and_fetched() {
    let (telegram, alice, bob) = alice_and_bob().await;
    let sent = alice.send_file("@bobby", UploadSource::bytes("notes.txt", "hello")).caption("my notes").silent().await.unwrap();
    assert_eq!(sent.text(), "my notes");
    assert_eq!(sent.file().map(|file| (file.name().to_owned(), file.size())), Some(("notes.txt".to_owned(), Some(5))));

    let photo = alice.send_photo("@bobby", UploadSource::bytes("sea.png", picture(1))).caption("the sea").await.unwrap();
    assert!(matches!(photo.media(), Some(enums::MessageMedia::Photo(_))));

    let mut reported = Vec::new();
    let files = [1, 2, 3].map(|n| Attachment::from(UploadSource::bytes(format!("{n}.png"), picture(n))).caption(format!("number {n}")));
    let album = alice.send_album("@bobby", files).progress(|progress| reported.push(progress)).await.unwrap();
    assert_eq!(album.iter().map(Message::text).collect::<Vec<_>>(), ["number 1", "number 2", "number 3"]);
    assert!(album[0].album().is_some() && album.iter().all(|message| message.album() == album[0].album()));
    assert_eq!(reported.last().unwrap().fraction(), Some(1.0));
    assert_eq!(reported.len(), 3);

    alice.send("@bobby", "no file").await.unwrap();
    let now = telegram.now();
    let media = bob.history("@alice").with_media().collect().await.unwrap();
    telegram.world().expire_file_references(now);
    let mut contents = Vec::new();
    for message in &media {
        contents.push(message.download().to_memory(MIB).await.unwrap());
    }
    assert_eq!(contents, [picture(3), picture(2), picture(1), picture(1), b"hello".to_vec()]);
    let error = bob.send("@alice", "x").await.unwrap().download().to_memory(MIB).await.unwrap_err();
    assert!(error.to_string().contains("has no file"), "{error}");

    let uploaded = alice.upload(UploadSource::bytes("twice.txt", "twice")).await.unwrap();
    alice.send_file("@bobby", uploaded.clone()).await.unwrap();
    alice.send_file("me", uploaded).await.unwrap();
    let die = alice.send_media("me", types::InputMediaDice::new("🎲"), "").await.unwrap();
    assert!(matches!(die.media(), Some(enums::MessageMedia::Dice(_))));
}

#[tokio::test]
async fn many_media_are_merged_in_order() {
    let (_telegram, alice, bob) = alice_and_bob().await;
    let uploaded = alice.upload(UploadSource::bytes("x.txt", "x")).await.unwrap();
    let seen = alice.upload(UploadSource::bytes("x.png", picture(0))).await.unwrap();
    let mut expect = Vec::new();
    for n in 0..60 {
        let file = if n % 3 == 0 { Attachment::from(seen.clone()).photo() } else { uploaded.clone().into() };
        expect.push(alice.send_file("@bobby", file).await.unwrap().id());
        alice.send("@bobby", "between").await.unwrap();
    }
    expect.reverse();
    let got: Vec<i32> = alice.history("@bobby").with_media().collect().await.unwrap().iter().map(Message::id).collect();
    assert_eq!(got, expect);
    let got: Vec<i32> = alice.history("@bobby").with_media().limit(7).collect().await.unwrap().iter().map(Message::id).collect();
    assert_eq!(got, expect[..7]);
    assert_eq!(bob.history("@alice").with_media().collect().await.unwrap().len(), 60);
}

#[tokio::test]
async fn chats_are_made_joined_listed_and_left() {
    let (telegram, alice, bob) = alice_and_bob().await;
    telegram.create_user(person("Carol", "15550003")).unwrap();
    let carol = signed_in(&telegram, "15550003").await;

    let group = alice.create_group("Cinema", ["@bobby"]).await.unwrap();
    alice.invite(group.clone(), "@carol").await.unwrap();
    let people = alice.participants(group.clone()).collect().await.unwrap();
    let mut named: Vec<_> = people.iter().map(|one| (one.name.as_str(), one.role)).collect();
    named.sort_by_key(|(name, _)| *name);
    assert_eq!(named, [("Alice", Role::Creator), ("Bobby", Role::Member), ("Carol", Role::Member)]);
    let tonight = alice.send(group.clone(), "tonight?").await.unwrap();
    assert_eq!(tonight.chat(), group);
    carol.leave(group.clone()).await.unwrap();
    assert_eq!(alice.participants(group.clone()).collect().await.unwrap().len(), 2);

    let super_group = alice.create_supergroup("Films", "what we see").await.unwrap();
    let link = alice.invite_link(super_group.clone()).await.unwrap();
    let joined = bob.join(&link).await.unwrap();
    assert_eq!(joined, super_group);
    alice.invite(super_group.clone(), "@carol").await.unwrap();
    let everybody = alice.participants(super_group.clone()).collect().await.unwrap();
    assert_eq!(everybody.len(), 3);
    let admins = alice.participants(super_group.clone()).admins().collect().await.unwrap();
    assert_eq!(admins.iter().map(|one| (one.name.as_str(), one.role)).collect::<Vec<_>>(), [("Alice", Role::Creator)]);

    let said = bob.send(joined.clone(), "hello, everybody").await.unwrap();
    let listed = carol.dialogs().collect().await.unwrap();
    assert!(listed.iter().any(|dialog| dialog.chat() == super_group), "Carol meets the group in her list");
    let heard = carol.history(super_group.clone()).limit(1).collect().await.unwrap();
    assert_eq!((heard[0].text(), heard[0].id()), ("hello, everybody", said.id()));
    alice.pin(super_group.clone(), said.id()).silent().await.unwrap();
    assert!(said.reload().await.unwrap().unwrap().is_pinned());
    carol.read(super_group.clone()).await.unwrap();
    said.edit("hello").await.unwrap();
    said.delete().await.unwrap();
    assert!(alice.message(super_group.clone(), said.id()).await.unwrap().is_none());

    let channel = alice.create_channel("Weather", "every morning").await.unwrap();
    let post = alice.send(channel.clone(), "sunny").await.unwrap();
    assert_eq!((post.chat(), post.text()), (channel, "sunny"));

    let dialogs = alice.dialogs().collect().await.unwrap();
    let names: Vec<_> = dialogs.iter().map(|dialog| dialog.name()).collect();
    for name in ["Weather", "Films", "Cinema"] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    assert_eq!(dialogs.iter().find(|dialog| dialog.name() == "Weather").unwrap().last_message().unwrap().text(), "sunny");
    bob.leave(super_group.clone()).await.unwrap();
    assert_eq!(alice.participants(super_group).collect().await.unwrap().len(), 2);
}

#[tokio::test]
async fn many_dialogs_come_page_by_page() {
    let (_telegram, alice, _bob) = alice_and_bob().await;
    for n in 0..230 {
        alice.create_channel(format!("Channel {n}"), "").await.unwrap();
    }
    let dialogs = alice.dialogs().collect().await.unwrap();
    let names: std::collections::BTreeSet<_> = dialogs.iter().map(|dialog| dialog.name().to_owned()).collect();
    assert_eq!((dialogs.len(), names.len()), (230, 230));
    assert_eq!(alice.dialogs().limit(105).collect().await.unwrap().len(), 105);
}
