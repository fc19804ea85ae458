use std::time::Duration;

use quadruplex::Error;
use quadruplex::api::functions::help;
use quadruplex::prelude::{MINUTE, SECOND};
use quadruplex_sandbox::world::ErrorRule;
use quadruplex_sandbox::{LinkScript, RpcError};
use tokio::time::{Instant, timeout};

use super::World;

const HELP: &str = "\n  help: the login is kept here; sign out again when the server answers, or end it on another device";

impl World {
    /// Everything is on its way for so long from now on.
    fn slow_down(&self, delay: Duration) {
        self.telegram.set_link(LinkScript { delay, ..LinkScript::default() });
        self.telegram.restart(false);
    }

    async fn sign_out(&self) {
        self.alice.sign_out().await.unwrap();
        assert_eq!(self.alice.own_user(), None);
        assert!(self.alice.session().is_none(), "its key is forgotten");
        assert!(matches!(self.alice.call(help::GetNearestDc).await, Err(Error::Closed(_))));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_not_waited_for() {
    let world = World::new().await;
    world.slow_down(60 * MINUTE);
    let began = Instant::now();
    let error = timeout(10 * MINUTE, world.alice.sign_out()).await.expect("nobody waits for ever").unwrap_err();
    assert_eq!(began.elapsed().as_secs(), 30);
    assert!(matches!(error, Error::Timeout { method: "auth.logOut", .. }), "{error}");
    let text = error.to_string();
    assert!(text.starts_with("auth.logOut was cancelled after 30.0 s (timeout of the call); ") && text.ends_with(HELP), "{text}");
    assert!(world.alice.own_user().is_some() && world.alice.session().is_some(), "the login is kept");

    world.slow_down(Duration::ZERO);
    world.sign_out().await;
}

/// As after an attempt whose answer did not come.
#[tokio::test(start_paused = true)]
async fn who_is_signed_out_already_is_signed_out() {
    for (code, name) in [(401, "AUTH_KEY_UNREGISTERED"), (401, "SESSION_REVOKED")] {
        let world = World::new().await;
        let error = RpcError::new(code, name);
        let rule = ErrorRule { method: "auth.logOut".into(), peer: None, account: None, skip: 0, times: 1, error };
        world.telegram.world().faults_mut().errors.push(rule);
        world.sign_out().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_keeps_the_login() {
    let world = World::new().await;
    world.refuse("auth.logOut", 0, 1, "FLOOD_WAIT_3600");
    let error = world.alice.sign_out().await.unwrap_err();
    assert_eq!(error.flood_wait(), Some(3600 * SECOND), "{error}");
    assert!(world.alice.own_user().is_some() && world.alice.session().is_some());
    world.alice.me().await.unwrap();
}
