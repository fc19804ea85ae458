//! What is wrong before anything is sent.

use awaitkit_memcached::{Address, Error, Expires, Memcached};

use crate::fake::Fake;

#[tokio::test]
async fn a_key_that_the_protocol_cannot_carry_is_refused_before_it_is_sent() {
    let server = Fake::start().await;
    let cache = server.client();
    let check = async |key: &str, expect: &str| {
        let error = cache.get(key).await.unwrap_err();
        assert!(matches!(error, Error::Key { .. }) && error.to_string().contains(expect), "{error}");
        assert!(matches!(cache.set(key, "x", Expires::Never).await, Err(Error::Key { .. })));
        assert!(matches!(cache.get_many([key, "good"]).await[..], [Err(Error::Key { .. }), Ok(None)]));
    };
    check("", "is empty").await;
    check("two words", "\"two words\" has a space").await;
    check("a\r\nflush_all", "encode it").await;
    check(&"k".repeat(251), "longer than 250 bytes; hash it").await;
    assert_eq!(server.connections(), 1, "only the good key was asked");
    assert_eq!(cache.get("k".repeat(250)).await.unwrap(), None);
    cache.set("schlüssel", "ä", Expires::Never).await.unwrap();
    assert_eq!(cache.get_many(["schlüssel"]).await[0].clone().unwrap().as_deref(), Some("ä".as_bytes()));
}

#[tokio::test]
async fn a_value_that_is_too_large_is_refused_here_and_there() {
    let server = Fake::start().await;
    let cache = server.builder().max_value(10).build().unwrap();
    let error = cache.set("k", "eleven bytes", Expires::Never).await.unwrap_err();
    assert!(error.to_string().contains("12 bytes, which is more than the server takes"), "{error}");
    assert_eq!(server.connections(), 0);
    server.faults([crate::fake::Fault::Say("SERVER_ERROR object too large for cache\r\n")]);
    assert!(matches!(cache.set("k", "small", Expires::Never).await, Err(Error::TooLarge { len: 5, .. })));
}

#[test]
fn addresses() {
    let check = |text: &str, expect: &str| {
        let error = Address::parse(text).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
    };
    check("", "expected `host`");
    check("host:", "there must be a port");
    check("host:70000", "1 to 65535");
    check("host:0", "expected `host`");
    check("[::1]:11211", "IPv6");
    check("http://host", "there must be a port");
    check("a b", "expected `host`");
    check("unix:relative", "begins with `/`");
    assert!(Address::parse("unix:/run/memcached.sock").is_ok());
    assert!(matches!(Memcached::new(Vec::<String>::new()), Err(Error::Address { .. })));
    assert!(matches!(Memcached::builder().weighted_server("a", 0).build(), Err(Error::Address { .. })));
}
