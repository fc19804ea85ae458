//! The client through proxies of every kind, in memory.

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

#[tokio::test(start_paused = true)]
async fn what_fails_is_left_for_what_works() {
    let telegram = sandbox(&format!("dd{KEY}")).await;
    let world = World::new(&telegram);
    let (refused, stalled) = ("10.0.0.1:1080", "10.0.0.2:443");
    world.beside.fault(stalled.parse().unwrap(), Fault::Stalled);
    let mut policy: Policy =
        format!("socks5://{refused}, then socks5://{stalled}, then {}", telegram.mtproxy().unwrap().to_link()).parse().unwrap();
    policy.patience = Duration::from_secs(3);
    let began = tokio::time::Instant::now();
    let client = sign_in(&telegram, builder(&telegram, &world, "direct").policy(policy), "15550001").await;
    client.call(api::functions::help::GetConfig).await.unwrap();
    let tried = [refused.parse().unwrap(), stalled.parse().unwrap(), address(&telegram).unwrap()];
    assert_eq!(world.connected()[..3], tried);
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    client.close().await;
}

#[tokio::test]
async fn websockets_lead_there_too_through_any_proxy() {
    let telegram = sandbox(KEY).await;
    let world = World::new(&telegram);
    world.serve_proxies();
    for policy in ["direct", "socks5://10.0.0.1:1080"] {
        for transport in [Transport::Abridged, Transport::PaddedIntermediate, Transport::Full] {
            let builder = builder(&telegram, &world, policy).carrier(Carrier::WebSocket(Web::Addresses)).transport(transport, false);
            let client = sign_in(&telegram, builder, "15550001").await;
            assert!(a_file_comes_back(&client, "@bobby").await, "{policy} {transport:?}");
            client.close().await;
        }
    }
}

#[tokio::test]
async fn telegrams_own_websockets_are_found_by_their_names_and_in_tls() {
    let telegram = sandbox(KEY).await;
    let world = World::new(&telegram);
    let hosts = ["pluto.web.telegram.org", "venus.web.telegram.org"];
    let server = TlsServer::new(&hosts, &[]).unwrap();
    for (host, (dc, address)) in hosts.into_iter().zip(telegram.addresses()) {
        let at = SocketAddr::from(([10, 0, 0, dc as u8], 443));
        world.beside.name(host, &[at.ip()]);
        let (server, sandbox) = (server.clone(), world.sandbox.clone());
        world.beside.serve(at, move |stream: DuplexStream| {
            let (server, sandbox) = (server.clone(), sandbox.clone());
            async move {
                let Ok(mut stream) = server.accept(stream).await else { return };
                let mut behind = sandbox.connect(address).await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut behind).await;
            }
        });
    }
    let by = |web: Web| builder(&telegram, &world, "direct").carrier(Carrier::WebSocket(web));
    // Bobby lives in the second data centre.
    let client = sign_in(&telegram, by(Web::Telegram(server.trusted().unwrap())), "15550002").await;
    let file = client.upload(UploadSource::bytes("seven.bin", vec![7; 300_000])).await.unwrap();
    assert!(client.send_file("@alice", file).await.unwrap().download().to_memory(1 << 20).await.unwrap() == vec![7; 300_000]);
    client.close().await;
    let mut asked = world.beside.resolved();
    asked.sort();
    asked.dedup();
    assert_eq!(asked, hosts);
    assert!(world.connected().iter().all(|at| at.port() == 443), "none but those");

    let stranger = TlsServer::new(&hosts, &[]).unwrap().trusted().unwrap();
    let error = error(by(Web::Telegram(stranger))).await;
    assert!(error.contains("TLS: invalid peer certificate"), "{error}");
}

#[tokio::test]
async fn http_leads_there_too_through_any_proxy() {
    let telegram = sandbox(KEY).await;
    let world = World::new(&telegram);
    world.serve_proxies();
    for policy in ["direct", "http://10.0.0.2:3128", "socks5://10.0.0.1:1080+http://10.0.0.2:3128"] {
        // Bob lives in the second data centre, so that the first one sends him there.
        let client = sign_in(&telegram, builder(&telegram, &world, policy).carrier(Carrier::Http), "15550002").await;
        assert!(a_file_comes_back(&client, "@alice").await, "{policy}");
        let connected = world.connected();
        let directly = connected.iter().filter(|at| world.addresses.contains(at)).count();
        assert!(connected.len() >= 4 && (policy == "direct" || directly < connected.len()), "{policy}: {connected:?}");
        client.close().await;
    }
}

