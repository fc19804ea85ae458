//! Whom a command talks to: which servers, which application, which account.

mod connected;
mod duration;
mod guests;
mod host;
mod servers;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use quadruplex::net::{Carrier, CloseReason, Doh, DohServer, Network, Order, Policy, Proxy, State, Tls, Web, awaitkit_dial};
use quadruplex::store::{Error as StoreError, Store};
use quadruplex::{Client, Error, Transport, sandbox};
use quadruplex_stores::Error as StoresError;
use tokio::time::timeout;

use crate::Context;
use crate::failure::{Failure, Kind};
use crate::sessions::{about_key, open_file};
pub(crate) use connected::Connected;
pub(crate) use host::{Hosting, Registration, forget_lost_logins};
pub(crate) use quadruplex::Variables;
use servers::Place;

/// The options by which every command that talks to Telegram is told where.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Server and account")]
pub(crate) struct Target {
    /// Use the sandbox: the one that is running, else one that is started now and ends with the command.
    #[arg(long, conflicts_with_all = ["server", "test_servers"])]
    sandbox: bool,
    /// Use the server at this address.
    #[arg(long, value_name = "ADDR", requires = "rsa_key", conflicts_with = "test_servers", value_parser = address)]
    server: Option<SocketAddr>,
    /// The data centre that the server is.
    #[arg(long, value_name = "N", requires = "server", default_value_t = 1)]
    dc: i32,
    /// The server's public RSA key (PKCS#1, PEM).
    #[arg(long, value_name = "FILE", requires = "server")]
    rsa_key: Option<PathBuf>,
    /// Use Telegram's test servers.
    #[arg(long)]
    test_servers: bool,
    /// How packets are delimited.
    #[arg(long, value_enum, default_value_t = Framing::Abridged)]
    transport: Framing,
    /// Make the stream look like noise to who watches it.
    #[arg(long)]
    obfuscated: bool,
    /// Use WebSockets, as Telegram's web clients do; in TLS, except to a sandbox or a server of one's own.
    #[arg(long, conflicts_with = "http")]
    websocket: bool,
    /// Use HTTP, where nothing else passes: packets are requests, one of which waits for news at all times.
    #[arg(long, conflicts_with_all = ["transport", "obfuscated"])]
    http: bool,
    /// Go through this proxy: tg://proxy?…, https://t.me/proxy?…, tg://socks?…, socks5://…, http://…; several are tried in turn.
    #[arg(long, value_name = "LINK")]
    proxy: Vec<Proxy>,
    /// Whether proxies are used always (only), before (proxy-first) or after the direct way (direct-first), or not at all (never).
    #[arg(long, value_name = "ORDER", default_value_t = Order::Only, requires = "proxy")]
    proxy_order: Order,
    /// Look names up by DNS over HTTPS, at Cloudflare, Google and Quad9; by the system when none of them answers.
    #[arg(long)]
    doh: bool,
    /// Another resolver for --doh: its name and where it is, dns.example@192.0.2.1:443; several are asked in turn.
    #[arg(long, value_name = "NAME@ADDR", requires = "doh")]
    doh_server: Vec<DohServer>,
    /// The certificates that those resolvers may have (PEM), instead of what Mozilla trusts.
    #[arg(long, value_name = "FILE", requires = "doh_server")]
    doh_certificate: Option<PathBuf>,
    /// The application id from <https://my.telegram.org/apps>; else API_ID in the environment or in `.env`.
    #[arg(long, value_name = "ID")]
    api_id: Option<String>,
    /// The hash that goes with it; else API_HASH.
    #[arg(long, value_name = "HASH")]
    api_hash: Option<String>,
    /// The account, where there are several: the name of its session; in the sandbox, the name of a person.
    #[arg(long = "as", value_name = "NAME", default_value = "me", value_parser = account_name)]
    account: String,
    /// How long to wait for a connection.
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = duration::parse)]
    timeout: Duration,
    /// How long to wait for the session when another process has it.
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = duration::parse)]
    wait: Duration,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Framing {
    Abridged,
    Intermediate,
    Padded,
    Full,
}

impl Target {
    /// Takes the sandbox where no server is named.
    pub(crate) fn prefer_sandbox(&mut self) -> Result<(), Failure> {
        if self.server.is_some() || self.test_servers {
            let text =
                "nobody to talk with is named\n  help: quadruplex chat PEER; without one the sandbox is meant, and another server is named";
            return Err(Failure::new(Kind::Usage, text));
        }
        self.sandbox = true;
        Ok(())
    }

