/// A value with what the server keeps beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The value.
    pub value: Vec<u8>,
    /// A number of the writer's; clients mark with it how a value is encoded.
    pub flags: u32,
    /// Which writing of the value this is, for [`Memcached::cas`](crate::Memcached::cas).
    pub cas: Cas,
}

/// Which writing of a value was read; a token of the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cas(pub(crate) u64);

/// What became of a [`cas`](crate::Memcached::cas).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Swap {
    /// The value was the one that was read, and is replaced.
    Stored,
    /// Somebody else has written since; nothing was changed.
    Changed,
    /// The value is gone; nothing was changed.
    Missing,
}
