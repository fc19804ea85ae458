//! Handlers that run at certain times, under virtual time.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use quadruplex::Event;
use quadruplex::prelude::*;
use quadruplex::store::{Commit, Row, Store};
use tokio::time::{Instant, sleep};

type Seen = Arc<Mutex<Vec<String>>>;

/// Notes the hour and the minute at which it was due.
async fn note(due: Scheduled, State(seen): State<Seen>) {
    let since = due.at().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() / 60;
    seen.lock().unwrap().push(format!("{:02}:{:02}", since / 60 % 24, since % 60));
}

fn all(seen: &Seen) -> Vec<String> {
    std::mem::take(&mut seen.lock().unwrap())
}

#[quadruplex::test]
async fn periods_and_the_calendar(telegram: Sandbox) -> Result {
    let (periods, days) = (Seen::default(), Seen::default());
    let router = Router::new()
        .merge(Router::new().on_schedule(5 * HOUR, {
            let seen = periods.clone();
            move |due: Scheduled| note(due, State(seen.clone()))
        }))
        .on_schedule(Schedule::utc("30 9 * * *"), note)
        .on_any(async |_: Update, State(seen): State<Seen>| seen.lock().unwrap().push("any".into()))
        .state(days.clone());
    let _bot = telegram.bot(router).await?;
    // It is eight o'clock.
    telegram.advance(DAY + 70 * MINUTE).await;
    assert_eq!(all(&periods), ["13:00", "18:00", "23:00", "04:00", "09:00"]);
    assert_eq!(all(&days), ["09:30"]);
    telegram.advance(DAY).await;
    assert_eq!(all(&days), ["09:30"]);
    Ok(())
}

/// Sends, and fails as often as it was told to.
async fn greet(client: Client, State(failures): State<Arc<AtomicU32>>) -> Result {
    client.send("@alice", "good morning").await?;
    match failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)) {
        Ok(_) => Err("after it had sent".into()),
        Err(_) => Ok(()),
    }
}

#[quadruplex::test]
async fn who_fails_runs_again_and_sends_once(telegram: Sandbox) -> Result {
    let alice = telegram.user("alice").await?;
    let failures = Arc::new(AtomicU32::new(2));
    let bot = telegram.bot(Router::new().on_schedule(HOUR, greet).state(failures.clone())).await?;
    let mut chat = alice.open(&bot).await?;
    chat.say("/start").await?;
    telegram.advance(HOUR).await;
    assert_eq!(chat.reply().await?.text(), "good morning");
    chat.silence().await?;
    assert_eq!(failures.load(Ordering::Relaxed), 0, "it was tried three times");
    telegram.advance(HOUR).await;
    assert_eq!(chat.reply().await?.text(), "good morning");
    Ok(())
}

#[quadruplex::test]
async fn a_handler_does_not_overlap_with_itself(telegram: Sandbox) -> Result {
    async fn slow(State(start): State<Instant>, State(seen): State<Seen>) {
        seen.lock().unwrap().push(start.elapsed().as_secs().to_string());
        sleep(150 * SECOND).await;
    }
    let check = async |missed, expect: &[&str]| -> Result {
        let seen = Seen::default();
        let router = Router::new().on_schedule(Schedule::every(MINUTE).missed(missed), slow);
        let _bot = telegram.bot(router.state(Instant::now()).state(seen.clone())).await?;
        telegram.advance(10 * MINUTE - SECOND).await;
        assert_eq!(all(&seen), expect, "{missed:?}");
        Ok(())
    };
    check(Missed::Once, &["60", "210", "360", "510"]).await?;
    check(Missed::Each, &["60", "210", "360", "510"]).await?;
    check(Missed::Skip, &["60", "240", "420"]).await
}

#[quadruplex::test]
async fn kept_across_restarts(telegram: Sandbox) -> Result {
    let router =
        |missed, seen: &Seen| Router::new().on_schedule(Schedule::every(HOUR).kept("tidy").missed(missed), note).state(seen.clone());
    let seen = Seen::default();
    let mut bot = telegram.bot(router(Missed::Once, &seen)).await?;
    telegram.advance(90 * MINUTE).await;
    assert_eq!(all(&seen), ["09:00"]);
    bot.restart(router(Missed::Once, &seen)).await?;
    telegram.advance(45 * MINUTE).await;
    assert_eq!(all(&seen), ["10:00"], "the period goes on where it was");
    // Off for some hours.
    let check = async |bot: &mut quadruplex::testing::Bot, missed, expect: &[&str]| -> Result {
        bot.restart(Router::new()).await?;
        telegram.advance(3 * HOUR).await;
        bot.restart(router(missed, &seen)).await?;
        telegram.advance(MINUTE).await;
        assert_eq!(all(&seen), expect, "{missed:?}");
        Ok(())
    };
    check(&mut bot, Missed::Once, &["11:00"]).await?;
    check(&mut bot, Missed::Each, &["14:00", "15:00", "16:00"]).await?;
    check(&mut bot, Missed::Skip, &[]).await
}

