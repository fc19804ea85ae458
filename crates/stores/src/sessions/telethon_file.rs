use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use futures_util::TryFutureExt;
use quadruplex_store::{AuthKey, ChannelState, Commit, CommonState, KeySlot, Peer, PeerId, PeerKind, Session, StoredKey};
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::{Format, FormatError, known_address};

/// What Telethon keeps in its file.
#[derive(Debug)]
#[non_exhaustive]
pub struct TelethonFile {
    /// The login; Telethon does not write down whose it is.
    pub session: Session,
    /// Who was met, and how far updates were taken.
    pub rest: Commit,
}

impl TelethonFile {
    /// The commit that puts all of it into a new store.
    #[must_use]
    pub fn to_commit(&self) -> Commit {
        let mut commit = self.session.to_commit();
        let signed_in = StoredKey { key: self.session.key.clone(), expires: None, authorized: true };
        commit.add_key(KeySlot::permanent(self.session.dc), signed_in);
        commit.append(self.rest.clone());
        commit
    }
}

/// Reads a session file of Telethon without changing it.
///
/// # Errors
///
/// [`FormatError::File`] if it is none, or if nobody is signed in with it.
///
/// # Cancel safety
///
/// Cancel safe.
pub async fn read_telethon_file(path: &Path) -> Result<TelethonFile, FormatError> {
    let wrong = |reason: String| FormatError::File { path: path.display().to_string(), reason };
    let explain = |error: sqlx::Error| wrong(error.to_string());
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let mut file = SqliteConnection::connect_with(&options).map_err(explain).await?;
    let login = sqlx::query_as::<_, (i64, String, i64, Vec<u8>)>(
        "SELECT dc_id, server_address, port, auth_key FROM sessions WHERE auth_key IS NOT NULL",
    );
    let login = login.fetch_optional(&mut file).map_err(explain).await?;
    let (dc, host, port, key) = login.filter(|login| !login.3.is_empty()).ok_or_else(|| wrong("nobody is signed in with it".to_owned()))?;
    let key: [u8; 256] = key.try_into().map_err(|key: Vec<u8>| wrong(format!("its key has {} bytes", key.len())))?;
    let dc = i32::try_from(dc).map_err(|_| wrong(format!("its data centre is {dc}")))?;
    let address = host.parse::<IpAddr>().ok().zip(u16::try_from(port).ok()).map(|(ip, port)| SocketAddr::new(ip, port));
    let session = Session { dc, test: false, user: None, address, key: AuthKey::from_bytes(key) };

    let mut rest = Commit::default();
    let met = sqlx::query_as::<_, (i64, i64, Option<String>, Option<i64>, Option<String>)>(
        "SELECT id, hash, username, phone, name FROM entities",
    );
    for (id, hash, username, phone, name) in met.fetch_all(&mut file).map_err(explain).await? {
        let Some((id, kind)) = from_marked(id) else { continue };
        let access_hash = (kind != PeerKind::Group).then_some(hash);
        let usernames = username.filter(|name| !name.is_empty()).into_iter().collect();
        let phone = phone.filter(|phone| *phone > 0).map(|phone| phone.to_string());
        rest.peer(Peer { name: name.unwrap_or_default(), usernames, phone, ..Peer::new(id, kind, access_hash) });
    }
    let states = sqlx::query_as::<_, (i64, i32, i32, i64, i32)>("SELECT id, pts, qts, date, seq FROM update_state");
    for (id, pts, qts, date, seq) in states.fetch_all(&mut file).map_err(explain).await? {
        match id {
            0 => rest.common(CommonState { pts, qts, date: i32::try_from(date).unwrap_or_default(), seq }),
            _ => rest.channel(id, ChannelState { pts, behind: false }),
        }
    }
    file.close().map_err(explain).await?;
    Ok(TelethonFile { session, rest })
}

