//! Links of proxies, as Telegram writes them.

use proptest::prelude::*;
use quadruplex_net::{Disguise, MtProxy, Policy, Proxy, Secret, Target};

const KEY: &str = "000102030405060708090a0b0c0d0e0f";

#[test]
fn links_that_can_be_read() {
    let check = |link: &str, shown: &str| {
        let proxy: Proxy = link.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(proxy.to_string(), shown, "{link}");
        assert_eq!(proxy.to_link().parse(), Ok(proxy), "{link}");
    };
    let shown = "tg://proxy?server=a.example&port=443&secret=";
    for place in ["tg://", "tg:", "https://t.me/", "http://t.me/", "t.me/", "https://telegram.me/", "HTTPS://T.ME/"] {
        check(&format!("{place}proxy?server=a.example&port=443&secret={KEY}"), &format!("{shown}***"));
    }
    check(&format!("tg://proxy?secret=dd{KEY}&port=443&server=A.example."), &format!("{shown}dd***"));
    check(&format!("tg://proxy?server=a.example&port=443&secret=ee{KEY}6578616d706c652e6f7267&x=y"), &format!("{shown}ee***example.org"));
    check("tg://proxy?server=a.example&port=443&secret=AAECAwQFBgcICQoLDA0ODw", &format!("{shown}***"));
    check("tg://proxy?server=a.example&port=443&secret=AAECAwQFBgcICQoLDA0ODw%3D%3D", &format!("{shown}***"));
    check("tg://proxy?server=a.example&port=443&secret=3QABAgMEBQYHCAkKCwwNDg8", &format!("{shown}dd***"));
    check("tg://proxy?server=a.example&port=443&secret=7gABAgMEBQYHCAkKCwwNDg9leGFtcGxlLm9yZw", &format!("{shown}ee***example.org"));
    check(&format!("tg://proxy?server=2001:db8::1&port=1&secret={KEY}"), "tg://proxy?server=2001:db8::1&port=1&secret=***");
    check("tg://socks?server=1.2.3.4&port=1080", "socks5h://1.2.3.4:1080");
    check("https://t.me/socks?server=1.2.3.4&port=1080&user=me&pass=p%40ss", "socks5h://me:***@1.2.3.4:1080");
    check("http://proxy.example:3128", "http://proxy.example:3128");
    check(
        &format!("socks5://me:pw@h+tg://proxy?server=a.example&port=443&secret=dd{KEY}"),
        &format!("socks5://me:***@h:1080+{shown}dd***"),
    );
    check("http://h+tg://socks?server=1.2.3.4&port=1", "http://h:80+socks5h://1.2.3.4:1");
}

#[test]
fn links_that_cannot() {
    let check = |link: &str, parts: &[&str]| {
        let error = link.parse::<Proxy>().unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "{part:?} is not in {error:?}");
        }
        assert!(!error.contains(KEY), "the secret is shown: {error}");
    };
    check("tg://resolve?domain=x", &["links to proxies are …/proxy?… and …/socks?…, not …/resolve"]);
    check("t.me/durov", &["not …/durov"]);
    check("tg://proxy", &["\"server\": it is missing"]);
    check(&format!("tg://proxy?port=443&secret={KEY}"), &["\"server\": it is missing", "secret=***"]);
    check(&format!("tg://proxy?server=a&secret={KEY}"), &["\"port\": it is missing"]);
    check(&format!("tg://proxy?server=a&port=0&secret={KEY}"), &["\"port\": it is no number from 1 to 65535"]);
    check(&format!("tg://proxy?server=a&port=99999&secret={KEY}"), &["\"port\""]);
    check(&format!("tg://proxy?server=a%20b&port=1&secret={KEY}"), &["neither the name of a host nor an address"]);
    check("tg://proxy?server=a&port=1", &["the secret is missing"]);
    check("tg://proxy?server=a&port=1&secret=", &["the secret is missing"]);
    check("tg://proxy?server=a&port=1&secret=!!", &["neither hexadecimal nor base64"]);
    check("tg://proxy?server=a&port=1&secret=0011", &["it has 2 bytes; there are those of 16"]);
    check(&format!("tg://proxy?server=a&port=1&secret=cc{KEY}"), &["it has 17 bytes"]);
    check(&format!("tg://proxy?server=a&port=1&secret=ee{KEY}"), &["begins with ee, but names no host"]);
    check(&format!("tg://proxy?server=a&port=1&secret=ee{KEY}ff"), &["no name of a host"]);
    check(&format!("tg://proxy?server=a&port=1&secret=ee{KEY}2e2e"), &["has to end in the name of a host"]);
    check("tg://socks?server=a&port=1&pass=x", &["there is a password, but no user", "pass=***"]);
    check("gopher://a", &["only socks5, socks5h and http proxies are known"]);
    check(&format!("nothing+tg://proxy?server=a&port=1&secret={KEY}"), &["a proxy is written socks5://host:port"]);
}

#[test]
fn a_policy_of_all_kinds_is_one_line() {
    let text = format!("direct, then tg://proxy?server=a.example&port=443&secret=dd{KEY}, then socks5://b.example");
    let policy: Policy = text.parse().unwrap();
    assert_eq!(policy.to_string(), "direct, then tg://proxy?server=a.example&port=443&secret=dd***, then socks5://b.example:1080");
}

proptest! {
    #[test]
    fn every_link_written_is_read_again(key: [u8; 16], kind in 0..3, port in 1_u16..) {
        let disguise = [Disguise::Noise, Disguise::Padded, Disguise::FakeTls("example.org".to_owned())][kind as usize].clone();
        let proxy = MtProxy { server: Target::new("a.example", port).unwrap(), secret: Secret::new(key, disguise).unwrap(), through: None };
        prop_assert_eq!(proxy.to_link().parse(), Ok(Proxy::MtProxy(proxy)));
    }

    #[test]
    fn no_text_is_too_strange(text in "(tg://(proxy|socks)\\?)?(server=a&)?(port=1&)?(secret=)?.*") {
        drop(text.parse::<Policy>());
    }
}
