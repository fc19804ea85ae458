use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use quadruplex::sandbox::{LOCK, NOTE, PARTNER, first_name, phone, token, username};
use quadruplex::{Client, Servers};
use quadruplex_sandbox::{NewUser, Sandbox};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::servers::{Place, any_application, make};
use crate::Context;
use crate::echo;
use crate::failure::{Failure, Kind};
use crate::feed::Feed;
use crate::ready::Ready;
use crate::state_dir::StateDir;

/// Who lives in a sandbox that a command starts for itself.
const PEOPLE: [&str; 2] = ["alice", "bobby"];
/// How many data centres it has.
const DCS: i32 = 3;
/// How long a sandbox may take between its start and the moment it says where it is.
const PATIENCE: Duration = Duration::from_secs(5);

/// A sandbox in this process, for as long as the command runs.
pub(super) struct Host {
    _registration: Registration,
    sandbox: Sandbox,
    bot: JoinHandle<()>,
}

impl Drop for Host {
    fn drop(&mut self) {
        self.bot.abort();
        self.sandbox.stop();
    }
}

/// The sandbox that `--sandbox` means: as long as this lives, it is the one of the state directory.
#[derive(Debug)]
pub(crate) struct Registration {
    note: PathBuf,
    _lock: File,
}

impl Registration {
    /// Takes the place; `None` if another sandbox has it.
    pub(crate) fn take(context: &Context) -> Result<Option<Self>, Failure> {
        let path = context.state_dir.file(LOCK)?;
        let failed = |error: &io::Error| StateDir::failed(format_args!("cannot lock {}", path.display()), error);
        let lock = OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(|error| failed(&error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
        let note = note(context)?;
        // What a sandbox left behind that was killed, and who was in it.
        let _ = fs::remove_file(&note);
        let _ = fs::remove_file(note.with_file_name(PARTNER));
        Ok(Some(Self { note, _lock: lock }))
    }

    /// Says where the sandbox is; programs leave one alone that ends with a command.
    pub(crate) fn announce(&self, ready: &Ready, is_transient: bool) -> Result<(), Failure> {
        let new = self.note.with_extension("new");
        let mut note = ready.to_json();
        note["transient"] = is_transient.into();
        let written = fs::write(&new, note.to_string()).and_then(|()| fs::rename(&new, &self.note));
        written.map_err(|error| StateDir::failed(format_args!("cannot write {}", self.note.display()), &error))
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.note);
    }
}

/// The sandbox that is running, or one that is started now.
pub(super) async fn find(context: &Context) -> Result<Place, Failure> {
    match Registration::take(context)? {
        Some(registration) => start(registration, context).await,
        None => running(context).await,
    }
}

async fn running(context: &Context) -> Result<Place, Failure> {
    let note = note(context)?;
    let read = async {
        loop {
            match fs::read_to_string(&note) {
                Ok(text) => return text,
                Err(_) => sleep(Duration::from_millis(20)).await,
            }
        }
    };
    let strange = |problem: &str| Failure::new(Kind::Connection, format!("a sandbox is running, but {} {problem}", note.display()));
    let text = timeout(PATIENCE, read).await.map_err(|_| strange("is not there"))?;
    place(&Ready::parse(&text).ok_or_else(|| strange("does not say where"))?, None)
}

async fn start(registration: Registration, context: &Context) -> Result<Place, Failure> {
    let state = context.state_dir.file("sandbox.state")?;
    let is_new = !state.exists();
    forget_lost_logins(&state);
    let cannot = |error: io::Error| Failure::new(Kind::Failed, format!("the sandbox cannot start: {error}"));
    let builder = Sandbox::builder().dcs(DCS).listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).state(&state);
    let sandbox = builder.start().await.map_err(cannot)?;
    if is_new {
        populate(&sandbox).map_err(cannot)?;
    }
    let ready = Ready::of(&sandbox, Some(&state), context)?;
    registration.announce(&ready, true)?;
    let bot = start_bot(&sandbox).await?;
    place(&ready, Some(Host { _registration: registration, sandbox, bot }))
}

/// Removes the logins beside a state that is not there (any more): no sandbox knows them.
pub(crate) fn forget_lost_logins(state: &Path) {
    if !state.exists() {
        let _ = fs::remove_dir_all(sessions_beside(state));
    }
}

/// Somebody to talk with, who listens from now on.
async fn start_bot(sandbox: &Sandbox) -> Result<JoinHandle<()>, Failure> {
    let servers = Servers::custom(1, sandbox.addresses(), sandbox.public_key());
    let client = Client::builder(1, "any").servers(servers).dialer(sandbox.dialer()).connect_in_memory().await?;
    client.sign_in_bot(&token(echo::NAME)).await?;
    let feed = Feed::open(&client).await?;
    Ok(tokio::spawn(async move {
        // Its failure is no failure of the command, which may have nothing to do with it.
        if let Err(error) = echo::answer(&client, feed).await {
            eprintln!("warning: @{} has stopped: {error}", echo::NAME);
        }
    }))
}

fn populate(sandbox: &Sandbox) -> io::Result<()> {
    for name in PEOPLE {
        let user = NewUser {
            first_name: first_name(name),
            username: username(name).map(str::to_owned),
            phone: Some(phone(name)),
            ..NewUser::default()
        };
        sandbox.create_user(user)?;
    }
    Ok(())
}

/// Where a client goes that was told this.
fn place(ready: &Ready, host: Option<Host>) -> Result<Place, Failure> {
    let sessions = ready.state.as_deref().map(|state| make(sessions_beside(state))).transpose()?;
    Ok(Place { servers: ready.servers()?, sessions, api: any_application(), host, is_sandbox: true })
}

fn sessions_beside(state: &Path) -> PathBuf {
    let mut name = state.as_os_str().to_owned();
    name.push(".sessions");
    name.into()
}

fn note(context: &Context) -> Result<PathBuf, Failure> {
    context.state_dir.file(NOTE)
}