#[tokio::test(start_paused = true)]
async fn servers_without_http_are_named() {
    let telegram = sandbox(KEY).await;
    let world = World::new(&telegram);
    let check = async |fault: Fault, expect: &str| {
        let at: SocketAddr = "10.0.0.1:80".parse().unwrap();
        world.beside.fault(at, fault);
        // Port 80 is asked where 443 is known.
        let servers = Servers::custom(1, [(1, "10.0.0.1:443".parse().unwrap())], telegram.public_key());
        let builder = builder(&telegram, &world, "direct").servers(servers).carrier(Carrier::Http);
        let error = error(builder).await;
        assert!(error.contains(expect), "{error}");
    };
    check(Fault::Refused, "connection refused").await;
    check(Fault::Speaks(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n".to_vec()), "HTTP: the server answers 502").await;
    check(Fault::Speaks(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec()), "transport error -404").await;
    check(Fault::Speaks(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n".to_vec()), "longer than any packet").await;
    check(Fault::Speaks(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec()), "length is not told").await;
    check(Fault::Speaks(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec()), "HTTP: the other end speaks another protocol").await;
    check(Fault::Stalled, "gave no sign of life").await;
}

#[tokio::test(start_paused = true)]
async fn servers_without_websockets_are_named() {
    let telegram = sandbox(KEY).await;
    let world = World::new(&telegram);
    let check = async |fault: Fault, expect: &str| {
        let at: SocketAddr = "10.0.0.1:80".parse().unwrap();
        world.beside.fault(at, fault);
        let servers = Servers::custom(1, [(1, at)], telegram.public_key());
        let builder = builder(&telegram, &world, "direct").servers(servers).carrier(Carrier::WebSocket(Web::Addresses));
        let error = error(builder).await;
        assert!(error.contains(expect), "{error}");
    };
    check(Fault::Speaks(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec()), "WebSocket: the server answers 404").await;
    check(Fault::Speaks(b"SSH-2.0-OpenSSH\r\n\r\n".to_vec()), "WebSocket: ").await;
    check(Fault::Stalled, "not connected within 10s").await;
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

#[tokio::test(start_paused = true)]
async fn a_secret_that_is_not_the_proxy_s_is_named() {
    let (other, disguised) = (KEY.replace("0f", "0e"), format!("ee{KEY}{DOMAIN}"));
    let check = async |served: &str, used: &str, expect: &str| {
        let telegram = sandbox(served).await;
        let world = World::new(&telegram);
        let server = telegram.mtproxy().unwrap().server;
        let link = format!("tg://proxy?server=127.0.0.1&port={}&secret={used}", server.port);
        let error = error(builder(&telegram, &world, &link)).await;
        assert!(error.contains(expect), "{served} {used}: {error}");
        assert!(!error.contains(KEY) && !error.contains(&other), "the secret is shown: {error}");
    };
    let closed = "closed the connection before the first answer: perhaps its secret is another one";
    check(KEY, &other, closed).await;
    check(&format!("dd{KEY}"), &format!("dd{other}"), closed).await;
    check(&format!("dd{KEY}"), KEY, closed).await;
    check(&disguised, &format!("dd{KEY}"), closed).await;
    let shaken = "closed the connection during the handshake: it may know another secret, or another time";
    check(&disguised, &format!("ee{other}{DOMAIN}"), shaken).await;
    check(&disguised, &format!("ee{KEY}6578616d706c65"), shaken).await;
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_a_disguised_client_may_be_a_little_wrong() {
    let telegram = sandbox(&format!("ee{KEY}{DOMAIN}")).await;
    let world = World::new(&telegram);
    let link = telegram.mtproxy().unwrap().to_link();
    let ahead = |seconds: u64| {
        let now = move || SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(seconds);
        builder(&telegram, &world, &link).environment(Environment::system().with_wall_clock(now))
    };
    let client = ahead(100).connect_in_memory().await.unwrap();
    client.call(api::functions::help::GetConfig).await.unwrap();
    client.close().await;
    assert!(error(ahead(150)).await.contains("it may know another secret, or another time"));
}

#[tokio::test(start_paused = true)]
async fn whoever_was_at_a_server_before_knows_what_time_it_is() {
    let telegram = sandbox(&format!("ee{KEY}{DOMAIN}")).await;
    let world = World::new(&telegram);
    let link = telegram.mtproxy().unwrap().to_link();
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let late = Environment::system().with_wall_clock(move || now() - Duration::from_secs(3600));
    let by = |policy: &str| builder(&telegram, &world, policy).environment(late.clone());
    assert!(error(by(&link)).await.contains("it may know another secret, or another time"));
    for policy in ["direct", &link] {
        let client = by(policy).connect_in_memory().await.unwrap();
        client.call(api::functions::help::GetConfig).await.unwrap();
        client.close().await;
    }
    assert!(now().abs_diff(late.server_time()) < Duration::from_secs(60));
}

/// The first four bytes of every stream to a world.
#[derive(Clone, Debug)]
struct Overheard(World, Arc<Mutex<Vec<[u8; 4]>>>);

impl Connect for Overheard {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, std::io::Result<Box<dyn Stream>>> {
        Box::pin(async move {
            let (mut inner, heard) = (self.0.connect(address).await?, self.1.clone());
            let (near, mut far) = duplex(64 << 10);
            tokio::spawn(async move {
                let mut first = [0; 4];
                far.read_exact(&mut first).await?;
                heard.lock().unwrap().push(first);
                inner.write_all(&first).await?;
                copy_bidirectional(&mut far, &mut inner).await
            });
            Ok(Box::new(near) as Box<dyn Stream>)
        })
    }
}

#[tokio::test]
async fn addresses_that_take_obfuscated_streams_only_get_no_other() {
    let telegram = sandbox(KEY).await;
    let world = World::new(&telegram);
    for (transport, only_obfuscated) in [(Transport::Abridged, false), (Transport::Abridged, true), (Transport::Full, true)] {
        let overheard = Overheard(world.clone(), Arc::default());
        let network = Network { connect: Arc::new(overheard.clone()), ..world.network() };
        let mut servers = Servers::custom(1, telegram.addresses(), telegram.public_key());
        if only_obfuscated {
            std::mem::swap(&mut servers.addresses, &mut servers.obfuscated);
        }
        let client = builder(&telegram, &world, "direct").servers(servers).network(network).transport(transport, false);
        let client = client.connect_in_memory().await.unwrap();
        client.call(api::functions::help::GetConfig).await.unwrap();
        client.close().await;
        let heard = overheard.1.lock().unwrap().clone();
        assert!(!heard.is_empty());
        // An obfuscated stream begins with neither, whatever is drawn.
        let is_plain = |first: &[u8; 4]| first[0] == 0xef || *first == [0xee; 4];
        assert_eq!(heard.iter().any(is_plain), !only_obfuscated, "{transport:?}: {heard:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn servers_that_are_no_proxies_are_named() {
    let telegram = sandbox(KEY).await;
    let world = World::new(&telegram);
    let check = async |secret: &str, fault: Fault, expect: &str| {
        world.beside.fault("10.0.0.1:443".parse().unwrap(), fault);
        let link = format!("tg://proxy?server=10.0.0.1&port=443&secret={secret}");
        let error = error(builder(&telegram, &world, &link)).await;
        assert!(error.contains(expect), "{error}");
    };
    let disguised = format!("ee{KEY}{DOMAIN}");
    check(KEY, Fault::Refused, "connection refused").await;
    check(KEY, Fault::Stalled, "gave no sign of life").await;
    check(&disguised, Fault::Stalled, "not connected within 10s").await;
    check(&disguised, Fault::Speaks(b"\x15\x03\x03\x00\x02\x02\x28".to_vec()), "refused with TLS alert 40").await;
    check(&disguised, Fault::Speaks(b"SSH-2.0-OpenSSH\r\n".to_vec()), "no TLS record").await;
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_cuts_the_stream_anywhere_costs_no_call() {
    let telegram = sandbox(&format!("ee{KEY}{DOMAIN}")).await;
    let world = World::new(&telegram);
    let (proxy, behind) = (SocketAddr::from(([10, 0, 0, 1], 443)), address(&telegram).unwrap());
    let sandbox = world.sandbox.clone();
    world.beside.serve(proxy, move |mut stream: DuplexStream| {
        let sandbox = sandbox.clone();
        async move {
            let mut behind = sandbox.connect(behind).await.unwrap();
            let _ = copy_bidirectional(&mut stream, &mut behind).await;
        }
    });
    let link = format!("tg://proxy?server=10.0.0.1&port=443&secret=ee{KEY}{DOMAIN}");
    // In the handshake of the proxy, in the exchange of the key, in the answer.
    for count in [0, 3, 127, 200, 2_000, 4_100, 4_500, 5_200] {
        world.beside.fault(proxy, Fault::CutAfter(count));
        let client = builder(&telegram, &world, &link).connect_in_memory().await.unwrap();
        let mut state = client.connection().unwrap();
        let called = client.clone();
        let call = tokio::spawn(async move { called.call(api::functions::help::GetConfig).await });
        let failed = |state: &State| matches!(state, State::Connecting { failed: 1.., .. });
        timeout(Duration::from_secs(600), state.wait_for(failed)).await.expect("it is cut").unwrap();
        world.beside.heal(proxy);
        call.await.unwrap().unwrap();
        client.close().await;
    }
}
