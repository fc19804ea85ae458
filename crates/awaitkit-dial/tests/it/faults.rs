//! Proxies that fail: refused, silent, stalled, cut anywhere, speaking something else.

use awaitkit_dial::testing::{Fault, MemoryNet};
use proptest::prelude::*;

use crate::fixture::{address, contains, dialer, echo, error, http, socks5};

const SOCKS: &str = "2.0.0.1:1080";
const HTTP: &str = "3.0.0.1:80";

async fn check(policy: &str, at: &str, fault: Fault, parts: &[&str]) {
    let net = MemoryNet::new();
    echo(&net, "1.0.0.1:443");
    socks5(&net, SOCKS, None);
    http(&net, HTTP, None);
    net.fault(address(at), fault);
    contains(&error(&dialer(&net, policy), "1.0.0.1:443").await, parts);
}

#[tokio::test(start_paused = true)]
async fn each_fault_has_its_own_error() {
    let (socks, http) = ("socks5://2.0.0.1", "http://3.0.0.1");
    check(socks, SOCKS, Fault::Refused, &["cannot reach socks5://2.0.0.1:1080", "connection refused"]).await;
    for (policy, at) in [(socks, SOCKS), (http, HTTP)] {
        check(policy, at, Fault::Unreachable, &["(10 s): not connected within 10s"]).await;
        check(policy, at, Fault::Stalled, &["(10 s): not connected within 10s"]).await;
    }
    for count in 0..12 {
        check(socks, SOCKS, Fault::CutAfter(count), &["closed the connection in the middle of its answer"]).await;
    }
    check(http, HTTP, Fault::CutAfter(0), &["closed the connection instead of answering"]).await;
    for count in 1..40 {
        check(http, HTTP, Fault::CutAfter(count), &["closed the connection in the middle of its answer"]).await;
    }
    let speaks = |words: &[u8]| Fault::Speaks(words.to_vec());
    check(socks, SOCKS, speaks(b"HTTP/1.1 400 Bad Request\r\n\r\n"), &["does not speak SOCKS5: it seems to speak HTTP"]).await;
    check(socks, SOCKS, speaks(b"\x00\x5b\0\0\0\0\0\0"), &["seems to speak SOCKS4"]).await;
    check(socks, SOCKS, speaks(b"SSH-2.0-x\r\n"), &["its answer began with 0x53"]).await;
    check(socks, SOCKS, speaks(b"\x05\x01"), &["chose authentication 1, which was not offered"]).await;
    check(socks, SOCKS, speaks(b"\x05\x00\x05\x00\x00\x09"), &["address of kind 9"]).await;
    check(http, HTTP, speaks(b"\x05\xff"), &["does not speak HTTP: it seems to speak SOCKS5"]).await;
    check(http, HTTP, speaks(b"SSH-2.0-x\r\n"), &["does not speak HTTP"]).await;
    check(http, HTTP, speaks(&[b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'x'; 40_000]].concat()), &["answer does not end"]).await;
}

proptest! {
    /// Whatever a proxy says, dialling ends with a stream or an error.
    #[test]
    fn no_words_of_a_proxy_are_too_strange(words: Vec<u8>, prefix in 0_usize..4) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let begin: &[u8] = [&b""[..], b"\x05\x00", b"\x05\x00\x05\x00\x00", b"HTTP/1.1 200 "][prefix];
        runtime.block_on(async {
            for policy in ["socks5://2.0.0.1", "http://3.0.0.1"] {
                let net = MemoryNet::new();
                net.fault(address(SOCKS), Fault::Speaks([begin, &words].concat()));
                net.fault(address(HTTP), Fault::Speaks([begin, &words].concat()));
                drop(dialer(&net, policy).dial(&"1.0.0.1:1".parse().unwrap()).await);
            }
        });
    }
}