/// Writes a session file for Telethon, which must not be there yet.
///
/// # Errors
///
/// [`FormatError::File`] if it is there or cannot be made; [`FormatError::Missing`] if the address of the data centre is not known.
///
/// # Cancel safety
///
/// Dropped, it may leave an unfinished file, without a login.
pub async fn write_telethon_file(path: &Path, session: &Session, peers: &[Peer], common: Option<CommonState>) -> Result<(), FormatError> {
    let wrong = |reason: String| FormatError::File { path: path.display().to_string(), reason };
    let explain = |error: sqlx::Error| wrong(error.to_string());
    if path.exists() {
        return Err(wrong("there is one already; it was left as it is".to_owned()));
    }
    let missing =
        FormatError::Missing { format: Format::Telethon, what: "the address of the data centre", help: "it must be one of Telegram's" };
    let address = session.address.or_else(|| known_address(session.dc, session.test)).ok_or(missing)?;
    quadruplex_store::private_file(path).map_err(|error| wrong(error.to_string()))?;
    let mut file = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path)).map_err(explain).await?;
    let mut writing = file.begin().map_err(explain).await?;
    for statement in TABLES {
        sqlx::query(statement).execute(&mut *writing).map_err(explain).await?;
    }
    for peer in peers {
        // Telethon fills in a user it knows only by name; here it needs what opens the door.
        let Some(hash) = peer.access_hash.or(matches!(peer.id, PeerId::Chat(_)).then_some(0)).filter(|_| !peer.min) else { continue };
        let phone = peer.phone.as_deref().and_then(|phone| phone.parse::<i64>().ok());
        let entity = sqlx::query("INSERT INTO entities VALUES (?, ?, ?, ?, ?, 0)").bind(marked(peer.id)).bind(hash);
        let entity = entity.bind(peer.usernames.first().map(|name| name.to_lowercase())).bind(phone).bind(&peer.name);
        entity.execute(&mut *writing).map_err(explain).await?;
    }
    if let Some(CommonState { pts, qts, date, seq }) = common {
        let state = sqlx::query("INSERT INTO update_state VALUES (0, ?, ?, ?, ?)").bind(pts).bind(qts).bind(date).bind(seq);
        state.execute(&mut *writing).map_err(explain).await?;
    }
    let login = sqlx::query("INSERT INTO sessions VALUES (?, ?, ?, ?, NULL, NULL)").bind(session.dc);
    let login = login.bind(address.ip().to_string()).bind(address.port()).bind(session.key.as_bytes().as_slice());
    login.execute(&mut *writing).map_err(explain).await?;
    writing.commit().map_err(explain).await?;
    file.close().map_err(explain).await
}

/// The ids of the Bot API: users above zero, groups below, channels below −10¹².
fn from_marked(id: i64) -> Option<(PeerId, PeerKind)> {
    match id {
        0 => None,
        1.. => Some((PeerId::User(id), PeerKind::User)),
        _ if id > -CHANNELS => Some((PeerId::Chat(-id), PeerKind::Group)),
        _ => Some((PeerId::Channel(-id - CHANNELS), PeerKind::Channel)),
    }
}

fn marked(id: PeerId) -> i64 {
    match id {
        PeerId::User(id) => id,
        PeerId::Chat(id) => -id,
        PeerId::Channel(id) => -CHANNELS - id,
    }
}

const CHANNELS: i64 = 1_000_000_000_000;

/// The tables of version 8, which Telethon 1.40 and later read.
const TABLES: [&str; 6] = [
    "CREATE TABLE version (version integer primary key)",
    "INSERT INTO version VALUES (8)",
    "CREATE TABLE sessions (dc_id integer primary key, server_address text, port integer, auth_key blob, takeout_id integer, tmp_auth_key blob)",
    "CREATE TABLE entities (id integer primary key, hash integer not null, username text, phone integer, name text, date integer)",
    "CREATE TABLE sent_files (md5_digest blob, file_size integer, type integer, id integer, hash integer, primary key(md5_digest, file_size, type))",
    "CREATE TABLE update_state (id integer primary key, pts integer, qts integer, date integer, seq integer)",
];
