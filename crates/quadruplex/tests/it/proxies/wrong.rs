//! What does not work: named, or left for what works.

use super::*;

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
