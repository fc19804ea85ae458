use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use quadruplex::sandbox::{LOCK, NOTE, PARTNER, first_name, phone, username};
use quadruplex::{Client, Servers};
use quadruplex_sandbox::{NewUser, Sandbox};
use tokio::time::{Instant, sleep, timeout};

use super::guests::{self, Guest, Guests};
use super::servers::{Place, any_application, make};
use crate::Context;
use crate::echo::{self, Echo};
use crate::failure::{Failure, Kind};
use crate::ready::Ready;
use crate::state_dir::StateDir;

/// Who lives in a sandbox that a command starts for itself.
const PEOPLE: [&str; 2] = ["alice", "bobby"];
/// How many data centres it has.
const DCS: i32 = 3;
/// How long a sandbox may take between its start and the moment it says where it is, or between its last word and its end.
const PATIENCE: Duration = Duration::from_secs(10);
/// A sandbox goes on for the sake of others for so long: then nobody is let in any more, and [`DRAIN`] later it ends.
const OPEN: Duration = Duration::from_secs(60);
/// Less than [`PATIENCE`], which those have who are not let in.
const DRAIN: Duration = Duration::from_secs(5);
/// When it is said why a command does not end.
const SAY: Duration = Duration::from_secs(3);

/// The sandbox that this process runs for itself, if it does.
#[derive(Default)]
pub(crate) struct Hosting {
    host: Mutex<Option<Host>>,
    is_urgent: AtomicBool,
}

/// A sandbox in this process.
struct Host {
    registration: Registration,
    sandbox: Sandbox,
    _bot: Echo,
    guests: Guests,
}

impl Hosting {
    fn begin(&self, host: Host) {
        *self.host.lock().unwrap_or_else(PoisonError::into_inner) = Some(host);
    }

    /// Somebody has asked for the end: nobody is waited for.
    pub(crate) fn hurry(&self) {
        self.is_urgent.store(true, Relaxed);
    }

    /// Ends the sandbox when other commands do not need it any more, upon ctrl-c, or when they take too long.
    pub(crate) async fn end(&self) {
        let Some(host) = self.host.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        if !self.is_urgent.load(Relaxed) {
            tokio::select! {
                () = host.without_guests() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
    }
}

impl Host {
    async fn without_guests(&self) {
        if timeout(SAY, self.guests.gone()).await.is_ok() {
            return;
        }
        eprintln!("other commands use the sandbox of this one, which ends when they do, in a minute at most; ctrl-c ends it now");
        if timeout(OPEN, self.guests.gone()).await.is_err() {
            self.registration.withdraw();
            let _ = timeout(DRAIN, self.guests.gone()).await;
        }
    }
}

impl Drop for Host {
    /// The note goes before the lock of the guests, which is the last.
    fn drop(&mut self) {
        self.registration.withdraw();
        self.sandbox.stop();
    }
}

impl fmt::Debug for Hosting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hosting").finish_non_exhaustive()
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
        if let Some(guests) = fs::read_to_string(&note).ok().and_then(|note| guests::named_in(&note)) {
            let _ = fs::remove_file(guests);
        }
        let _ = fs::remove_file(&note);
        for name in [PARTNER, echo::OURS] {
            let _ = fs::remove_file(note.with_file_name(name));
        }
        Ok(Some(Self { note, _lock: lock }))
    }

    /// Says where the sandbox is. Programs leave one alone that ends with a command; commands say there that they are in it.
    pub(crate) fn announce(&self, ready: &Ready, guests: Option<&Path>) -> Result<(), Failure> {
        let new = self.note.with_extension("new");
        let mut note = ready.to_json();
        note["transient"] = guests.is_some().into();
        note["guests"] = guests.map(|path| path.display().to_string()).into();
        let written = fs::write(&new, note.to_string()).and_then(|()| fs::rename(&new, &self.note));
        written.map_err(|error| StateDir::failed(format_args!("cannot write {}", self.note.display()), &error))
    }

    /// Nobody finds the sandbox any more, and nobody else can take the place yet.
    fn withdraw(&self) {
        let _ = fs::remove_file(&self.note);
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.withdraw();
    }
}

/// The sandbox that is running, or one that is started now.
pub(super) async fn find(context: &Context) -> Result<Place, Failure> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        // One that ends leaves its place to whoever waits for it.
        if let Some(registration) = Registration::take(context)? {
            return start(registration, context).await;
        }
        if let Some(place) = running(context)? {
            return Ok(place);
        }
        sleep(Duration::from_millis(20)).await;
    }
    Err(Failure::new(Kind::Connection, format!("a sandbox is running, but {} is not there", note(context)?.display())))
}

/// One of another process; `None` as long as it cannot be entered.
fn running(context: &Context) -> Result<Option<Place>, Failure> {
    let note = note(context)?;
    let Ok(text) = fs::read_to_string(&note) else { return Ok(None) };
    let guest = match guests::named_in(&text) {
        None => None,
        Some(guests) => {
            let Some(guest) = Guest::enter(&guests) else { return Ok(None) };
            if fs::read_to_string(&note).ok().as_ref() != Some(&text) {
                return Ok(None);
            }
            Some(guest)
        }
    };
    let strange = || Failure::new(Kind::Connection, format!("a sandbox is running, but {} does not say where", note.display()));
    place(&Ready::parse(&text).ok_or_else(strange)?, guest).map(Some)
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
    let guests = Guests::none(context)?;
    registration.announce(&ready, Some(guests.path()))?;
    let servers = Servers::custom(1, sandbox.addresses(), sandbox.public_key());
    let bot = Echo::start(Client::builder(1, "any").servers(servers).dialer(sandbox.dialer()), || false).await?;
    context.hosting.begin(Host { registration, sandbox, _bot: bot, guests });
    place(&ready, None)
}

/// Removes the logins beside a state that is not there (any more): no sandbox knows them.
pub(crate) fn forget_lost_logins(state: &Path) {
    if !state.exists() {
        let _ = fs::remove_dir_all(sessions_beside(state));
    }
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
fn place(ready: &Ready, guest: Option<Guest>) -> Result<Place, Failure> {
    let sessions = ready.state.as_deref().map(|state| make(sessions_beside(state))).transpose()?;
    Ok(Place { servers: ready.servers()?, sessions, api: any_application(), guest, is_sandbox: true })
}

fn sessions_beside(state: &Path) -> PathBuf {
    let mut name = state.as_os_str().to_owned();
    name.push(".sessions");
    name.into()
}

fn note(context: &Context) -> Result<PathBuf, Failure> {
    context.state_dir.file(NOTE)
}
