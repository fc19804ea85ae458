//! What happens on the stage, one room for each step.

mod begin;
mod bot;
mod crash;
mod files;
mod group;
mod history;
mod lookups;
mod talk;

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use quadruplex::CancellationToken;
use tokio::time::{Instant, timeout};

use super::actor::Actor;
use super::report::{Outcome, Report};
use super::server::Server;
use crate::state_dir::private_directory;

/// A step that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// The server and those who talk through it.
pub(crate) struct Stage {
    /// Whether progress is shown.
    is_shown: bool,
    server: Server,
    actors: Vec<Actor>,
    /// The files of the demo, removed with it: the last of it all, when nobody writes any more.
    place: Place,
}

impl Stage {
    pub(crate) async fn start(delay: Duration, is_shown: bool) -> Result<Self, String> {
        let place = Place::new()?;
        let server = Server::start(&place.0, delay).await?;
        Ok(Self { is_shown, server, actors: Vec::new(), place })
    }

    /// Plays all steps. One that fails does not keep the others from being tried.
    pub(crate) async fn play(&mut self, report: &mut Report) {
        play(report, self.server.gone(), "key exchange", begin::exchange_keys(self)).await;
        play(report, self.server.gone(), "sign in", begin::sign_in(self)).await;
        play(report, self.server.gone(), "greetings", talk::greet(self)).await;
        play(report, self.server.gone(), "bot", bot::answer(self)).await;
        play(report, self.server.gone(), "one by one", talk::one_by_one(self)).await;
        play(report, self.server.gone(), "all at once", talk::all_at_once(self)).await;
        play(report, self.server.gone(), "file", files::carry(self)).await;
        play(report, self.server.gone(), "group", group::talk(self)).await;
        let gone = self.server.gone();
        // In this step the sandbox ends on purpose.
        let until = if gone.is_cancelled() { gone } else { CancellationToken::new() };
        play(report, until, "crash", crash::survive(self)).await;
        play(report, self.server.gone(), "lookups", lookups::share(self)).await;
    }

    fn actor(&self, index: usize) -> Result<&Actor, String> {
        self.actors.get(index).ok_or_else(|| "an account that it needs did not connect".to_owned())
    }

    fn alice(&self) -> Result<&Actor, String> {
        self.actor(0)
    }

    fn bob(&self) -> Result<&Actor, String> {
        self.actor(1)
    }
}

/// Plays a step, to its end or that of the sandbox.
async fn play(report: &mut Report, gone: CancellationToken, name: &'static str, step: impl Future<Output = Result<Outcome, String>>) {
    let started = Instant::now();
    let result = tokio::select! {
        biased;
        result = timeout(PATIENCE, step) => result.unwrap_or_else(|_| Err(format!("no end after {PATIENCE:?}"))),
        () = gone.cancelled() => Err("the sandbox has ended".to_owned()),
    };
    report.add(name, started.elapsed(), result);
}

/// A directory that is removed when the demo ends.
struct Place(PathBuf);

impl Place {
    fn new() -> Result<Self, String> {
        let mut attempt = 0;
        loop {
            // Where processes are numbered anew, as in a container, one of that number may have been killed before.
            let path = std::env::temp_dir().join(format!("quadruplex-demo-{}-{attempt}", std::process::id()));
            match private_directory().create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => attempt += 1,
                Err(error) => return Err(format!("cannot make the directory {}: {error}", path.display())),
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What stays in the directory for temporary files is the system's to clear.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
