use std::time::Duration;

use quadruplex::net::{CloseReason, State};
use quadruplex::{Builder, Client, Error, Servers};
use tokio::time::{sleep, timeout};

use super::guests::Guest;
use super::servers::any_application;
use crate::failure::{Failure, Kind};
use crate::feed::Feed;

/// A client and what has to live as long as it.
pub(crate) struct Connected {
    pub(crate) client: Client,
    /// Whether the server is a sandbox.
    pub(crate) is_sandbox: bool,
    /// How long a command does without a connection.
    pub(super) patience: Duration,
    pub(super) servers: Servers,
    /// The options that lead to this server, and to this account.
    pub(super) options: (String, String),
    pub(super) _guest: Option<Guest>,
}

impl Connected {
    /// The messages that come from now on.
    pub(crate) async fn feed(&self) -> Result<Feed, Failure> {
        Ok(Feed::open(&self.client).await?)
    }

    /// Makes a client of another account of the sandbox.
    pub(crate) fn another(&self) -> Builder {
        let api = any_application();
        Client::builder(api.id, api.hash).servers(self.servers.clone())
    }

    /// Does something that needs the server, and gives up when the server has been away for too long: a call would wait for it
    /// for ever, which a command must not.
    pub(crate) async fn while_connected<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        tokio::select! {
            done = work => done.map_err(|failure| self.explained(if self.is_sandbox { failure.in_sandbox() } else { failure })),
            failure = self.lost() => Err(failure),
        }
    }

    /// What is advised has to lead to the same server.
    fn explained(&self, failure: Failure) -> Failure {
        let (server, account) = &self.options;
        failure.with_options(server, account)
    }

    /// Why nothing comes any more, although nobody has asked for the end.
    pub(crate) async fn ended(&self) -> Failure {
        self.explained(self.why_ended().await)
    }

    async fn why_ended(&self) -> Failure {
        if let Some(error) = self.client.login_lost() {
            return Failure::new(Kind::Session, format!("Telegram has ended this login: {error}\n  help: quadruplex login"));
        }
        let closed = match self.client.connection() {
            Ok(mut state) => {
                // The updates end first.
                let _ = timeout(self.patience, state.wait_for(|state| matches!(state, State::Closed(_)))).await;
                let reason = if let State::Closed(reason) = &*state.borrow() { reason.clone() } else { CloseReason::Requested };
                Error::Closed(reason)
            }
            Err(error) => error,
        };
        let Error::Closed(CloseReason::Requested) = closed else { return closed.into() };
        let text = "another process has taken this session over\n  help: one process at a time has an account; --as NAME for another one";
        Failure::new(Kind::Session, text)
    }

    /// Resolves when there has been no connection for too long.
    async fn lost(&self) -> Failure {
        match self.away().await {
            Ok(text) => {
                let text = format!("{text}\n  help: what was asked may have been done; look before you repeat it");
                Failure::new(Kind::Connection, text)
            }
            Err(error) => {
                // Nothing waits for a client that is closed: what was done with it knows better why it was.
                sleep(self.patience).await;
                error.into()
            }
        }
    }

    /// Resolves when there has been no connection for too long, with what is known of it.
    ///
    /// # Errors
    /// There will be none any more: the client is closed.
    pub(crate) async fn away(&self) -> Result<String, Error> {
        loop {
            let mut state = self.client.connection()?;
            let is_away = |state: &State| !matches!(state, State::Ready { .. });
            if state.wait_for(is_away).await.is_err() {
                // The connection was replaced by one to another data centre.
                sleep(Duration::from_millis(10)).await;
                continue;
            }
            if timeout(self.patience, state.wait_for(|state| !is_away(state))).await.is_err() {
                let reason = match &*state.borrow() {
                    State::Connecting { error: Some(error), .. } => format!("\n  the last attempt to connect again: {error}"),
                    _ => String::new(),
                };
                return Ok(format!("the connection was lost and has not come back for {:?}{reason}", self.patience));
            }
        }
    }

    /// Resolves when there is a connection again.
    ///
    /// # Errors
    /// There will be none any more: the client is closed.
    pub(crate) async fn back(&self) -> Result<(), Error> {
        loop {
            let mut state = self.client.connection()?;
            if state.wait_for(|state| matches!(state, State::Ready { .. })).await.is_ok() {
                return Ok(());
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Writes what has to be kept and lets go of everything.
    pub(crate) async fn close(self) {
        self.client.close().await;
    }
}
