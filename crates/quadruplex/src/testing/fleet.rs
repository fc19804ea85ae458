use std::fmt;
use std::sync::Arc;

use quadruplex_store::{OwnUser, Session};

use super::{Chat, Machine, Sandbox, User};
use crate::cluster::Memory;
use crate::fleet::Connect;
use crate::{Fleet, FleetMachine, Result};

/// A [`Fleet`] in a [`Sandbox`]. Clones are the same.
#[derive(Clone)]
pub struct FleetOfTest {
    telegram: Sandbox,
    memory: Memory,
}

impl FleetOfTest {
    pub(super) fn new(telegram: &Sandbox) -> Self {
        Self { telegram: telegram.clone(), memory: Memory::new() }
    }

    /// Reaches it from outside.
    ///
    /// # Errors
    /// As [`Fleet::connect`].
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn connect(&self) -> Result<Fleet> {
        Ok(Fleet::connect(self.memory.machine()).await?)
    }

    /// A new bot, which is signed in and in no fleet yet, and the chat of a person with it.
    ///
    /// # Errors
    /// The sandbox takes no more bots.
    ///
    /// # Cancel safety
    /// If it is dropped, the bot may be there.
    pub async fn bot(&self, person: &User) -> Result<(Session, Chat)> {
        let (id, username) = self.telegram.new_bot()?;
        let session = self.telegram.login(OwnUser { id, bot: true }, &self.telegram.environment())?;
        Ok((session, person.open_bot(id, &username).await?))
    }

    /// Starts a machine.
    ///
    /// # Errors
    /// The handlers need what the router does not have.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn machine(&self, machine: FleetMachine) -> Result<Machine> {
        let (memory, telegram) = (self.memory.machine(), self.telegram.clone());
        let connect: Connect = Arc::new(move |_, store, session| {
            let telegram = telegram.clone();
            Box::pin(async move { telegram.client_of(session, store).await })
        });
        let running = machine.start(Arc::new(memory.clone()), self.telegram.environment(), connect)?;
        Ok(Machine::of_fleet(memory, running))
    }
}

impl fmt::Debug for FleetOfTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetOfTest").finish_non_exhaustive()
    }
}
