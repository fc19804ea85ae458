use std::time::Duration;

use quadruplex::api::functions::account;
use quadruplex::net::State;
use quadruplex::{Client, SignIn};
use tokio::time::{Instant, timeout};

use super::server::Server;

/// How long a connection may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Somebody with an account and a client of one's own.
#[derive(Debug)]
pub(crate) struct Actor {
    pub(crate) name: &'static str,
    pub(crate) client: Client,
    phone: &'static str,
    /// How long the first key exchange took.
    pub(crate) exchange: Duration,
}

impl Actor {
    /// Connects, which exchanges a key.
    pub(crate) async fn connect(server: &Server, name: &'static str, phone: &'static str) -> Result<Self, String> {
        let client = Client::builder(1, "demo").servers(server.servers()).connect_in_memory().await.map_err(text)?;
        let mut state = client.connection().map_err(text)?;
        let ready = timeout(PATIENCE, state.wait_for(|state| matches!(state, State::Ready { .. } | State::Closed(_)))).await;
        let exchange = match ready {
            Ok(Ok(state)) => match &*state {
                State::Ready { exchange: Some(took), .. } => *took,
                state => return Err(format!("{name}: no key was exchanged: {state:?}")),
            },
            _ => return Err(format!("{name}: no connection after {PATIENCE:?}")),
        };
        Ok(Self { name, client, phone, exchange })
    }

    /// Signs in with the code that the server sends, into a new account. Returns how long it took.
    pub(crate) async fn sign_in(&self, server: &Server) -> Result<Duration, String> {
        let started = Instant::now();
        let code = self.client.request_code(self.phone).await.map_err(text)?;
        let typed = server.code(self.phone).await?;
        if let SignIn::SignUpNeeded = self.client.sign_in(&code, &typed).await.map_err(text)? {
            self.client.sign_up(&code, self.name, "").await.map_err(text)?;
        }
        self.client.call(account::UpdateUsername::new(self.name.to_lowercase())).await.map_err(text)?;
        Ok(started.elapsed())
    }

    /// How others write to it.
    pub(crate) fn username(&self) -> String {
        format!("@{}", self.name.to_lowercase())
    }
}

/// An error of the client as the reason why a step failed.
pub(crate) fn text(error: quadruplex::Error) -> String {
    error.to_string()
}
