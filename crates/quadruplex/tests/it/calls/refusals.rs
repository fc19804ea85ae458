//! Refusals of PROTOCOL §3.41, 42 and 48, each once: what the server says, and what the client does about it.

use std::time::Duration;

use quadruplex::api::functions::{help, users};
use quadruplex::{Client, Wait};
use quadruplex_sandbox::RpcError;
use quadruplex_sandbox::world::ErrorRule;
use tokio::time::{Instant, sleep, timeout};

use super::World;

const SECOND: Duration = Duration::from_secs(1);

fn refuse(world: &World, method: &str, times: u32, code: i32, error: &'static str) {
    let rule = ErrorRule { method: method.into(), peer: None, account: None, skip: 0, times, error: RpcError::new(code, error) };
    world.telegram.world().faults_mut().errors.push(rule);
}

/// §3.42: a short wait is waited for, whatever its name; 0 counts as a second.
#[tokio::test(start_paused = true)]
async fn each_wait_of_the_family_is_waited_for() {
    for (error, seconds) in [
        ("FLOOD_WAIT_7", 7),
        ("FLOOD_PREMIUM_WAIT_3", 3),
        ("SLOWMODE_WAIT_9", 9),
        ("FLOOD_TEST_PHONE_WAIT_5", 5),
        ("2FA_CONFIRM_WAIT_6", 6),
        ("TAKEOUT_INIT_DELAY_4", 4),
        ("FLOOD_WAIT_0", 1),
        ("FLOOD_PREMIUM_WAIT_0", 1),
        ("TAKEOUT_INIT_DELAY_0", 1),
    ] {
        let world = World::new().await;
        refuse(&world, "messages.sendMessage", 1, 420, error);
        let (began, before) = (Instant::now(), world.alice.traffic().calls);
        world.alice.send("@bobby", "text").await.unwrap();
        assert_eq!((began.elapsed().as_secs(), world.alice.traffic().calls - before), (seconds, 2), "{error}");
        assert_eq!(world.written(), ["text"], "{error}");
    }
}

/// §3.42: a long one is told at once, by its name.
#[tokio::test(start_paused = true)]
async fn a_wait_of_a_day_is_told_at_once() {
    for (error, name) in [
        ("FLOOD_WAIT_86400", "FLOOD_WAIT"),
        ("FLOOD_PREMIUM_WAIT_86400", "FLOOD_PREMIUM_WAIT"),
        ("SLOWMODE_WAIT_86400", "SLOWMODE_WAIT"),
        ("FLOOD_TEST_PHONE_WAIT_86400", "FLOOD_TEST_PHONE_WAIT"),
        ("2FA_CONFIRM_WAIT_86400", "2FA_CONFIRM_WAIT"),
        ("TAKEOUT_INIT_DELAY_86400", "TAKEOUT_INIT_DELAY"),
    ] {
        let world = World::new().await;
        refuse(&world, "messages.sendMessage", 1, 420, error);
        let (began, before) = (Instant::now(), world.alice.traffic().calls);
        let refused = world.alice.send("@bobby", "text").await.unwrap_err();
        assert!(refused.is(name) && refused.is(error), "{refused}");
        assert_eq!(refused.flood_wait(), Some(86_400 * SECOND), "{refused}");
        assert_eq!((began.elapsed().as_secs(), world.alice.traffic().calls - before), (0, 1), "{error}");
        refuse(&world, "users.getUsers", 1, 420, error);
        let waits = world.alice.call(users::GetUsers::new([] as [&str; 0])).flood_wait(Wait::Up(86_400 * SECOND));
        waits.await.unwrap();
        assert_eq!(began.elapsed().as_secs(), 86_400, "unless the caller has the time: {error}");
    }
}

/// §3.41: nothing more is asked under a login that is over: no calls, no pings, no connections; and its key is kept.
#[tokio::test(start_paused = true)]
async fn each_end_of_a_login_is_the_end() {
    for (code, error) in [
        (406, "AUTH_KEY_DUPLICATED"),
        (401, "AUTH_KEY_INVALID"),
        (401, "AUTH_KEY_UNREGISTERED"),
        (401, "SESSION_EXPIRED"),
        (401, "SESSION_REVOKED"),
        (401, "USER_DEACTIVATED"),
        (401, "USER_DEACTIVATED_BAN"),
    ] {
        let world = World::new().await;
        let mut stream = world.alice.updates().await.unwrap();
        sleep(SECOND).await;
        let session = world.alice.session().unwrap();
        refuse(&world, "users.getUsers", u32::MAX, code, error);
        let refused = world.alice.me().await.unwrap_err();
        assert!(refused.is(error), "{refused}");
        assert_eq!(world.alice.login_lost().map(|lost| lost.name).as_deref(), Some(error));
        let ended = timeout(SECOND, async { while stream.next().await.is_some() {} }).await;
        assert!(ended.is_ok(), "{error}: the stream goes on");

        let before = world.alice.traffic();
        let refused = world.alice.send("@bobby", "text").await.unwrap_err();
        assert!(refused.is(error), "{refused}");
        world.telegram.restart(true);
        sleep(3600 * SECOND).await;
        let after = world.alice.traffic();
        assert_eq!((after.calls, after.packets_sent), (before.calls, before.packets_sent), "{error}: the client goes on");
        assert_eq!(world.alice.session().unwrap(), session, "{error}: the key is kept");

        // What needs no login works; so does signing in again.
        world.telegram.world().faults_mut().errors.clear();
        world.alice.call(help::GetNearestDc).await.unwrap();
        sign_in(&world, &world.alice).await;
        assert!(world.alice.me().await.is_ok() && world.alice.login_lost().is_none(), "{error}");
    }
}

async fn sign_in(world: &World, client: &Client) {
    let code = client.request_code("15550001").await.unwrap();
    let typed = world.telegram.world().codes().last().unwrap().code.clone();
    client.sign_in(&code, &typed).await.unwrap();
}

/// §3.41: on another data centre the copy of the login is made again, and the login is not touched.
#[tokio::test(start_paused = true)]
async fn a_copy_of_the_login_is_made_again() {
    let world = World::with(2, 1, |builder| builder).await;
    let there = || world.alice.call(users::GetUsers::new([] as [&str; 0])).dc(2);
    there().await.unwrap();
    let before = world.alice.traffic().calls;
    there().await.unwrap();
    assert_eq!(world.alice.traffic().calls - before, 1, "the account is signed in there");
    refuse(&world, "users.getUsers", 1, 401, "AUTH_KEY_UNREGISTERED");
    there().await.unwrap();
    assert_eq!(world.alice.traffic().calls - before, 1 + 4, "refused, exported, imported, again");
    assert_eq!(world.alice.login_lost(), None);
    refuse(&world, "users.getUsers", u32::MAX, 401, "AUTH_KEY_UNREGISTERED");
    assert!(there().await.unwrap_err().is("AUTH_KEY_UNREGISTERED"), "once for each call, not for ever");
}
