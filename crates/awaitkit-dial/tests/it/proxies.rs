//! SOCKS5, HTTP CONNECT, and one through the other.

use awaitkit_dial::testing::MemoryNet;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

use crate::fixture::{address, contains, dialer, echo, error, http, me, socks5, talk, target};

const SERVER: &str = "1.0.0.1:443";

fn net() -> MemoryNet {
    let net = MemoryNet::new();
    echo(&net, SERVER);
    echo(&net, "[2001:db8::1]:443");
    net.name("server", &[address(SERVER).ip()]);
    socks5(&net, "2.0.0.1:1080", None);
    socks5(&net, "2.0.0.2:1080", Some(me("p:a ss")));
    http(&net, "3.0.0.1:3128", None);
    http(&net, "3.0.0.2:3128", Some(me("secret")));
    net.name("proxy", &[address("3.0.0.1:1").ip()]);
    net
}

#[tokio::test]
async fn streams_lead_through_every_kind_of_proxy() {
    let check = async |policy: &str, to: &str, connected: &[&str]| {
        let net = net();
        let at = if to.starts_with('[') { to } else { SERVER };
        talk(dialer(&net, policy).dial(&target(to)).await.unwrap().stream, at).await;
        let expect: Vec<_> = connected.iter().map(|text| address(text)).collect();
        assert_eq!(net.connected(), expect, "{policy}");
    };
    check("socks5://2.0.0.1", SERVER, &["2.0.0.1:1080", SERVER]).await;
    check("socks5://2.0.0.1", "server:443", &["2.0.0.1:1080", SERVER]).await;
    check("socks5h://2.0.0.1", "server:443", &["2.0.0.1:1080", SERVER]).await;
    check("socks5h://2.0.0.1", "[2001:db8::1]:443", &["2.0.0.1:1080", "[2001:db8::1]:443"]).await;
    check("socks5://me:p%3Aa%20ss@2.0.0.2", SERVER, &["2.0.0.2:1080", SERVER]).await;
    check("http://3.0.0.1:3128", "server:443", &["3.0.0.1:3128", SERVER]).await;
    check("http://3.0.0.1:3128", "[2001:db8::1]:443", &["3.0.0.1:3128", "[2001:db8::1]:443"]).await;
    check("http://me:secret@3.0.0.2:3128", SERVER, &["3.0.0.2:3128", SERVER]).await;
    let chain = "socks5h://2.0.0.1+http://proxy:3128+socks5://me:p%3Aa%20ss@2.0.0.2";
    check(chain, "server:443", &["2.0.0.1:1080", "3.0.0.1:3128", "2.0.0.2:1080", SERVER]).await;
}

#[tokio::test]
async fn who_looks_a_name_up_follows_from_the_scheme() {
    let asked = async |policy: &str| {
        let (net, remote) = (net(), net());
        // What the proxy resolves, it resolves in a network of its own.
        let network = remote.network();
        net.serve(address("9.0.0.1:1080"), move |stream: DuplexStream| {
            let network = network.clone();
            async move { drop(awaitkit_dial::testing::serve_socks5(stream, None, &network).await) }
        });
        dialer(&net, policy).dial(&target("server:443")).await.unwrap();
        (net.resolved().len(), remote.resolved().len())
    };
    assert_eq!(asked("socks5://9.0.0.1").await, (1, 0));
    assert_eq!(asked("socks5h://9.0.0.1").await, (0, 1));
}

#[tokio::test]
async fn refusals_say_who_refused_and_why() {
    let check = async |policy: &str, to: &str, parts: &[&str]| contains(&error(&dialer(&net(), policy), to).await, parts);
    check("socks5://2.0.0.2", SERVER, &["through socks5://2.0.0.2:1080", "wants a user and a password"]).await;
    check("socks5://me:wrong@2.0.0.2", SERVER, &["through socks5://me:***@2.0.0.2:1080: the proxy refuses this user and password"]).await;
    check("http://3.0.0.2:3128", SERVER, &["refuses this user and password, or wants one (407)"]).await;
    check("http://me:wrong@3.0.0.2:3128", SERVER, &["(407)"]).await;
    check("socks5://2.0.0.1", "1.0.0.9:443", &["the proxy cannot connect to 1.0.0.9:443: the connection was refused (reply 5)"]).await;
    check("http://3.0.0.1:3128", "1.0.0.9:443", &["the proxy will not connect to 1.0.0.9:443: 502 Bad Gateway"]).await;
    check("http://nobody:1", SERVER, &["cannot reach http://nobody:1", "no address for nobody"]).await;
    let chain = "http://3.0.0.1:3128+socks5://2.0.0.9";
    check(chain, SERVER, &["cannot reach socks5://2.0.0.9:1080: through http://3.0.0.1:3128: the proxy will not connect to 2.0.0.9:1080"])
        .await;
}

#[tokio::test]
async fn words_that_come_with_the_answer_of_a_proxy_belong_to_the_server() {
    let net = MemoryNet::new();
    net.serve(address("3.0.0.1:80"), |mut stream: DuplexStream| async move {
        let mut request = vec![0; 512];
        let _ = stream.read(&mut request).await;
        let _ = stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n220 welcome").await;
        let _ = stream.read(&mut request).await;
    });
    let mut stream = dialer(&net, "http://3.0.0.1").dial(&target("mail:25")).await.unwrap().stream;
    let mut greeting = [0; 11];
    stream.read_exact(&mut greeting).await.unwrap();
    assert_eq!(&greeting, b"220 welcome");
}
