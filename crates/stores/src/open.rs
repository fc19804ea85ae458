use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quadruplex_store::{Redb, Store};

use crate::Error;
use crate::cipher::{KEY_VARIABLE, SecretKey};
use crate::kv::{self, Kv};
use crate::store::KvStore;

/// How a store is opened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// How long to wait for another process that has the session; not at all by default. For one that was killed while it had the session
    /// on a server, its lease is waited for in any case.
    pub wait: Duration,
    /// What everything is sealed with; by default nothing is.
    pub key: Option<SecretKey>,
    /// Make a store where there is none, as by default, or refuse.
    pub create: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { wait: Duration::ZERO, key: None, create: true }
    }
}

impl Options {
    /// Waits ten seconds, and takes the key from the environment variable [`KEY_VARIABLE`], if it is there.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] if it is there and no key.
    pub fn from_env() -> Result<Self, Error> {
        let key = std::env::var(KEY_VARIABLE).ok().map(|key| SecretKey::from_hex(&key)).transpose()?;
        Ok(Self { wait: Duration::from_secs(10), key, ..Self::default() })
    }
}

/// Opens the store at an address, see [the table of addresses](crate), or makes it.
///
/// # Errors
///
/// [`Error::Url`] and [`Error::NotBuilt`] if the address makes no sense here; [`Error::Key`] if the key does not fit the store; what the store
/// says otherwise, for instance that another process has it.
///
/// # Cancel safety
///
/// Dropped while waiting, it leaves nothing behind. Dropped later, an empty store may have been made.
pub async fn open(url: &str, options: Options) -> Result<Arc<dyn Store>, Error> {
    let Options { wait, key, create } = options;
    let address = Address::parse(url)?;
    if let Address::File(path) | Address::Sqlite(path) = &address
        && !create
        && !path.exists()
    {
        return Err(Error::Missing(path.display().to_string()));
    }
    let kv: Box<dyn Kv> = match address {
        Address::File(path) => match &key {
            None => return Ok(Arc::new(Redb::open(path, wait).await?)),
            Some(_) => Box::new(kv::File::open(&path, wait).await?),
        },
        #[cfg(feature = "sqlite")]
        Address::Sqlite(path) => Box::new(kv::Sqlite::open(&path, wait).await?),
        #[cfg(feature = "postgres")]
        Address::Postgres(place) => Box::new(kv::Postgres::open(place, wait).await?),
        #[cfg(feature = "mysql")]
        Address::MySql(place) => Box::new(kv::MySql::open(place, wait).await?),
        #[cfg(feature = "redis")]
        Address::Redis(place) => Box::new(kv::Redis::open(place, wait).await?),
        #[cfg(not(all(feature = "sqlite", feature = "postgres", feature = "mysql", feature = "redis")))]
        other => {
            let (scheme, feature) = other.scheme();
            return Err(Error::NotBuilt { scheme: scheme.to_owned(), feature });
        }
    };
    Ok(Arc::new(KvStore::new(kv, key.as_ref(), create).await?))
}

#[derive(Debug, PartialEq)]
enum Address {
    File(PathBuf),
    Sqlite(PathBuf),
    Postgres(Place),
    MySql(Place),
    Redis(Place),
}

impl Address {
    fn parse(url: &str) -> Result<Self, Error> {
        let path = |path: &str| match path.strip_prefix("//").unwrap_or(path) {
            "" => Err(Error::Url { url: url.to_owned(), why: "the path of a file is missing".to_owned() }),
            path => Ok(PathBuf::from(path)),
        };
        match url.split_once(':') {
            Some(("redb", rest)) => Ok(Self::File(path(rest)?)),
            Some(("sqlite", rest)) => Ok(Self::Sqlite(path(rest)?)),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(Place::parse(url)?)),
            Some(("mysql" | "mariadb", _)) => Ok(Self::MySql(Place::parse(url)?)),
            Some(("redis", _)) => Ok(Self::Redis(Place::parse(url)?)),
            // One letter is a drive of Windows.
            Some((scheme, _)) if scheme.len() > 1 && !scheme.contains(['/', '.', '\\']) => {
                Err(Error::Url { url: shown(url), why: format!("`{scheme}` is none of redb, sqlite, postgres, mysql, mariadb, redis") })
            }
            _ => Ok(Self::File(path(url)?)),
        }
    }

    #[cfg(not(all(feature = "sqlite", feature = "postgres", feature = "mysql", feature = "redis")))]
    fn scheme(&self) -> (&'static str, &'static str) {
        match self {
            Self::File(_) => ("redb", "redb"),
            Self::Sqlite(_) => ("SQLite", "sqlite"),
            Self::Postgres(_) => ("PostgreSQL", "postgres"),
            Self::MySql(_) => ("MySQL and MariaDB", "mysql"),
            Self::Redis(_) => ("Redis", "redis"),
        }
    }
}

