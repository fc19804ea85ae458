//! A cluster in one process, for tests and for the sandbox.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use quadruplex_net::BoxFuture;
use quadruplex_store::{Commit, DeadLetter, Peer, PeerId, PeerKey, Row, Snapshot, Store, Task, Value, ValueKey};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Backend, Subscription};
use crate::Error;
use crate::client::lock;

/// Machines that meet in one process: for tests. Clones are the same machine.
///
/// ```
/// use quadruplex::cluster::Memory;
///
/// let one = Memory::new();
/// let other = one.machine();
/// other.cut(); // nobody hears of it any more, nor it of anybody
/// ```
#[derive(Clone)]
pub struct Memory {
    shared: Arc<Shared>,
    machine: Arc<Machine>,
}

/// Who hears something, and on which machine.
type Hearing = Vec<(Arc<Machine>, mpsc::Sender<Bytes>)>;

#[derive(Default)]
struct Shared {
    subjects: Mutex<HashMap<String, Hearing>>,
    stores: Mutex<HashMap<String, Entry>>,
    accounts: Mutex<BTreeSet<String>>,
}

/// Since when nobody hears of a machine.
#[derive(Default)]
struct Machine(Mutex<Option<Instant>>);

#[derive(Default)]
struct Entry {
    content: quadruplex_store::Memory,
    had_by: Option<(Arc<Machine>, Arc<AtomicBool>)>,
}

/// So long a machine that was cut off has what it had.
const LEASE: Duration = Duration::from_secs(10);

impl Memory {
    /// A machine, alone so far.
    pub fn new() -> Self {
        Self { shared: Arc::default(), machine: Arc::default() }
    }

    /// Another one.
    #[must_use]
    pub fn machine(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), machine: Arc::default() }
    }

    /// Cuts this machine off, as a dead network does. It still runs, and does not know yet.
    pub fn cut(&self) {
        lock(&self.machine.0).get_or_insert_with(Instant::now);
    }

    /// Which account somebody has.
    pub fn holds(&self, account: &str) -> bool {
        lock(&self.shared.stores).get(account).is_some_and(|entry| {
            entry.had_by.as_ref().is_some_and(|(machine, open)| Arc::ptr_eq(machine, &self.machine) && open.load(Ordering::Acquire))
        })
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

impl Machine {
    fn is_cut(&self) -> bool {
        lock(&self.0).is_some()
    }

    /// Whether it has been cut off for so long.
    fn is_gone_for(&self, time: Duration) -> bool {
        lock(&self.0).is_some_and(|since| since.elapsed() >= time)
    }
}

impl Backend for Memory {
    fn open<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Result<Option<Arc<dyn Store>>, Error>> {
        Box::pin(async move {
            if self.machine.is_cut() {
                return Err(Error::Invalid("this machine is cut off".to_owned()));
            }
            let mut stores = lock(&self.shared.stores);
            let entry = stores.entry(account.to_owned()).or_default();
            if let Some((machine, open)) = &entry.had_by
                && open.load(Ordering::Acquire)
                && !machine.is_gone_for(LEASE)
            {
                return Ok(None);
            }
            let open = Arc::new(AtomicBool::new(true));
            entry.had_by = Some((Arc::clone(&self.machine), Arc::clone(&open)));
            let content = entry.content.clone();
            Ok(Some(Arc::new(Leased { content, machine: Arc::clone(&self.machine), open }) as Arc<dyn Store>))
        })
    }

    fn publish(&self, subject: &str, message: Bytes) {
        if self.machine.is_cut() {
            return;
        }
        let mut subjects = lock(&self.shared.subjects);
        let Some(hearing) = subjects.get_mut(subject) else { return };
        // Who does not keep up has missed something: his subscription ends.
        hearing.retain(|(machine, sender)| machine.is_cut() || sender.try_send(message.clone()).is_ok());
        if hearing.is_empty() {
            subjects.remove(subject);
        }
    }

    fn subscribe<'a>(&'a self, subject: &'a str) -> BoxFuture<'a, Result<Subscription, Error>> {
        let (sender, subscription) = Subscription::channel();
        lock(&self.shared.subjects).entry(subject.to_owned()).or_default().push((Arc::clone(&self.machine), sender));
        Box::pin(std::future::ready(Ok(subscription)))
    }

    fn accounts(&self) -> BoxFuture<'_, Result<Vec<String>, Error>> {
        Box::pin(std::future::ready(Ok(lock(&self.shared.accounts).iter().cloned().collect())))
    }

    fn set_account<'a>(&'a self, account: &'a str, is_there: bool) -> BoxFuture<'a, Result<(), Error>> {
        let mut accounts = lock(&self.shared.accounts);
        match is_there {
            true => accounts.insert(account.to_owned()),
            false => accounts.remove(account),
        };
        Box::pin(std::future::ready(Ok(())))
    }

    fn lease(&self) -> Duration {
        LEASE
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("cut", &self.machine.is_cut()).finish_non_exhaustive()
    }
}

/// The store of an account while a machine has it.
struct Leased {
    content: quadruplex_store::Memory,
    machine: Arc<Machine>,
    open: Arc<AtomicBool>,
}

impl Leased {
    /// As a server does with whom it does not hear.
    fn check(&self) -> Result<(), quadruplex_store::Error> {
        match self.machine.is_cut() || !self.open.load(Ordering::Acquire) {
            true => Err(quadruplex_store::Error::InUse { path: "memory".into(), owner: None }),
            false => Ok(()),
        }
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        if !self.machine.is_cut() {
            self.open.store(false, Ordering::Release);
        }
    }
}

macro_rules! checked {
    ($($name:ident($($argument:ident: $type:ty),*) -> $output:ty;)+) => {$(
        fn $name(&self, $($argument: $type),*) -> Task<'_, $output> {
            Box::pin(async move {
                self.check()?;
                self.content.$name($($argument),*).await
            })
        }
    )+};
}

impl Store for Leased {
    checked! {
        load() -> Snapshot;
        commit(commit: Arc<Commit>) -> ();
        rows(from: u64, limit: usize) -> Vec<Row>;
        dead_letters(from: u64, limit: usize) -> Vec<DeadLetter>;
        peers(keys: Vec<PeerKey>) -> Vec<Option<Peer>>;
        value(key: ValueKey) -> Option<Value>;
        values(from: ValueKey, limit: usize) -> Vec<(Vec<u8>, Value)>;
        all_peers(after: Option<PeerId>, limit: usize) -> Vec<Peer>;
        all_values(after: Option<ValueKey>, limit: usize) -> Vec<(ValueKey, Value)>;
    }

    fn place(&self) -> String {
        "a cluster in memory".to_owned()
    }

    fn is_lost(&self) -> bool {
        self.machine.is_gone_for(LEASE * 3 / 4)
    }

    fn close(&self) -> Task<'_, ()> {
        Box::pin(async move {
            self.check()?;
            self.open.store(false, Ordering::Release);
            Ok(())
        })
    }
}
