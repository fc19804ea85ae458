//! The program that is killed: a bot as anybody writes it, with a diary.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use quadruplex::prelude::*;
use quadruplex::store::testing::{Wrapped, Wrapper};
use quadruplex::store::{Commit, Redb, Store, Task};
use quadruplex::{PublicKey, Servers};

use super::diary::{Diary, Kind};

/// How many handlers run at the same time.
pub(super) const AT_ONCE: usize = 16;

const PLACE: &str = "QUADRUPLEX_KILLS_PLACE";
const DC: &str = "QUADRUPLEX_KILLS_DC";
const TOKEN: &str = "QUADRUPLEX_KILLS_TOKEN";
const LIFE: &str = "QUADRUPLEX_KILLS_LIFE";

/// Makes a command the program.
pub(super) fn tell(command: &mut Command, place: &Path, dc: &str, token: &str, life: u64) {
    command.env(PLACE, place).env(DC, dc).env(TOKEN, token).env(LIFE, life.to_string());
}

/// Runs it, if this process was started as that.
pub(super) fn run_if_told() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let life = std::env::var(LIFE).expect("told").parse().expect("a number");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(main(place.into(), life)).expect("it ends well or is killed");
}

async fn main(place: PathBuf, life: u64) -> Result {
    let diary = Arc::new(Diary::open(&place, life));
    let store = Redb::open(place.join("bot.redb"), 5 * SECOND).await?;
    let store = Wrapped(Noted { store, diary: Arc::clone(&diary), commits: AtomicU64::new(0) });
    let dc = std::env::var(DC)?.parse()?;
    let servers = Servers::custom(1, [(1, dc)], PublicKey::sandbox());
    let client = Client::builder(1, "kills").servers(servers).connect(store).await?;
    if client.own_user().is_none() {
        client.sign_in_bot(&std::env::var(TOKEN)?).await?;
    }
    diary.write(Kind::Ready, None);
    App::new(Router::new().on_message(answer).state(diary)).client(client).at_once(AT_ONCE).run().await
}

async fn answer(msg: Text, sender: Sender, State(diary): State<Arc<Diary>>) -> Result {
    let number: u32 = msg.text().parse()?;
    let name = Some((sender.id(), number));
    diary.write(Kind::Begun, name);
    sleep(Duration::from_millis(u64::from(number % 4))).await;
    msg.respond(format!("re {number}")).await?;
    diary.write(Kind::Ended, name);
    Ok(())
}

/// A store that notes when it was asked to commit what has become of updates, one such commit after the other, and when that was durable.
#[derive(Debug)]
struct Noted {
    store: Redb,
    diary: Arc<Diary>,
    commits: AtomicU64,
}

impl Wrapper for Noted {
    fn inner(&self) -> &dyn Store {
        &self.store
    }

    fn commit(&self, commit: Arc<Commit>) -> Task<'_, ()> {
        Box::pin(async move {
            if commit.next_row.is_none() && commit.done.is_empty() {
                return self.store.commit(commit).await;
            }
            let number = self.commits.fetch_add(1, Ordering::Relaxed);
            self.diary.write(Kind::Commit(number), None);
            self.store.commit(commit).await?;
            self.diary.write(Kind::Durable(number), None);
            Ok(())
        })
    }
}