    /// Connects, with an account that is signed in. In the sandbox whoever is named is signed in, and made if there is no such person.
    pub(crate) async fn sign_in(&self, context: &Context) -> Result<Connected, Failure> {
        let connected = self.sign_in_if_possible(context).await?;
        self.check_signed_in(&connected.client)?;
        Ok(connected)
    }

    pub(crate) fn check_signed_in(&self, client: &Client) -> Result<(), Failure> {
        if client.own_user().is_some() {
            return Ok(());
        }
        let text = format!("not signed in\n  there is no login for the account `{}`\n  help: quadruplex login", self.account);
        let (server, account) = self.options();
        Err(Failure::new(Kind::Session, text).with_options(&server, &account))
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// Connects, with an account if there is one: for calls that need none.
    pub(crate) async fn sign_in_if_possible(&self, context: &Context) -> Result<Connected, Failure> {
        let connected = self.connect(context).await?;
        if connected.is_sandbox && connected.client.own_user().is_none() {
            connected.while_connected(self.sign_in_person(&connected.client)).await?;
        }
        Ok(connected)
    }

    /// Signs in the person of the sandbox that is named.
    pub(crate) async fn sign_in_person(&self, client: &Client) -> Result<(), Failure> {
        Ok(sandbox::sign_in(client, &self.account).await?)
    }

    /// Connects, signed in or not.
    pub(crate) async fn connect(&self, context: &Context) -> Result<Connected, Failure> {
        let (server, account) = self.options();
        self.try_to_connect(context).await.map_err(|failure| failure.with_options(&server, &account))
    }

    async fn try_to_connect(&self, context: &Context) -> Result<Connected, Failure> {
        if self.obfuscated && matches!(self.transport, Framing::Full) {
            let text = "the full transport cannot be obfuscated\n  help: --transport abridged, intermediate or padded can";
            return Err(Failure::new(Kind::Usage, text));
        }
        let Place { servers, sessions, api, guest, is_sandbox } = Place::find(self, context).await?;
        let store = self.open(sessions).await?;
        let builder = Client::builder(api.id, api.hash).servers(servers.clone()).transport(self.transport.into(), self.obfuscated);
        let builder =
            if self.proxy.is_empty() { builder } else { builder.policy(Policy::new(self.proxy_order, self.proxy.iter().cloned())) };
        let builder = if self.doh { builder.network(self.by_doh()?) } else { builder };
        let builder = builder.carrier(self.carrier());
        let client = match store {
            Some(store) => builder.connect(store).await?,
            None => builder.connect_in_memory().await?,
        };
        self.wait_until_ready(&client).await?;
        // A session that was imported need not say whose it is.
        if let Ok(known) = timeout(self.timeout, client.whoami()).await {
            known?;
        }
        Ok(Connected { client, is_sandbox, patience: self.timeout, servers, options: self.options(), _guest: guest })
    }

    /// The network with names from strangers that are trusted more than the system.
    fn by_doh(&self) -> Result<Network, Failure> {
        let mut names = Doh::new(awaitkit_dial::Dialer::default());
        if !self.doh_server.is_empty() {
            names = names.servers(self.doh_server.iter().cloned());
        }
        if let Some(path) = &self.doh_certificate {
            let unread = |error| Failure::new(Kind::Usage, format!("--doh-certificate {}: {error}", path.display()));
            names = names.tls(Tls::trusting_pem(&std::fs::read(path).map_err(unread)?).map_err(unread)?);
        }
        Ok(Network { names: Arc::new(names), ..Network::default() })
    }

    fn carrier(&self) -> Carrier {
        match self.websocket {
            true if self.sandbox || self.server.is_some() => Carrier::WebSocket(Web::Addresses),
            true => Carrier::WebSocket(Web::Telegram(Tls::new())),
            false if self.http => Carrier::Http,
            false => Carrier::Tcp,
        }
    }

    /// The store of the session; `None` for one that is lost with the process. A person of the sandbox may be in two places.
    async fn open(&self, sessions: Option<PathBuf>) -> Result<Option<Arc<dyn Store>>, Failure> {
        let Some(directory) = sessions else { return Ok(None) };
        let wait = if self.sandbox { Duration::ZERO } else { self.wait };
        // What lies beside it in the state of the sandbox is open to everybody.
        match open_file(&directory.join(format!("{}.redb", self.account)), wait, !self.sandbox).await {
            Ok(store) => Ok(Some(store)),
            Err(StoresError::Store(StoreError::InUse { .. })) if self.sandbox => Ok(None),
            Err(error) => Err(unusable(error)),
        }
    }

    async fn wait_until_ready(&self, client: &Client) -> Result<(), Failure> {
        let mut state = client.connection()?;
        let ready = timeout(self.timeout, state.wait_for(|state| matches!(state, State::Ready { .. } | State::Closed(_)))).await;
        if ready.is_ok_and(|state| state.is_ok_and(|state| matches!(*state, State::Ready { .. }))) {
            return Ok(());
        }
        if let State::Closed(reason @ CloseReason::UnknownKey) = &*state.borrow() {
            return Err(Error::Closed(reason.clone()).into());
        }
        let place = match self.server {
            Some(address) => format!("{address} (data centre {})", self.dc),
            None => format!("data centre {}", client.home_dc()),
        };
        // That of the connection that was waited for: asking for it again may begin another.
        let reason = match &*state.borrow() {
            State::Connecting { error: Some(error), .. } => format!("tried for {:?}; the last attempt: {error}", self.timeout),
            State::Closed(CloseReason::Handshake(error)) => format!("the key exchange failed: {error}"),
            State::Closed(reason) => reason.to_string(),
            _ => format!("no answer within {:?}", self.timeout),
        };
        let help = if !self.proxy.is_empty() {
            "is the proxy running, at this address and with this secret? --proxy-order says whether the direct way may be tried"
        } else if self.server.is_some() {
            "is the server running, at this address and with this key?"
        } else {
            "is there a network?"
        };
        Err(Failure::new(Kind::Connection, format!("no connection to {place}\n  {reason}\n  help: {help}")))
    }

    /// The options that lead to the same server, and those that lead to the same account.
    fn options(&self) -> (String, String) {
        let mut server = String::new();
        if self.sandbox {
            server += " --sandbox";
        }
        if let (Some(address), Some(key)) = (self.server, &self.rsa_key) {
            server += &format!(" --server {address} --dc {} --rsa-key {}", self.dc, key.display());
        }
        if self.test_servers {
            server += " --test-servers";
        }
        let account = if self.account == "me" { String::new() } else { format!(" --as {}", self.account) };
        (server, account)
    }
}

impl From<Framing> for Transport {
    fn from(framing: Framing) -> Self {
        match framing {
            Framing::Abridged => Self::Abridged,
            Framing::Intermediate => Self::Intermediate,
            Framing::Padded => Self::PaddedIntermediate,
            Framing::Full => Self::Full,
        }
    }
}

/// Where something is, or listens.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "it is written 192.0.2.1:443, without a name".to_owned())
}

