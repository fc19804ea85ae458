//! Very many at once: conversations and what they take, handlers that look people up.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quadruplex::prelude::*;
use quadruplex::testing::server::world::{ErrorRule, Peer};
use quadruplex::testing::server::{NewUser, RpcError};
use quadruplex::testing::{self, Sandbox};
use tokio::sync::Barrier;

use crate::ALLOCATOR;

/// Introduce yourself.
#[derive(Command)]
struct Register;

async fn register(_: Register, chat: Chat) -> Result<String> {
    let name = chat.ask("Name?").text().await?;
    Ok(format!("Hello, {name}"))
}

/// Says the same and waits for nothing.
async fn forget(_: Register) -> &'static str {
    "Name?"
}

/// Three hundred here, `QUADRUPLEX_CONVERSATIONS=10000` in the gate. In a process of its own, since what it takes is counted.
#[test]
fn many_conversations_at_once_and_what_each_takes() {
    if std::env::var_os("QUADRUPLEX_ALONE").is_none() {
        let this = std::env::current_exe().expect("this program has a file");
        let mut command = Command::new(this);
        command.args(["many::many_conversations_at_once_and_what_each_takes", "--exact", "--nocapture"]).env("QUADRUPLEX_ALONE", "1");
        let output = command.output().expect("it can be started");
        print!("{}", String::from_utf8_lossy(&output.stdout));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let count = std::env::var("QUADRUPLEX_CONVERSATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(300);
    // The sandbox is in this process too: what it keeps of the same words is the same.
    let without = growth(count, Router::new().on_command(forget), false);
    let with = growth(count, Router::new().on_command(register), true);
    let each = with.saturating_sub(without) / count;
    println!("{count} conversations wait: {each} bytes each");
    assert!(each > 0 && each <= 10 << 10, "{each} bytes for a conversation");
}

/// What is allocated while `count` people wait for what a bot does next.
fn growth(count: usize, router: Router, goes_on: bool) -> usize {
    let grown = Arc::new(AtomicUsize::new(0));
    let told = Arc::clone(&grown);
    testing::run(|telegram: Sandbox| async move {
        let bot = telegram.app(App::new(router).at_once(4)).await?;
        let id = telegram.server().world().find_user(bot.username()).ok_or("the bot has an account")?;
        let people = people(&telegram, count)?;
        let say = async |text: &str| {
            let now = telegram.server().now();
            for person in &people {
                telegram.server().world().say(*person, Peer::User(id), text, now).expect("a bot can be written to");
            }
            telegram.server().deliver();
            telegram.advance(MINUTE).await;
        };
        let before = allocated();
        say("/register").await;
        told.store(allocated().saturating_sub(before), Ordering::Relaxed);
        if goes_on {
            say("Alice").await;
            let world = telegram.server().world();
            for person in &people {
                let said: Vec<String> = world.messages(*person, Peer::User(id)).into_iter().map(|message| message.text).collect();
                assert_eq!(said, ["/register", "Name?", "Alice", "Hello, Alice"]);
            }
        }
        Ok::<(), BoxError>(())
    });
    grown.load(Ordering::Relaxed)
}

fn allocated() -> usize {
    let stats = ALLOCATOR.stats();
    (stats.bytes_allocated - stats.bytes_deallocated).saturating_add_signed(stats.bytes_reallocated)
}

fn people(telegram: &Sandbox, count: usize) -> Result<Vec<i64>> {
    let person = |number| NewUser { first_name: format!("Person {number}"), ..NewUser::default() };
    Ok((0..count).map(|number| telegram.server().create_user(person(number))).collect::<std::io::Result<_>>()?)
}

/// How many requests a thousand handlers make that ask for users at once.
async fn requests(telegram: &Sandbox, whom: impl Fn(&[i64], usize) -> i64 + Clone + Send + Sync + 'static) -> Result<u32> {
    const HANDLERS: usize = 1000;
    const FIRST: u32 = 1_000_000;
    let users: Arc<Vec<i64>> = Arc::new(people(telegram, HANDLERS)?);
    let (barrier, found) = (Arc::new(Barrier::new(HANDLERS)), Arc::new(AtomicUsize::new(0)));
    let look_up = {
        let (users, barrier, found) = (Arc::clone(&users), Arc::clone(&barrier), Arc::clone(&found));
        move |sender: Sender, client: Client| {
            let (users, barrier, found, whom) = (Arc::clone(&users), Arc::clone(&barrier), Arc::clone(&found), whom.clone());
            async move {
                let at = users.iter().position(|user| *user == sender.id()).ok_or("a stranger")?;
                barrier.wait().await;
                client.user(whom(&users, at)).await?;
                found.fetch_add(1, Ordering::Relaxed);
                Ok::<(), BoxError>(())
            }
        }
    };
    let bot = telegram.app(App::new(Router::new().on_message(look_up)).at_once(HANDLERS)).await?;
    let id = telegram.server().world().find_user(bot.username()).ok_or("the bot has an account")?;
    // It lets all pass, and counts them.
    let error = RpcError::new(500, "NEVER".to_owned());
    let rule = ErrorRule { method: "users.getUsers".to_owned(), peer: None, account: Some(id), skip: FIRST, times: 1, error };
    telegram.server().world().faults_mut().errors.push(rule);
    let now = telegram.server().now();
    for user in users.iter() {
        telegram.server().world().say(*user, Peer::User(id), "hello", now).expect("a bot can be written to");
    }
    telegram.server().deliver();
    telegram.advance(MINUTE).await;
    assert_eq!(found.load(Ordering::Relaxed), HANDLERS);
    let left = telegram.server().world().faults_mut().errors.pop().map_or(0, |rule| rule.skip);
    Ok(FIRST - left)
}

#[quadruplex::test]
async fn handlers_that_look_people_up_share_requests(telegram: Sandbox) -> Result {
    assert_eq!(requests(&telegram, |users, at| users[at]).await?, 20, "fifty people a request");
    assert_eq!(requests(&telegram, |users, _| users[0]).await?, 1);
    Ok(())
}
