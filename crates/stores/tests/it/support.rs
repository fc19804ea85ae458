use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quadruplex_store::Store;
use quadruplex_stores::{Options, SecretKey};

/// Where stores can be made for one test.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) kind: &'static str,
    base: String,
    pub(crate) key: Option<SecretKey>,
    /// For how many seconds a server keeps a session for an owner that says nothing. Long, so that no test depends on how fast it runs.
    lease: u32,
}

impl Place {
    /// For a test in which owners are killed or cut off.
    pub(crate) fn with_short_lease(self) -> Self {
        Self { lease: 1, ..self }
    }

    /// The address of the store of this name.
    pub(crate) fn url(&self, name: &str) -> String {
        match self.kind {
            "redb" => format!("redb:{}/{name}.redb", self.base),
            "encrypted redb" => format!("redb:{}/{name}.sealed", self.base),
            "sqlite" => format!("sqlite:{}/{name}.db", self.base),
            _ => format!("{}_{name}&lease={}", self.base, self.lease),
        }
    }

    pub(crate) fn options(&self) -> Options {
        let mut options = Options::default();
        options.wait = Duration::from_secs(60);
        options.key = self.key.clone();
        options
    }

    pub(crate) async fn open(&self, name: &str) -> Arc<dyn Store> {
        quadruplex_stores::open(&self.url(name), self.options()).await.unwrap_or_else(|error| panic!("{}: {error}", self.kind))
    }
}

pub(crate) fn key() -> SecretKey {
    SecretKey::from_hex(&"5a".repeat(32)).unwrap()
}

/// All places that can be had for a test; says which are missing and why.
pub(crate) fn places(test: &str) -> Vec<Place> {
    let (directory, lease) = (directory(test).display().to_string(), 60);
    let mut places = vec![
        Place { kind: "redb", base: directory.clone(), key: None, lease },
        Place { kind: "encrypted redb", base: directory.clone(), key: Some(key()), lease },
    ];
    if cfg!(feature = "sqlite") {
        places.push(Place { kind: "sqlite", base: directory, key: None, lease });
    } else {
        eprintln!("skipped: SQLite, which is not built in; run with --all-features");
    }
    let servers = [
        ("postgres", cfg!(feature = "postgres"), "QUADRUPLEX_TEST_POSTGRES"),
        ("mysql", cfg!(feature = "mysql"), "QUADRUPLEX_TEST_MYSQL"),
        ("redis", cfg!(feature = "redis"), "QUADRUPLEX_TEST_REDIS"),
    ];
    for (kind, is_built, variable) in servers {
        match std::env::var(variable) {
            Ok(server) if is_built => {
                let base = format!("{server}?session=t{}_{test}", std::process::id());
                // Servers are read by others too, so half of their stores are sealed.
                places.push(Place { kind, base, key: test.len().is_multiple_of(2).then(key), lease });
            }
            Ok(_) => eprintln!("skipped: {kind}, which is not built in; run with --all-features"),
            Err(_) => eprintln!("skipped: {kind}, since {variable} names no server; `.ci/servers` starts one"),
        }
    }
    places
}

pub(crate) fn directory(test: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("stores").join(test);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}