/// A number; what the standard library says of others helps nobody.
pub(crate) fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "it is no whole number, or too large".to_owned())
}

/// Somebody who is named at all.
pub(crate) fn peer(text: &str) -> Result<String, String> {
    let is_named = !text.trim().trim_start_matches('@').is_empty();
    is_named.then(|| text.to_owned()).ok_or_else(|| "nobody is named: @name, me, a link, a number, an id".to_owned())
}

/// A session that cannot be opened: another one has another name.
fn unusable(error: StoresError) -> Failure {
    let help = match &error {
        _ if about_key(&error).is_some() => None,
        StoresError::Store(StoreError::Corrupt { .. }) => Some("restore a copy of it, or take another session: --as NAME"),
        StoresError::Store(StoreError::Newer { .. }) => Some("use the newer release, or take another session: --as NAME"),
        _ => None,
    };
    let failure = Failure::from(error);
    match help {
        Some(help) => failure.with_help(help),
        None => failure,
    }
}

/// A name becomes the name of a file, and in the sandbox that of a person.
pub(crate) fn account_name(name: &str) -> Result<String, String> {
    let good = |char: char| char.is_ascii_alphanumeric() || char == '_' || char == '-';
    if (1..=32).contains(&name.len()) && name.chars().all(good) {
        Ok(name.to_owned())
    } else {
        Err("a name has 1 to 32 letters, digits, - or _".to_owned())
    }
}
