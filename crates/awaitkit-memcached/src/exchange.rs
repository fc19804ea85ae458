//! One command and its answer on one connection.

use async_memcached::{AsciiProtocol, Client, Error as WireError, ErrorKind, MetaProtocol, MetaValue, Status};

use crate::item::{Cas, Item};

#[derive(Debug, Clone, Copy)]
pub(crate) enum Command<'a> {
    Get(&'a [u8]),
    Many(&'a [&'a [u8]]),
    Store { how: Store, key: &'a [u8], value: &'a [u8], flags: u32, expires: i64 },
    Arithmetic { key: &'a [u8], delta: u64, up: bool },
    Touch { key: &'a [u8], expires: i64 },
    Delete(&'a [u8]),
    Flush,
    Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Set,
    Add,
    Replace,
    Append,
    Prepend,
    Cas(Cas),
}

#[derive(Debug)]
pub(crate) enum Reply {
    Items(Vec<(Vec<u8>, Item)>),
    Stored(Stored),
    Number(Option<u64>),
    Found(bool),
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    Yes,
    No,
    Changed,
    Missing,
}

impl Command<'_> {
    /// Whether it does no harm when it runs twice and says the same the second time.
    pub(crate) fn may_repeat(&self) -> bool {
        match self {
            Self::Get(_) | Self::Many(_) | Self::Touch { .. } | Self::Flush | Self::Version => true,
            Self::Store { how, .. } => *how == Store::Set,
            Self::Arithmetic { .. } | Self::Delete(_) => false,
        }
    }
}

/// Sends the command and reads the whole answer.
pub(crate) async fn exchange(client: &mut Client, command: Command<'_>) -> Result<Reply, WireError> {
    match command {
        Command::Get(key) => {
            let found = client.meta_get(key, false, None, Some(&["v", "f", "c"])).await?;
            Ok(Reply::Items(found.map(|found| (key.to_vec(), item(found))).into_iter().collect()))
        }
        Command::Many(keys) => {
            let found = client.meta_get_multi(keys, Some(&["v", "f", "c"])).await?;
            Ok(Reply::Items(found.into_iter().map(|mut found| (found.key.take().unwrap_or_default(), item(found))).collect()))
        }
        Command::Store { how, key, value, flags, expires } => store(client, how, key, value, flags, expires).await.map(Reply::Stored),
        Command::Arithmetic { key, delta, up } => {
            let number = if up { client.increment(key, delta).await } else { client.decrement(key, delta).await };
            match number {
                Ok(number) => Ok(Reply::Number(Some(number))),
                Err(WireError::Protocol(Status::NotFound)) => Ok(Reply::Number(None)),
                Err(error) => Err(error),
            }
        }
        Command::Touch { key, expires } => {
            // The size is asked for only because a bare "HD" would not be told from a miss.
            let found = client.meta_get(key, false, None, Some(&[&format!("T{expires}"), "s"])).await?;
            Ok(Reply::Found(found.is_some()))
        }
        Command::Delete(key) => match client.delete(key).await {
            Ok(()) => Ok(Reply::Found(true)),
            Err(WireError::Protocol(Status::NotFound)) => Ok(Reply::Found(false)),
            Err(error) => Err(error),
        },
        Command::Flush => client.flush_all().await.map(|()| Reply::Found(true)),
        Command::Version => client.version().await.map(|version| Reply::Text(version.trim_end().to_owned())),
    }
}

async fn store(client: &mut Client, how: Store, key: &[u8], value: &[u8], flags: u32, expires: i64) -> Result<Stored, WireError> {
    let flags = format!("F{flags}");
    let expires = format!("T{expires}");
    let version;
    let mode = match how {
        Store::Set => "MS",
        Store::Add => "ME",
        Store::Replace => "MR",
        Store::Append => "MA",
        Store::Prepend => "MP",
        Store::Cas(Cas(cas)) => {
            version = format!("C{cas}");
            &version
        }
    };
    match client.meta_set(key, value, false, None, Some(&[mode, &flags, &expires])).await {
        Ok(_) => Ok(Stored::Yes),
        Err(WireError::Protocol(Status::NotStored)) => Ok(Stored::No),
        Err(WireError::Protocol(Status::Exists)) => Ok(Stored::Changed),
        Err(WireError::Protocol(Status::NotFound)) => Ok(Stored::Missing),
        Err(error) => Err(error),
    }
}

fn item(found: MetaValue) -> Item {
    // The crate gives none for a value of no bytes.
    Item { value: found.data.unwrap_or_default(), flags: found.flags.unwrap_or_default(), cas: Cas(found.cas.unwrap_or_default()) }
}

/// What a failed exchange says about the connection and the server.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server has understood and says no.
    Refused(String),
    /// No byte of sense, or none at all.
    Damaged(String),
    Io(std::io::Error),
    Connect(std::io::Error),
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        match error {
            WireError::Connect(error) => Self::Connect(error),
            WireError::Io(error) => Self::Io(error),
            WireError::ConnectionClosed => Self::Io(std::io::ErrorKind::NotConnected.into()),
            WireError::Protocol(Status::Error(ErrorKind::Client(words) | ErrorKind::Server(words))) => Self::Refused(words),
            other => Self::Damaged(other.to_string()),
        }
    }
}
