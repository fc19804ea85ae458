//! Three real servers, started here where memcached is installed.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use awaitkit::{join_all, limit};
use awaitkit_memcached::{Builder, Error, Expires, Memcached};

use crate::fake::{DEADLINE, pass};
use crate::operations;

/// On a socket of its own in the file system: a port might be somebody else's before the server has it.
struct Real {
    process: Child,
    path: PathBuf,
}

impl Real {
    /// None, and a line that says so, where memcached is not installed.
    async fn start(name: &str) -> Option<Self> {
        let path = std::env::temp_dir().join(format!("memcached-{name}-{}", std::process::id()));
        let mut command = Command::new("memcached");
        command.args(["-U", "0", "-u", "nobody", "-a", "0777", "-s"]).arg(&path).stdin(Stdio::null());
        let Ok(process) = command.stderr(Stdio::null()).spawn() else {
            eprintln!("skipped: memcached is not installed");
            return None;
        };
        let server = Self { process, path };
        let cache = server.builder().leave_alone(u32::MAX, Duration::ZERO).build().unwrap();
        for _ in 0..6_000 {
            if cache.versions().await[0].1.is_ok() {
                return Some(server);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("memcached does not answer at {}", server.name())
    }

    fn name(&self) -> String {
        format!("unix:{}", self.path.display())
    }

    fn builder(&self) -> Builder {
        Memcached::builder().deadline(DEADLINE).server(self.name())
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
        let _ = std::fs::remove_file(&self.path);
    }
}

#[tokio::test]
async fn real_servers_answer_as_documented() {
    let (Some(a), Some(b), Some(c)) = (Real::start("a").await, Real::start("b").await, Real::start("c").await) else { return };
    let cache = a.builder().server(b.name()).server(c.name()).build().unwrap();
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
    let Some(mut server) = Real::start("killed").await else { return };
    let rest = Duration::from_secs(3600);
    let cache = server.builder().leave_alone(2, rest).build().unwrap();
    cache.set("a", "1", Expires::Never).await.unwrap();
    server.kill();
    for _ in 0..3 {
        assert!(cache.get("a").await.is_err());
    }
    let Some(_again) = Real::start("killed").await else { return };
    pass(rest).await;
    assert_eq!(cache.get("a").await.unwrap(), None, "reached, and empty");
    assert_eq!(cache.incr("a", 1).await.unwrap(), None);
}
