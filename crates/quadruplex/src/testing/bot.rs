use std::fmt;
use std::sync::Arc;

use quadruplex_store::{Memory, OwnUser};

use super::Sandbox;
use crate::app::Report;
use crate::{App, Client, Result, Router, Running};

/// A bot that runs in a [`Sandbox`]. It stops when it is dropped.
pub struct Bot {
    pub(super) id: i64,
    username: String,
    telegram: Sandbox,
    store: Memory,
    running: Option<Running>,
    client: Client,
}

impl Bot {
    pub(super) async fn start(telegram: &Sandbox, app: App, id: i64, username: String) -> Result<Self> {
        let store = Memory::new();
        let (client, running) = launch(telegram, app, id, &store).await?;
        Ok(Self { id, username, telegram: telegram.clone(), store, running: Some(running), client })
    }

    /// Its public name, without `@`.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// Its client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// What it keeps across restarts: its [dead letters](quadruplex_store::Store::dead_letters), for instance.
    pub fn store(&self) -> &Memory {
        &self.store
    }

    /// Stops it as a crash would, and starts it again with these handlers and what its store holds: what was not handled comes again.
    ///
    /// # Errors
    /// As [`App::start`].
    ///
    /// # Cancel safety
    /// If it is dropped, the bot may be stopped.
    pub async fn restart(&mut self, router: Router) -> Result {
        self.restart_app(App::new(router)).await
    }

    /// [`restart`](Self::restart) as this application says.
    ///
    /// # Errors
    /// As [`App::start`].
    ///
    /// # Cancel safety
    /// If it is dropped, the bot may be stopped.
    pub async fn restart_app(&mut self, app: App) -> Result {
        if let Some(running) = self.running.take() {
            running.abort();
        }
        self.client.close().await;
        let (client, running) = launch(&self.telegram, app, self.id, &self.store).await?;
        self.client = client;
        self.running = Some(running);
        Ok(())
    }
}

async fn launch(telegram: &Sandbox, app: App, id: i64, store: &Memory) -> Result<(Client, Running)> {
    let client = telegram.client(OwnUser { id, bot: true }, store.clone()).await?;
    let facts = Arc::clone(&telegram.shared.facts);
    let report = Report::new(move |failure| facts.failed(failure));
    let running = app.client(client.clone()).report(report).start().await?;
    Ok((client, running))
}

impl fmt::Debug for Bot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bot").field("id", &self.id).field("username", &self.username).finish_non_exhaustive()
    }
}
