//! Many updates at once: the bound, the order, what is stuck, what is killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quadruplex::UploadSource;
use quadruplex::net::Environment;
use quadruplex::prelude::*;
use quadruplex::store::Memory;
use quadruplex_sandbox::{NewBot, Sandbox};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::support::{World, world};
use crate::common::builder;

/// How many handlers run, and how many have run at once at most.
#[derive(Default)]
struct Overlap {
    now: AtomicUsize,
    most: AtomicUsize,
}

#[tokio::test(start_paused = true)]
async fn as_many_run_at_once_as_were_allowed() {
    async fn slow(msg: Text, State(overlap): State<Arc<Overlap>>) -> String {
        let now = overlap.now.fetch_add(1, Ordering::SeqCst) + 1;
        overlap.most.fetch_max(now, Ordering::SeqCst);
        sleep(SECOND).await;
        overlap.now.fetch_sub(1, Ordering::SeqCst);
        msg.text().to_owned()
    }
    let world = world().await;
    let mut alice = world.person("alice").await;
    let overlap = Arc::new(Overlap::default());
    let router = Router::new().on_message(slow).state(Arc::clone(&overlap));
    let _bot = App::new(router).client(world.bot().await).at_once(3).start().await.unwrap();
    let mut groups = Vec::new();
    for at in 0..7 {
        groups.push(alice.client.create_group(format!("Group {at}"), ["@our_bot"]).await.unwrap());
    }
    for round in 0..2 {
        for group in &groups {
            alice.client.send(group.clone(), format!("{round}")).await.unwrap();
        }
    }
    let texts = alice.replies(14).await;
    assert_eq!(overlap.most.load(Ordering::SeqCst), 3);
    assert_eq!(texts.iter().filter(|text| *text == "0").count(), 7);
}

#[tokio::test(start_paused = true)]
async fn each_chat_has_its_order() {
    async fn later_is_faster(msg: Text) -> String {
        let number: u32 = msg.text().parse().unwrap_or_default();
        sleep(SECOND / (number + 1)).await;
        msg.text().to_owned()
    }
    let world = world().await;
    let mut alice = world.person("alice").await;
    let _bot = world.run(Router::new().on_message(later_is_faster)).await;
    for number in 0..10 {
        alice.say(&number.to_string()).await;
    }
    assert_eq!(alice.replies(10).await, (0..10).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn what_never_returns_delays_its_own_chat_alone() {
    async fn perhaps(msg: Text) -> String {
        if msg.text() == "stuck" {
            std::future::pending::<()>().await;
        }
        msg.text().to_owned()
    }
    let world = world().await;
    let (alice, mut bobby) = (world.person("alice").await, world.person("bobby").await);
    let bot = App::new(Router::new().on_message(perhaps)).client(world.bot().await).drain_within(SECOND).start().await.unwrap();
    alice.say("stuck").await;
    bobby.say("hello").await;
    assert_eq!(bobby.reply().await.text(), "hello");
    bot.stop().await;
}

/// The first process sends one answer and is stopped in the middle; the second begins anew.
#[tokio::test(start_paused = true)]
async fn a_handler_that_is_cut_off_runs_again_and_replies_once() {
    /// Of the first process alone.
    type Sent = Option<Arc<Notify>>;
    async fn answer(msg: Text, update: Update, State(sent): State<Sent>) -> Result<String> {
        msg.respond("one").await?;
        if let Some(sent) = sent {
            sent.notify_one();
            std::future::pending::<()>().await;
        }
        Ok(format!("two, redelivered: {}", update.is_redelivered()))
    }
    let world = world().await;
    let mut alice = world.person("alice").await;
    let (store, sent) = (Memory::new(), Arc::new(Notify::new()));

    let client = builder(&world.telegram).connect(store.clone()).await.unwrap();
    client.sign_in_bot(&world.token).await.unwrap();
    let router = |sent: Sent| Router::new().on_message(answer).state(sent);
    let first = App::new(router(Some(Arc::clone(&sent)))).client(client.clone()).drain_within(Duration::ZERO).start().await.unwrap();
    alice.say("go").await;
    sent.notified().await;
    first.stop().await;
    client.close().await;
    drop(client);

    let client = builder(&world.telegram).connect(store).await.unwrap();
    let _second = App::new(router(None)).client(client).start().await.unwrap();
    assert_eq!(alice.replies(2).await, ["one", "two, redelivered: true"]);
    alice.say("again").await;
    assert_eq!(alice.replies(2).await, ["one", "two, redelivered: false"], "and there was no other");
}

#[tokio::test(start_paused = true)]
async fn an_album_is_one_update() {
    async fn together(album: Album, update: Update) -> Result<String> {
        // The first attempt fails, and all of it comes again.
        if update.attempts() == 0 {
            return Err("not yet".into());
        }
        Ok(format!("{} at once{}", album.messages().len(), album.text()))
    }
    let world = world().await;
    let mut alice = world.person("alice").await;
    let router = Router::new().on_album(together).on_message(async || "alone");
    let _bot = world.run(router).await;
    let file = |name: &str| UploadSource::bytes(name, b"contents".as_slice());
    alice.client.send_album("@our_bot", [file("a.txt"), file("b.txt"), file("c.txt")]).await.unwrap();
    alice.say("hi").await;
    assert_eq!(alice.replies(2).await, ["3 at once", "alone"]);
    alice.client.send_album("@our_bot", [file("a.txt"), file("b.txt")]).await.unwrap();
    assert_eq!(alice.replies(1).await, ["2 at once"], "closed by the time");
}

#[tokio::test(start_paused = true)]
async fn the_backlog_is_what_the_program_wants_of_it() {
    let start = tokio::time::Instant::now();
    let environment = Environment::system().with_wall_clock(move || Duration::from_secs(1_700_000_000) + start.elapsed());
    for (backlog, expect) in
        [(Backlog::All, ["old", "late", "new"].as_slice()), (Backlog::Since(MINUTE), &["late", "new"]), (Backlog::Skip, &["new"])]
    {
        let telegram = Sandbox::builder().environment(environment.clone()).start().await.unwrap();
        let new = NewBot { name: "Bot".into(), username: "our_bot".into(), privacy: false, ..NewBot::default() };
        let (_, token) = telegram.create_bot(new).unwrap();
        let world = World { telegram, token };
        let mut alice = world.person("alice").await;
        let connect = || builder(&world.telegram).environment(environment.clone());
        let store = Memory::new();
        let client = connect().connect(store.clone()).await.unwrap();
        client.sign_in_bot(&world.token).await.unwrap();
        // Once, so that it knows where it stands.
        let first = App::new(Router::new()).client(client.clone()).start().await.unwrap();
        sleep(SECOND).await;
        first.stop().await;
        client.close().await;
        drop(client);
        for text in ["old", "late"] {
            alice.say(text).await;
            sleep(45 * SECOND).await;
        }
        let client = connect().connect(store).await.unwrap();
        let router = Router::new().on_message(async |msg: Text| msg.text().to_owned());
        let _bot = App::new(router).client(client).backlog(backlog).start().await.unwrap();
        alice.say("new").await;
        assert_eq!(alice.replies(expect.len()).await, expect, "{backlog:?}");
    }
}
