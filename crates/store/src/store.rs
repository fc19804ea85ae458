use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use crate::{
    ChannelState, Commit, CommonState, DeadLetter, Error, Identity, KeySlot, Peer, PeerId, PeerKey, Row, Salt, StoredKey, Value, ValueKey,
};

/// What a store is doing; it goes on by itself only as far as it is polled, unless its backend says otherwise.
pub type Task<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// What survives a restart of one account.
///
/// Everything is written by [`commit`](Self::commit), which is atomic and durable: when it has returned, a power cut does
/// not undo it; when the process dies inside, all of it is there at the next start or nothing of it. One account is held
/// by one process at a time; a store that other processes could reach has to see to that when it is opened.
///
/// A backend passes the tests of [`contract`](crate::contract), and that is all it needs to be used.
///
/// # Cancel safety
/// Dropping the task of a read is harmless. Dropping the task of a `commit` leaves open whether it happens; never a part.
pub trait Store: Send + Sync + 'static {
    /// Everything small: the login, the keys, the states of the boxes.
    fn load(&self) -> Task<'_, Snapshot>;

    /// Applies a commit, all of it or nothing.
    fn commit(&self, commit: Arc<Commit>) -> Task<'_, ()>;

    /// Up to `limit` rows of the journal from number `from` on, in order.
    fn rows(&self, from: u64, limit: usize) -> Task<'_, Vec<Row>>;

    /// Up to `limit` dead letters from number `from` on, in order.
    fn dead_letters(&self, from: u64, limit: usize) -> Task<'_, Vec<DeadLetter>>;

    /// One answer for each key, in their order.
    fn peers(&self, keys: Vec<PeerKey>) -> Task<'_, Vec<Option<Peer>>>;

    /// A value, also when its end has passed but it was not purged yet.
    fn value(&self, key: ValueKey) -> Task<'_, Option<Value>>;

    /// Up to `limit` values of the space of `from`, in the order of their keys, from that key on.
    fn values(&self, from: ValueKey, limit: usize) -> Task<'_, Vec<(Vec<u8>, Value)>>;

    /// Up to `limit` peers that come after `after`, in an order of the store's own; from the first on if it is none. For copies.
    fn all_peers(&self, after: Option<PeerId>, limit: usize) -> Task<'_, Vec<Peer>>;

    /// Up to `limit` values of all spaces that come after `after`, in an order of the store's own. For copies.
    fn all_values(&self, after: Option<ValueKey>, limit: usize) -> Task<'_, Vec<(ValueKey, Value)>>;

    /// The file or address, for messages to people; without credentials.
    fn place(&self) -> String;

    /// Whether another process can open it. If not, nobody has to ask whether [one waits](Self::is_wanted).
    fn is_shared(&self) -> bool {
        true
    }

    /// Whether another process is waiting to take this session over.
    fn is_wanted(&self) -> bool {
        false
    }

    /// Whether another process has taken this session, or may have: what kept it from that could not be kept up in time. From then on
    /// nothing may be sent to Telegram. Asked before everything that is sent, so it answers at once, and in time: before another process
    /// can open the store.
    fn is_lost(&self) -> bool {
        false
    }

    /// Lets go of memory that a store keeps to be fast, if it was not used since this was called last. A [`Writer`](crate::Writer) calls it
    /// now and then while nothing is written.
    fn rest(&self) -> Task<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Lets go of the session, for a program that ends; nothing is to be written any more. A store that is dropped lets go too, but where that
    /// takes an answer of a server, nobody waits for it, and another process may have to wait until it is clear that this one is gone.
    fn close(&self) -> Task<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// A store that somebody else has too.
impl<S: Store + ?Sized> Store for Arc<S> {
    fn load(&self) -> Task<'_, Snapshot> {
        (**self).load()
    }

    fn commit(&self, commit: Arc<Commit>) -> Task<'_, ()> {
        (**self).commit(commit)
    }

    fn rows(&self, from: u64, limit: usize) -> Task<'_, Vec<Row>> {
        (**self).rows(from, limit)
    }

    fn dead_letters(&self, from: u64, limit: usize) -> Task<'_, Vec<DeadLetter>> {
        (**self).dead_letters(from, limit)
    }

    fn peers(&self, keys: Vec<PeerKey>) -> Task<'_, Vec<Option<Peer>>> {
        (**self).peers(keys)
    }

    fn value(&self, key: ValueKey) -> Task<'_, Option<Value>> {
        (**self).value(key)
    }

    fn values(&self, from: ValueKey, limit: usize) -> Task<'_, Vec<(Vec<u8>, Value)>> {
        (**self).values(from, limit)
    }

    fn all_peers(&self, after: Option<PeerId>, limit: usize) -> Task<'_, Vec<Peer>> {
        (**self).all_peers(after, limit)
    }

    fn all_values(&self, after: Option<ValueKey>, limit: usize) -> Task<'_, Vec<(ValueKey, Value)>> {
        (**self).all_values(after, limit)
    }

    fn place(&self) -> String {
        (**self).place()
    }

    fn is_shared(&self) -> bool {
        (**self).is_shared()
    }

    fn is_wanted(&self) -> bool {
        (**self).is_wanted()
    }

    fn is_lost(&self) -> bool {
        (**self).is_lost()
    }

    fn rest(&self) -> Task<'_, ()> {
        (**self).rest()
    }

    fn close(&self) -> Task<'_, ()> {
        (**self).close()
    }
}

/// Everything small that a store holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Whose login it is; none in a new store.
    pub identity: Option<Identity>,
    /// Server time minus local wall time, in seconds.
    pub time_offset: Option<i32>,
    /// The configuration of the data centres, as it came from the server.
    pub config: Option<Vec<u8>>,
    /// Tokens of earlier logins, oldest first, at most [`LOGIN_TOKENS`](crate::LOGIN_TOKENS).
    pub login_tokens: Vec<Vec<u8>>,
    /// The keys.
    pub keys: BTreeMap<KeySlot, StoredKey>,
    /// The salts of the keys.
    pub salts: BTreeMap<KeySlot, Vec<Salt>>,
    /// The state of the common box; none when updates were never taken.
    pub common: Option<CommonState>,
    /// The states of the channel boxes.
    pub channels: BTreeMap<i64, ChannelState>,
    /// The next number of the journal: larger than that of every row and dead letter there has been.
    pub next_row: u64,
}
