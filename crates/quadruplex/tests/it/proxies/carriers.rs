//! Telegram in WebSockets, in HTTP, and in streams that are obfuscated.

use super::*;

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