/// Where in a server a session lies.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    /// The address without what is meant for us.
    pub(crate) url: String,
    /// The address for people: without credentials.
    pub(crate) shown: String,
    pub(crate) session: String,
    /// How long a dead process keeps the session.
    pub(crate) lease: Option<Duration>,
    /// Redis: the server's way of writing to disk is accepted as it is.
    pub(crate) durability_is_the_servers: bool,
}

impl Place {
    fn parse(url: &str) -> Result<Self, Error> {
        let wrong = |why: String| Error::Url { url: shown(url), why };
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        if !base.contains("://") {
            return Err(wrong("after the scheme there must be `://` and a host".to_owned()));
        }
        let mut place =
            Self { url: String::new(), shown: shown(url), session: "default".to_owned(), lease: None, durability_is_the_servers: false };
        let mut others = Vec::new();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("session", name)) => place.session = name.to_owned(),
                Some(("lease", seconds)) => {
                    let seconds = seconds.parse().ok().filter(|seconds| (1..=3600).contains(seconds));
                    place.lease = Some(Duration::from_secs(seconds.ok_or_else(|| wrong("a lease is 1 to 3600 seconds".to_owned()))?));
                }
                Some(("durability", "server")) => place.durability_is_the_servers = true,
                _ => others.push(part),
            }
        }
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !(1..=40).contains(&place.session.len()) || !place.session.bytes().all(is_word) {
            return Err(wrong(format!("{:?} is no name of a session: 1 to 40 of a-z, 0-9 and _", place.session)));
        }
        place.url = if others.is_empty() { base.to_owned() } else { format!("{base}?{}", others.join("&")) };
        place.shown = format!("{}?session={}", place.shown, place.session);
        Ok(place)
    }

    /// The name of the table; its characters are safe in a statement.
    #[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
    pub(crate) fn table(&self) -> String {
        format!("quadruplex_{}", self.session)
    }

    #[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
    pub(crate) fn in_use(&self) -> quadruplex_store::Error {
        quadruplex_store::Error::InUse { path: self.shown.clone().into(), owner: None }
    }
}

/// An address without what stands before `@`, also if it is not written as it should be, and without its options: one may be a password.
fn shown(url: &str) -> String {
    let (secret, rest) = url.rsplit_once('@').unwrap_or(("", url));
    let host = rest.split('?').next().unwrap_or_default();
    match secret.split_once(':') {
        Some((scheme, behind)) if behind.starts_with("//") => format!("{scheme}://{host}"),
        Some((scheme, _)) => format!("{scheme}:{host}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let file = |path: &str| Address::File(path.into());
        assert_eq!(Address::parse("shop.redb").unwrap(), file("shop.redb"));
        assert_eq!(Address::parse("redb:dir/shop").unwrap(), file("dir/shop"));
        assert_eq!(Address::parse("./a:b").unwrap(), file("./a:b"));
        assert_eq!(Address::parse("sqlite:///var/shop.db").unwrap(), Address::Sqlite("/var/shop.db".into()));
        let Address::Postgres(place) = Address::parse("postgresql://bot:s3cret@db:5433/tg?sslmode=require&session=shop_2").unwrap() else {
            panic!("not recognised")
        };
        assert_eq!(place.url, "postgresql://bot:s3cret@db:5433/tg?sslmode=require");
        assert_eq!((place.shown.as_str(), place.session.as_str()), ("postgresql://db:5433/tg?session=shop_2", "shop_2"));
    }

    #[test]
    fn bad_addresses_say_what_is_wrong_and_show_no_password() {
        let check = |url: &str, expect: &str| {
            let error = Address::parse(url).unwrap_err().to_string();
            assert!(error.contains(expect) && !error.contains("s3cret"), "{error}");
        };
        check("mongodb://u:s3cret@h/d", "`mongodb` is none of redb");
        check("sqlite:", "the path of a file is missing");
        check("postgres:host", "there must be `://`");
        check("postgres:user:s3cret@host/db", "postgres:host/db is no address of a store");
        check("mysql:/u:s3cret@h/d", "there must be `://`");
        check("mongodb:u:s3cret@h/d", "mongodb:h/d is no address");
        check("mongodb://u:s3@s3cret@h/d", "mongodb://h/d is no address");
        check("mysql://u:s3cret@h/d?session=a%20b", "is no name of a session");
        check("redis://h/0?lease=0", "1 to 3600 seconds");
        check("postgres://h/d?password=s3cret&session=A", "postgres://h/d is no address of a store: \"A\" is no name");
        let Address::Postgres(place) = Address::parse("postgres://u:s3?cret@h/d").unwrap() else { panic!("not recognised") };
        assert_eq!(place.shown, "postgres://h/d?session=default");
    }
}
