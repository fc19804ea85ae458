//! Three real servers, started here where memcached is installed.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use awaitkit::{join_all, limit};
use awaitkit_memcached::{Error, Expires, Memcached};

use crate::operations;

struct Real {
    process: Child,
    port: u16,
}

impl Real {
    /// None, and a line that says so, where memcached is not installed.
    async fn start(port: Option<u16>) -> Option<Self> {
        let port = port.unwrap_or_else(|| TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port());
        let mut command = Command::new("memcached");
        command.args(["-l", "127.0.0.1", "-U", "0", "-u", "nobody", "-p", &port.to_string()]).stdin(Stdio::null());
        let Ok(process) = command.stderr(Stdio::null()).spawn() else {
            eprintln!("skipped: memcached is not installed");
            return None;
        };
        let server = Self { process, port };
        let cache = Memcached::builder().server(server.name()).leave_alone(u32::MAX, Duration::ZERO).build().unwrap();
        for _ in 0..500 {
            if cache.versions().await[0].1.is_ok() {
                return Some(server);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("memcached does not answer on port {port}")
    }

    fn name(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn real_servers_answer_as_documented() {
    let (Some(a), Some(b), Some(c)) = (Real::start(None).await, Real::start(None).await, Real::start(None).await) else { return };
    let cache = Memcached::new([a.name(), b.name(), c.name()]).unwrap();
    operations::check(&cache).await;

    let keys: Vec<String> = (0..500).map(|number| format!("key:{number}")).collect();
    for written in join_all(keys.iter().map(|key| cache.set(key, key, Expires::Never)), limit!(20)).await {
        written.unwrap();
    }
    let trips = || cache.stats().iter().map(|server| server.round_trips).collect::<Vec<_>>();
    let before = trips();
    assert!(cache.get_many(&keys).await.into_iter().zip(&keys).all(|(value, key)| value.unwrap().unwrap() == key.as_bytes()));
    assert_eq!(trips().iter().zip(before).map(|(after, before)| after - before).collect::<Vec<_>>(), [1, 1, 1]);

    // memcached takes a megabyte with its header, so one of exactly that many bytes goes out and is refused there.
    assert!(matches!(cache.set("large", vec![7; 1 << 20], Expires::Never).await, Err(Error::TooLarge { .. })));
    let large = vec![7; (1 << 20) - 512];
    cache.set("large", &large, Expires::Never).await.unwrap();
    assert!(cache.get("large").await.unwrap() == Some(large));
    cache.set("short", "x", Expires::In(Duration::ZERO)).await.unwrap();
    assert_eq!(cache.get("short").await.unwrap(), None);
    cache.set("year", "x", Expires::In(Duration::from_secs(365 * 86_400))).await.unwrap();
    assert_eq!(cache.get("year").await.unwrap().as_deref(), Some(b"x".as_slice()));
}

#[tokio::test]
async fn a_server_killed_and_started_again_is_found_again() {
    let Some(mut server) = Real::start(None).await else { return };
    let cache = Memcached::builder().server(server.name()).leave_alone(2, Duration::from_millis(50)).build().unwrap();
    cache.set("a", "1", Expires::Never).await.unwrap();
    server.kill();
    for _ in 0..3 {
        assert!(cache.get("a").await.is_err());
    }
    let Some(_again) = Real::start(Some(server.port)).await else { return };
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(cache.get("a").await.unwrap(), None, "reached, and empty");
    assert_eq!(cache.incr("a", 1).await.unwrap(), None);
}
