//! Links of proxies: what can be read, and what is said of the rest.

use awaitkit_dial::{Chain, Policy, Target};
use proptest::prelude::*;

use crate::fixture::contains;

#[test]
fn links_that_can_be_read() {
    let check = |link: &str, shown: &str| {
        let chain: Chain = link.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(chain.to_string(), shown);
        assert_eq!(chain.to_link().parse(), Ok(chain), "{link}");
    };
    check("socks5://host", "socks5://host:1080");
    check("SOCKS5://Host.Example./", "socks5://host.example:1080");
    check("http://10.0.0.1", "http://10.0.0.1:80");
    check("http://[2001:db8::1]:3128", "http://[2001:db8::1]:3128");
    check("http://[2001:db8::1]", "http://[2001:db8::1]:80");
    check("socks5h://me@host:1", "socks5h://me@host:1");
    check("socks5h://me:p%40ss+word@host:1", "socks5h://me:***@host:1");
    check("socks5://a:b@c@host:1", "socks5://a:***@host:1");
    check("socks5://a+http://b:81+socks5h://c", "socks5://a:1080+http://b:81+socks5h://c:1080");
}

#[test]
fn links_that_cannot() {
    let check = |link: &str, parts: &[&str]| contains(&link.parse::<Policy>().unwrap_err().to_string(), parts);
    check("", &["a proxy is written socks5://host:port"]);
    check("host:1080", &["\"host:1080\"", "a proxy is written socks5://host:port"]);
    check("ftp://host", &["only socks5, socks5h and http proxies are known"]);
    check("https://host", &["only socks5, socks5h and http"]);
    check("socks5://", &["the host is missing"]);
    check("socks5://:1080", &["the host is missing"]);
    check("socks5://me:secret@", &["\"socks5://me:***@\"", "the host is missing"]);
    check("socks5://host:", &["the port is no number from 1 to 65535"]);
    check("socks5://host:0", &["the port is no number"]);
    check("socks5://host:70000", &["the port is no number"]);
    check("socks5://host:x", &["the port is no number"]);
    check("socks5://2001:db8::1:1080", &["a v6 address stands in brackets"]);
    check("socks5://ho st", &["neither the name of a host nor an address"]);
    check("socks5://hôst", &["in its ASCII form"]);
    check("socks5://:secret@host", &["the user before the @ is missing", ":***@"]);
    check("socks5://%ff@host", &["have to be UTF-8"]);
    check(&format!("socks5://me:{}@host", "x".repeat(256)), &["255 bytes at most"]);
    check("http://host/path", &["nothing follows the port of a proxy", "%2F"]);
    check("direct, then", &["\"then\": a proxy is written"]);
    check("socks5://a+ftp://b", &["only socks5"]);
}

#[test]
fn targets() {
    let check =
        |text: &str, expect: Option<&str>| assert_eq!(text.parse::<Target>().ok().map(|target| target.to_string()).as_deref(), expect);
    check("example.org:443", Some("example.org:443"));
    check("[::1]:443", Some("[::1]:443"));
    check("1.2.3.4:1", Some("1.2.3.4:1"));
    check("::1:443", None);
    check("example.org", None);
    check("a..b:1", None);
    check(":1", None);
}

proptest! {
    #[test]
    fn every_link_written_is_read_again(user in ".{1,20}", password in ".{0,20}", port in 1_u16..) {
        let user_info = awaitkit_dial::Credentials { user, password };
        let hop = awaitkit_dial::Hop {
            kind: awaitkit_dial::Kind::Socks5,
            server: Target::new("host", port).unwrap(),
            credentials: Some(user_info),
        };
        let chain = Chain::new(hop.clone()).then(hop);
        prop_assert_eq!(chain.to_link().parse(), Ok(chain));
    }

    #[test]
    fn no_text_is_too_strange(text in ".*") {
        drop(text.parse::<Policy>());
    }
}
