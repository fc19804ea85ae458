//! FakeTLS by a clock that is wrong: the site behind which the proxy hides says what time it is, or a server did before.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use awaitkit_dial::Prefixed;
use awaitkit_dial::testing::{MemoryNet, TlsServer};
use bytes::BytesMut;
use quadruplex_mtproto::faketls::answer;
use quadruplex_net::{Dial, Dialer, Environment, Policy, Random, Server, Tls};
use rand_chacha::rand_core::SeedableRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

const PROXY: ([u8; 4], u16) = ([10, 0, 0, 1], 443);
const KEY: [u8; 16] = [7; 16];
const DOMAIN: &str = "example.org";
/// What time it is at the proxy and at its site.
const NOW: u64 = 1_800_000_000;

/// A proxy that leads everybody else on to a site, as published ones do; and what certificate the site has.
struct Hidden {
    net: MemoryNet,
    tls: Tls,
}

impl Hidden {
    /// `head` is what the site says.
    fn new(head: impl Into<String>) -> Self {
        let (site, head): (_, Arc<str>) = (TlsServer::new(&[DOMAIN], &["http/1.1"]).unwrap(), head.into().into());
        let tls = site.trusted().unwrap();
        let net = MemoryNet::new();
        net.serve(PROXY.into(), move |stream| serve(stream, site.clone(), head.clone()));
        Self { net, tls }
    }

    fn dialer(&self, key: &str, environment: Environment) -> Dialer {
        let domain: String = DOMAIN.bytes().map(|byte| format!("{byte:02x}")).collect();
        let policy: Policy = format!("tg://proxy?server=10.0.0.1&port=443&secret=ee{key}{domain}").parse().unwrap();
        Dialer::new(policy, self.net.network(), environment).tls(self.tls.clone())
    }

    fn connections(&self) -> usize {
        self.net.connected().len()
    }
}

async fn serve(mut stream: DuplexStream, site: TlsServer, head: Arc<str>) {
    let mut input = BytesMut::new();
    loop {
        // Whole, whoever it is for.
        let length = input.get(3..5).map_or(usize::MAX, |length| 5 + usize::from(u16::from_be_bytes([length[0], length[1]])));
        if input.len() >= length {
            break;
        }
        if stream.read_buf(&mut input).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let random = &mut Random::seed_from_u64(3);
    if let Ok(Some(answered)) = answer(&KEY, DOMAIN, NOW as u32, &mut input.clone(), random) {
        let _ = stream.write_all(&answered.bytes).await;
        let _ = stream.read(&mut [0; 64]).await;
        return;
    }
    let Ok(mut stream) = site.accept(Prefixed::new(input.to_vec(), stream)).await else { return };
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
    }
    assert!(request.starts_with(b"HEAD / HTTP/1.1\r\nhost: example.org\r\n"), "{}", String::from_utf8_lossy(&request));
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn good() -> String {
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(NOW));
    format!("HTTP/1.1 200 OK\r\ndate: {date}\r\n\r\n")
}

fn environment(unix: u64) -> Environment {
    Environment::simulated(Duration::from_secs(unix), 1)
}

async fn dial(dialer: &Dialer) -> Result<(), String> {
    let server = [SocketAddr::from(([149, 154, 167, 51], 443))];
    dialer.dial(Server { dc: 2, addresses: &server }).await.map(drop).map_err(|error| error.to_string())
}

const RIGHT: &str = "07070707070707070707070707070707";
const WRONG: &str = "08080808080808080808080808080808";

#[tokio::test(start_paused = true)]
async fn a_client_whose_clock_is_wrong_learns_the_time_and_is_let_in() {
    for wrong in [NOW + 3600, NOW - 3600, NOW - 121, 1_000_000] {
        let proxy = Hidden::new(good());
        let environment = environment(wrong);
        let dialer = proxy.dialer(RIGHT, environment.clone());
        assert_eq!(dial(&dialer).await, Ok(()), "{wrong}");
        assert_eq!(proxy.connections(), 3, "refused, asked, let in");
        assert_eq!(environment.server_time().as_secs(), NOW);
        assert_eq!(dial(&dialer).await, Ok(()), "{wrong}");
        assert_eq!(proxy.connections(), 4, "the time is known now");
    }
}

#[tokio::test(start_paused = true)]
async fn whose_clock_is_right_asks_nobody() {
    let proxy = Hidden::new(good());
    assert_eq!(dial(&proxy.dialer(RIGHT, environment(NOW + 100))).await, Ok(()));
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_is_told_from_a_wrong_clock() {
    let proxy = Hidden::new(good());
    for (clock, connections) in [(NOW, 2), (NOW + 3600, 3)] {
        let before = proxy.connections();
        let dialer = proxy.dialer(WRONG, environment(clock));
        let error = dial(&dialer).await.unwrap_err();
        assert!(error.contains("the time was right, by the clock of example.org, so the secret is another one"), "{error}");
        assert_eq!(proxy.connections() - before, connections);
        // It has just been told what time it is.
        let error = dial(&dialer).await.unwrap_err();
        assert!(error.contains("so the secret is another one"), "{error}");
        assert_eq!(proxy.connections() - before, connections + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_site_that_does_not_tell_changes_nothing() {
    for head in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\ndate: now\r\n\r\n", "what?\r\n\r\n", ""] {
        let proxy = Hidden::new(head);
        let environment = environment(NOW + 3600);
        let error = dial(&proxy.dialer(RIGHT, environment.clone())).await.unwrap_err();
        assert!(error.contains("was not made with this secret") && !error.contains("another one"), "{head}: {error}");
        assert_eq!(environment.server_time().as_secs(), NOW + 3600);
    }
    // One that nobody vouches for.
    let (proxy, other) = (Hidden::new(good()), Hidden::new(good()));
    let dialer = proxy.dialer(RIGHT, environment(NOW + 3600)).tls(other.tls);
    assert!(dial(&dialer).await.unwrap_err().contains("was not made with this secret"));
}
