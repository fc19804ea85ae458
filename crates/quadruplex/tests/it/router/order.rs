//! The order of updates, the bound on handlers, what waits, and how often it is tried: the knobs of an application.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use quadruplex::api::PeerRef;
use quadruplex::prelude::*;
use quadruplex::testing::server::NewUser;
use quadruplex::testing::server::world::Peer;
use quadruplex::testing::{Bot, Sandbox};
use tokio::time::{Instant, sleep};

/// Which messages handlers have begun with, how many handlers run, and how many have run at once at most.
#[derive(Default)]
struct Diary {
    begun: Mutex<Vec<(PeerRef, String)>>,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Diary {
    fn texts(&self) -> Vec<String> {
        self.begun.lock().unwrap().iter().map(|(_, text)| text.clone()).collect()
    }

    fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

async fn slow(message: Text, sender: Sender, State(diary): State<Arc<Diary>>) {
    diary.begun.lock().unwrap().push((sender.peer(), message.text().to_owned()));
    let now = diary.now.fetch_add(1, Ordering::SeqCst) + 1;
    diary.most.fetch_max(now, Ordering::SeqCst);
    sleep(SECOND).await;
    diary.now.fetch_sub(1, Ordering::SeqCst);
}

/// A bot that runs until the end of the test, and its id.
async fn start(telegram: &Sandbox, app: App) -> Result<(Bot, i64)> {
    let bot = telegram.app(app).await?;
    let id = telegram.server().world().find_user(bot.username()).ok_or("the bot has an account")?;
    Ok((bot, id))
}

fn slow_router() -> (Router, Arc<Diary>) {
    let diary = Arc::new(Diary::default());
    (Router::new().on_message(slow).state(Arc::clone(&diary)), diary)
}

fn people(telegram: &Sandbox, count: usize) -> Result<Vec<i64>> {
    let person = |number| NewUser { first_name: format!("Person {number}"), ..NewUser::default() };
    Ok((0..count).map(|number| telegram.server().create_user(person(number))).collect::<std::io::Result<_>>()?)
}

fn say(telegram: &Sandbox, person: i64, place: Peer, text: impl Into<String>) {
    let now = telegram.server().now();
    telegram.server().world().say(person, place, &text.into(), now).expect("a bot can be written to");
    telegram.server().deliver();
}

#[quadruplex::test]
async fn more_than_256_handlers_run_at_once_if_wanted(telegram: Sandbox) -> Result {
    for (bound, expect) in [(300, 300), (1000, 400)] {
        let (router, diary) = slow_router();
        let (_running, bot) = start(&telegram, App::new(router).at_once(bound)).await?;
        for person in people(&telegram, 400)? {
            say(&telegram, person, Peer::User(bot), "hello");
        }
        telegram.advance(MINUTE).await;
        assert_eq!((diary.most(), diary.texts().len()), (expect, 400), "{bound}");
    }
    Ok(())
}

/// Two people write twice each to the bot and in a group, in turn.
async fn overlap(telegram: &Sandbox, order: Order) -> Result<(usize, Vec<String>)> {
    let (router, diary) = slow_router();
    let (_running, bot) = start(telegram, App::new(router).order(order)).await?;
    let people = people(telegram, 2)?;
    let now = telegram.server().now();
    let group = telegram.server().world().create_group(people[0], "Group", &[people[1], bot], now).expect("a group can be made");
    telegram.server().deliver();
    telegram.advance(MINUTE).await;
    diary.begun.lock().unwrap().clear();
    for number in 0..2 {
        for (name, person) in ["a", "b"].iter().zip(&people) {
            say(telegram, *person, Peer::User(bot), format!("/{name} {number}"));
            say(telegram, *person, Peer::Chat(group), format!("/{name} {number} group"));
        }
    }
    telegram.advance(MINUTE).await;
    Ok((diary.most(), diary.texts()))
}

#[quadruplex::test]
async fn each_order_has_its_overlap(telegram: Sandbox) -> Result {
    for (order, expect) in [(Order::PerChat, 3), (Order::PerUser, 2), (Order::Global, 1), (Order::None, 8)] {
        let (most, texts) = overlap(&telegram, order).await?;
        assert_eq!((most, texts.len()), (expect, 8), "{order:?}: {texts:?}");
        let of = |what: fn(&str) -> bool| texts.iter().filter(|text| what(text)).map(String::as_str).collect::<Vec<_>>();
        match order {
            Order::PerChat => assert_eq!(of(|text| text.ends_with("group")), ["/a 0 group", "/b 0 group", "/a 1 group", "/b 1 group"]),
            Order::PerUser => assert_eq!(of(|text| text.starts_with("/a")), ["/a 0", "/a 0 group", "/a 1", "/a 1 group"]),
            Order::Global => {
                let all = ["/a 0", "/a 0 group", "/b 0", "/b 0 group", "/a 1", "/a 1 group", "/b 1", "/b 1 group"];
                assert_eq!(texts, all);
            }
            Order::None => {}
        }
    }
    Ok(())
}

#[quadruplex::test]
async fn a_slow_chat_delays_no_other(telegram: Sandbox) -> Result {
    async fn slow_for_some(msg: Text, State(began): State<Instant>, State(ended): State<Arc<Mutex<Vec<u64>>>>) {
        if msg.text() == "slow" {
            sleep(DAY).await;
        }
        ended.lock().unwrap().push(began.elapsed().as_secs());
    }
    let ended = Arc::<Mutex<Vec<u64>>>::default();
    let router = Router::new().on_message(slow_for_some).state(Instant::now()).state(Arc::clone(&ended));
    let (_running, bot) = start(&telegram, App::new(router)).await?;
    let people = people(&telegram, 100)?;
    for _ in 0..50 {
        say(&telegram, people[0], Peer::User(bot), "slow");
    }
    for person in &people[1..] {
        say(&telegram, *person, Peer::User(bot), "quick");
    }
    telegram.advance(MINUTE).await;
    assert_eq!(*ended.lock().unwrap(), [0; 99]);
    Ok(())
}

#[quadruplex::test]
async fn what_does_not_fit_is_left_with_telegram_and_comes_in_order(telegram: Sandbox) -> Result {
    let (router, diary) = slow_router();
    let (_running, bot) = start(&telegram, App::new(router).journal_limit(10).at_once(2)).await?;
    let people = people(&telegram, 4)?;
    for number in 0..40 {
        for person in &people {
            say(&telegram, *person, Peer::User(bot), number.to_string());
        }
    }
    telegram.advance(MINUTE).await;
    assert!(diary.texts().len() < 160, "two at a time take eighty seconds");
    telegram.advance(10 * MINUTE).await;
    let mut by_person: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (sender, text) in diary.begun.lock().unwrap().iter() {
        by_person.entry(sender.to_string()).or_default().push(text.clone());
    }
    assert_eq!((by_person.len(), diary.most()), (4, 2));
    for texts in by_person.values() {
        assert_eq!(*texts, (0..40).map(|number| number.to_string()).collect::<Vec<_>>());
    }
    Ok(())
}

#[quadruplex::test]
async fn an_update_is_tried_as_often_and_as_soon_as_wanted(telegram: Sandbox) -> Result {
    async fn fail(_: Text, State(began): State<Instant>, State(tries): State<Arc<Mutex<Vec<u64>>>>) -> Result {
        tries.lock().unwrap().push(began.elapsed().as_secs());
        Err("never".into())
    }
    let tries = Arc::<Mutex<Vec<u64>>>::default();
    let router = Router::new().on_message(fail).state(Instant::now()).state(Arc::clone(&tries));
    let app = App::new(router).attempts(5).backoff(10 * SECOND, 15 * SECOND);
    let (_running, bot) = start(&telegram, app).await?;
    let alice = people(&telegram, 1)?[0];
    say(&telegram, alice, Peer::User(bot), "hello");
    telegram.advance(HOUR).await;
    assert_eq!(*tries.lock().unwrap(), [0, 10, 25, 40, 55]);
    Ok(())
}
