//! One server: its connections, and whether it lives.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_memcached::{Client, Error as WireError};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::Error;
use crate::builder::{Address, Settings};
use crate::exchange::{Command, Failure, Reply, exchange};

#[derive(Debug)]
pub(crate) struct Server {
    address: Address,
    settings: Arc<Settings>,
    /// A test puts a server there that swallows everything.
    connect: Connect,
    room: Semaphore,
    idle: Idle,
    health: Mutex<Health>,
    pub(crate) opened: AtomicU64,
    pub(crate) exchanges: AtomicU64,
}

type Connect = fn(String) -> Pin<Box<dyn Future<Output = Result<Client, WireError>> + Send>>;

/// How far an operation has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// For a free connection.
    Waiting,
    Connecting,
    /// Something of it, at least.
    Sent,
}

/// Connections on which nothing is on its way.
struct Idle(Mutex<Vec<Client>>);

#[derive(Debug, Default)]
struct Health {
    /// In a row.
    failures: u32,
    tried_again: Option<Instant>,
}

impl Server {
    pub(crate) fn new(address: Address, settings: Arc<Settings>) -> Self {
        Self {
            address,
            connect: |url| Box::pin(Client::new(url)),
            room: Semaphore::new(settings.connections.get().min(Semaphore::MAX_PERMITS)),
            settings,
            idle: Idle(Mutex::default()),
            health: Mutex::default(),
            opened: AtomicU64::new(0),
            exchanges: AtomicU64::new(0),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.address.name
    }

    /// Whether it is left alone at the moment.
    pub(crate) fn is_down(&self) -> bool {
        lock(&self.health).tried_again.is_some_and(|again| again > Instant::now())
    }

    /// Runs a command within the deadline.
    pub(crate) async fn ask(&self, command: Command<'_>) -> Result<Reply, Error> {
        self.admit()?;
        let deadline = Instant::now() + self.settings.deadline;
        let mut stage = Stage::Waiting;
        let outcome = timeout_at(deadline, self.attempt(command, &mut stage)).await;
        let outcome = outcome.unwrap_or_else(|_| {
            Err(Error::Timeout { server: self.name().to_owned(), after: self.settings.deadline, sent: stage == Stage::Sent })
        });
        match &outcome {
            // Waiting in vain for a free connection says nothing about the server.
            Err(Error::Timeout { .. }) if stage == Stage::Waiting => {}
            Err(Error::Connect { .. } | Error::Timeout { .. } | Error::Broken { .. } | Error::Protocol { .. }) => self.failed(),
            Ok(_) | Err(_) => *lock(&self.health) = Health::default(),
        }
        outcome
    }

    /// One try on a connection that lay in the pool, and if that one has died meanwhile, another on a new one.
    async fn attempt(&self, command: Command<'_>, stage: &mut Stage) -> Result<Reply, Error> {
        // Closed never; an error here would be an operation less that is bounded, so it is none.
        let _permit = self.room.acquire().await;
        *stage = Stage::Connecting;
        if let Some(mut client) = self.idle.take() {
            *stage = Stage::Sent;
            match self.run(&mut client, command).await {
                Err(Failure::Io(_)) if command.may_repeat() => self.idle.clear(),
                outcome => return self.settle(client, outcome),
            }
            *stage = Stage::Connecting;
        }
        let mut client = (self.connect)(self.address.url.clone()).await.map_err(|error| self.error(error.into()))?;
        self.opened.fetch_add(1, Ordering::Relaxed);
        *stage = Stage::Sent;
        let outcome = self.run(&mut client, command).await;
        self.settle(client, outcome)
    }

    async fn run(&self, client: &mut Client, command: Command<'_>) -> Result<Reply, Failure> {
        self.exchanges.fetch_add(1, Ordering::Relaxed);
        exchange(client, command).await.map_err(Failure::from)
    }

    /// A connection whose answer was read to its end goes back into the pool. Anything else is dropped, and with a broken one those
    /// that are as old: they lead to the same dead process.
    fn settle(&self, client: Client, outcome: Result<Reply, Failure>) -> Result<Reply, Error> {
        match &outcome {
            Ok(_) if !client.is_closed() => self.idle.put(client),
            Err(Failure::Io(_)) => self.idle.clear(),
            Ok(_) | Err(_) => {}
        }
        outcome.map_err(|failure| self.error(failure))
    }

    fn error(&self, failure: Failure) -> Error {
        let server = self.name().to_owned();
        match failure {
            Failure::Refused(answer) => Error::Refused { server, answer },
            Failure::Damaged(what) => Error::Protocol { server, what },
            Failure::Io(error) => Error::Broken { server, source: Arc::new(error) },
            Failure::Connect(error) => Error::Connect { server, source: Arc::new(error) },
        }
    }

    /// Lets one operation through when the rest is over, and the others wait for what comes of it.
    fn admit(&self) -> Result<(), Error> {
        let mut health = lock(&self.health);
        let now = Instant::now();
        match health.tried_again {
            Some(again) if again > now => Err(Error::Down { server: self.name().to_owned(), again: again - now }),
            Some(_) => {
                health.tried_again = Some(now + self.settings.rest);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn failed(&self) {
        let mut health = lock(&self.health);
        health.failures = health.failures.saturating_add(1);
        if health.failures >= self.settings.failures {
            health.tried_again = Some(Instant::now() + self.settings.rest);
        }
    }
}

impl Idle {
    fn take(&self) -> Option<Client> {
        lock(&self.0).pop()
    }

    fn put(&self, client: Client) {
        lock(&self.0).push(client);
    }

    fn clear(&self) {
        lock(&self.0).clear();
    }
}

impl std::fmt::Debug for Idle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Idle").field(&lock(&self.0).len()).finish()
    }
}

/// Nothing that is done under these locks can leave them half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(1);

    fn black_hole(failures: u32) -> Server {
        let settings = Settings {
            connections: NonZeroUsize::MIN,
            deadline: DEADLINE,
            failures,
            rest: Duration::from_secs(60),
            max_value: 1,
            skip_down: false,
        };
        let address = Address { name: "hole".to_owned(), url: "tcp://hole:1".to_owned() };
        Server { connect: |_| Box::pin(std::future::pending()), ..Server::new(address, Arc::new(settings)) }
    }

    /// As under load: whenever one gives up, another waits for its connection already.
    #[tokio::test(start_paused = true)]
    async fn a_server_that_swallows_connections_is_left_alone_however_many_ask() {
        let server = black_hole(3);
        let ask = async |after: u32| {
            sleep(DEADLINE * after / 4).await;
            server.ask(Command::Version).await
        };
        let answers = awaitkit::join_all((0..12).map(ask), awaitkit::limit!(12)).await;
        let late = answers.iter().filter(|answer| matches!(answer, Err(Error::Timeout { sent: false, .. }))).count();
        let refused = answers.iter().filter(|answer| matches!(answer, Err(Error::Down { .. }))).count();
        assert!(server.is_down() && late + refused == 12 && refused > 0, "{answers:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_connection_in_vain_says_nothing_of_the_server() {
        let server = black_hole(1);
        let _taken = server.room.acquire().await.unwrap();
        let error = server.ask(Command::Version).await.unwrap_err();
        assert!(matches!(error, Error::Timeout { sent: false, .. }) && !server.is_down(), "{error}");
    }
}
