//! The client through proxies of every kind, in memory.

mod carriers;
mod wrong;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use awaitkit_dial::testing::{Fault, MemoryNet, TlsServer, serve_http_proxy, serve_socks5};
use quadruplex::net::{BoxFuture, Carrier, Connect, Environment, Network, Policy, Proxy, State, Stream, Web};
use quadruplex::{Builder, Client, Servers, Transport, UploadSource, api};
use quadruplex_sandbox::{NewUser, Sandbox};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, copy_bidirectional, duplex};
use tokio::time::timeout;

use crate::common::person;

const KEY: &str = "000102030405060708090a0b0c0d0e0f";
const DOMAIN: &str = "7777772e6578616d706c652e6f7267";

/// A sandbox in memory, beside servers of the test's own.
#[derive(Clone, Debug)]
struct World {
    sandbox: Arc<dyn Connect>,
    addresses: Vec<SocketAddr>,
    beside: MemoryNet,
    connected: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Connect for World {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, std::io::Result<Box<dyn Stream>>> {
        self.connected.lock().unwrap().push(address);
        if self.addresses.contains(&address) { self.sandbox.connect(address) } else { self.beside.connect(address) }
    }
}

impl World {
    fn new(sandbox: &Sandbox) -> Self {
        let mut addresses: Vec<_> = sandbox.addresses().into_iter().map(|(_, address)| address).collect();
        addresses.extend(address(sandbox));
        Self { sandbox: sandbox.connector(), addresses, beside: MemoryNet::new(), connected: Arc::default() }
    }

    fn network(&self) -> Network {
        Network { connect: Arc::new(self.clone()), names: Arc::new(self.beside.clone()), ..Network::default() }
    }

    /// Begins a SOCKS5 proxy at 10.0.0.1:1080 and an HTTP one at 10.0.0.2:3128.
    fn serve_proxies(&self) {
        let network = self.network();
        self.beside.serve("10.0.0.1:1080".parse().unwrap(), move |stream: DuplexStream| {
            let network = network.clone();
            async move { drop(serve_socks5(stream, None, &network).await) }
        });
        let network = self.network();
        self.beside.serve("10.0.0.2:3128".parse().unwrap(), move |stream: DuplexStream| {
            let network = network.clone();
            async move { drop(serve_http_proxy(stream, None, &network).await) }
        });
    }

    fn connected(&self) -> Vec<SocketAddr> {
        std::mem::take(&mut *self.connected.lock().unwrap())
    }
}

/// Where the proxy of a sandbox is.
fn address(sandbox: &Sandbox) -> Option<SocketAddr> {
    sandbox.mtproxy().map(|proxy| proxy.server.to_string().parse().unwrap())
}

async fn sandbox(secret: &str) -> Sandbox {
    let telegram = Sandbox::builder().dcs(2).mtproxy(secret.parse().unwrap()).start().await.unwrap();
    telegram.create_user(person("Alice", "15550001")).unwrap();
    telegram.create_user(NewUser { dc: Some(2), ..person("Bobby", "15550002") }).unwrap();
    telegram
}

fn builder(telegram: &Sandbox, world: &World, policy: &str) -> Builder {
    let servers = Servers::custom(1, telegram.addresses(), telegram.public_key());
    Client::builder(1, "hash").servers(servers).network(world.network()).policy(policy.parse().unwrap())
}

async fn sign_in(telegram: &Sandbox, builder: Builder, phone: &str) -> Client {
    let client = builder.connect_in_memory().await.unwrap();
    let code = client.request_code(phone).await.unwrap();
    let typed = telegram.world().codes().last().unwrap().code.clone();
    client.sign_in(&code, &typed).await.unwrap();
    client
}

/// Sends somebody a file of several parts, and downloads what was sent.
async fn a_file_comes_back(client: &Client, to: &str) -> bool {
    let content = vec![7; 700_000];
    let file = client.upload(UploadSource::bytes("seven.bin", content.clone())).await.unwrap();
    let sent = client.send_file(to, file).await.unwrap();
    sent.download().to_memory(1 << 20).await.unwrap() == content
}

#[tokio::test]
async fn every_connection_leads_through_the_proxy_and_says_so() {
    for secret in [KEY.to_owned(), format!("dd{KEY}"), format!("ee{KEY}{DOMAIN}")] {
        let telegram = sandbox(&secret).await;
        let world = World::new(&telegram);
        let proxy = telegram.mtproxy().unwrap();
        let link = Proxy::from(proxy.clone()).to_link();
        // Bob lives in the second data centre: his sign-in moves there.
        let client = sign_in(&telegram, builder(&telegram, &world, &link), "15550002").await;
        assert!(a_file_comes_back(&client, "@alice").await, "{secret}: the file");
        let connected = world.connected();
        assert!(connected.len() >= 3, "{secret}: main connections and those for files: {connected:?}");
        assert!(connected.iter().all(|at| Some(*at) == address(&telegram)), "{secret}: {connected:?}");
        let told = telegram.told_proxies();
        assert!(!told.is_empty() && told.iter().all(|told| *told == Some(proxy.server.clone())), "{secret}: {told:?}");
        client.close().await;
    }
}

#[tokio::test]
async fn other_proxies_are_nobody_s_business() {
    let telegram = sandbox(KEY).await;
    let world = World::new(&telegram);
    world.serve_proxies();
    let link = "socks5://10.0.0.1:1080+http://10.0.0.2:3128";
    let client = sign_in(&telegram, builder(&telegram, &world, link), "15550001").await;
    client.send("@bobby", "hello").await.unwrap();
    assert_eq!(telegram.told_proxies(), [None]);
    assert_eq!(world.connected()[..3], ["10.0.0.1:1080", "10.0.0.2:3128", "127.0.0.1:1"].map(|at| at.parse().unwrap()));
    client.close().await;
    // An MTProto proxy behind another.
    let link = format!("socks5://10.0.0.1:1080+{}", telegram.mtproxy().unwrap().to_link());
    let client = sign_in(&telegram, builder(&telegram, &world, &link), "15550001").await;
    assert_eq!(world.connected()[..2], [Some("10.0.0.1:1080".parse().unwrap()), address(&telegram)].map(Option::unwrap));
    client.close().await;
}

/// The error of the first attempt.
async fn error(builder: Builder) -> String {
    let client = builder.connect_in_memory().await.unwrap();
    let mut state = client.connection().unwrap();
    let tried = |state: &State| matches!(state, State::Connecting { failed: 1.., .. });
    let state = timeout(Duration::from_secs(600), state.wait_for(tried)).await.expect("it ends").unwrap().clone();
    client.close().await;
    let State::Connecting { error: Some(error), .. } = state else { panic!("{state:?}") };
    error.to_string()
}