#[quadruplex::test]
async fn cut_short_it_is_due_again_and_sends_once(telegram: Sandbox) -> Result {
    async fn send(client: Client, State(ends): State<bool>) -> Result {
        client.send("@alice", "good morning").await?;
        if !ends {
            std::future::pending::<()>().await;
        }
        client.send("@alice", "how are you?").await?;
        Ok(())
    }
    let router = |ends: bool| Router::new().on_schedule(Schedule::every(HOUR).kept("greeting"), send).state(ends);
    let alice = telegram.user("alice").await?;
    let mut bot = telegram.bot(router(false)).await?;
    let mut chat = alice.open(&bot).await?;
    chat.say("/start").await?;
    telegram.advance(HOUR).await;
    assert_eq!(chat.reply().await?.text(), "good morning");
    bot.restart(router(true)).await?;
    assert_eq!(chat.reply().await?.text(), "how are you?");
    chat.silence().await
}

/// Notes how many run at the same time at most.
#[derive(Clone, Default)]
struct Crowd(Arc<(AtomicU32, AtomicU32)>);

impl Crowd {
    async fn stay(&self, time: Duration) {
        let (now, most) = &*self.0;
        most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        sleep(time).await;
        now.fetch_sub(1, Ordering::Relaxed);
    }
}

#[quadruplex::test]
async fn it_is_one_of_those_that_run_at_once(telegram: Sandbox) -> Result {
    async fn tidy(State(crowd): State<Crowd>) {
        crowd.stay(30 * SECOND).await;
    }
    async fn answer(_: Text, State(crowd): State<Crowd>) -> &'static str {
        crowd.stay(30 * SECOND).await;
        "here"
    }
    for at_once in [1, 2] {
        let crowd = Crowd::default();
        let router = Router::new().on_schedule(MINUTE, tidy).on_schedule(MINUTE, tidy).on_message(answer).state(crowd.clone());
        let bot = telegram.app(App::new(router).at_once(at_once)).await?;
        let mut chat = telegram.user("alice").await?.open(&bot).await?;
        telegram.advance(61 * SECOND).await;
        chat.say("hello").await?;
        telegram.advance(2 * MINUTE).await;
        assert_eq!(chat.reply().await?.text(), "here", "neither waits for ever");
        assert_eq!(crowd.0.1.load(Ordering::Relaxed) as usize, at_once);
    }
    Ok(())
}

#[quadruplex::test]
async fn who_fails_too_often_is_a_dead_letter_that_can_be_put_back(telegram: Sandbox) -> Result {
    let router = |failures: u32| Router::new().on_schedule(DAY, greet).state(Arc::new(AtomicU32::new(failures)));
    let alice = telegram.user("alice").await?;
    let mut bot = telegram.app(App::new(router(u32::MAX)).attempts(2).backoff(MINUTE, HOUR)).await?;
    let mut chat = alice.open(&bot).await?;
    chat.say("/start").await?;
    telegram.advance(DAY + HOUR).await;
    assert_eq!(chat.reply().await?.text(), "good morning");
    chat.silence().await?;
    let letters = bot.store().dead_letters(0, 10).await?;
    let [letter] = &letters[..] else { panic!("{letters:?}") };
    assert_eq!(letter.row.attempts, 2);
    assert!(letter.error.contains("schedule::greet`: after it had sent"), "{}", letter.error);
    let Event::Scheduled { handler, .. } = Event::from_row(&letter.row)? else { panic!("{letter:?}") };
    assert!(handler.ends_with("schedule::greet"), "{handler}");

    // As `quadruplex dead retry` does it.
    let put_back = async |bot: &quadruplex::testing::Bot| {
        let mut commit = Commit::default();
        commit.unbury(letter.row.number);
        commit.add_row(Row { attempts: 0, ..letter.row.clone() });
        bot.store().commit(Arc::new(commit)).await
    };
    let failures = Arc::new(AtomicU32::new(1));
    put_back(&bot).await?;
    bot.restart(Router::new().on_schedule(DAY, greet).state(Arc::clone(&failures))).await?;
    telegram.advance(MINUTE).await;
    assert_eq!(failures.load(Ordering::Relaxed), 0, "it has run, and failed once more");
    chat.silence().await?;
    assert!(bot.store().dead_letters(0, 10).await?.is_empty() && bot.store().rows(0, 10).await?.is_empty());

    // Its handler is gone.
    put_back(&bot).await?;
    bot.restart(Router::new()).await?;
    telegram.advance(SECOND).await;
    assert!(bot.store().rows(0, 10).await?.is_empty(), "it is done with");
    Ok(())
}

#[quadruplex::test]
async fn filters_and_switches_hold(telegram: Sandbox) -> Result {
    let (seen, switch) = (Seen::default(), Switch::on("jobs"));
    let plugin = Router::new().on_schedule(HOUR, note);
    let _bot = telegram.bot(Router::new().plugin(&switch, plugin).state(seen.clone())).await?;
    telegram.advance(90 * MINUTE).await;
    switch.set(false);
    telegram.advance(HOUR).await;
    switch.set(true);
    telegram.advance(HOUR).await;
    assert_eq!(all(&seen), ["09:00", "11:00"]);
    Ok(())
}

#[quadruplex::test]
async fn wrong_schedules_are_told_at_the_start(telegram: Sandbox) -> Result {
    let check = async |router: Router, expect: &str| {
        let error = telegram.bot(router).await.map(drop).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    };
    check(Router::new().on_schedule(Schedule::utc("every monday"), async || {}), "`every monday` is no cron expression").await;
    check(Router::new().on_schedule(Duration::ZERO, async || {}), "a period of zero").await;
    let twice =
        Router::new().on_schedule(Schedule::every(HOUR).kept("a"), async || {}).on_schedule(Schedule::every(DAY).kept("a"), async || {});
    check(twice, "under one name").await;
    Ok(())
}
