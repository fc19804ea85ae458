use std::io;
use std::sync::Arc;
use std::time::Duration;

/// What can go wrong. A miss is none of it.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The key cannot be carried by the protocol. Nothing was sent.
    #[error("the key {key:?} {why}")]
    Key {
        /// The key, or the beginning of it.
        key: String,
        /// What is wrong with it and what to do.
        why: &'static str,
    },
    /// The value is larger than the server takes.
    #[error(
        "the value of {key:?} has {len} bytes, which is more than the server takes; store less, or raise `memcached -I` and `Builder::max_value`"
    )]
    TooLarge {
        /// The key.
        key: String,
        /// Bytes of the value.
        len: usize,
    },
    /// A server's address is wrong, or there is none.
    #[error("{address:?} is no address of a memcached server: {why}")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// No connection could be made. Nothing was sent.
    #[error("no connection to memcached at {server}: {source}")]
    Connect {
        /// Its name.
        server: String,
        /// What the system says.
        source: Arc<io::Error>,
    },
    /// The server failed several times in a row and is left alone for now. Nothing was sent.
    #[error("memcached at {server} has failed repeatedly; it is tried again in {again:?}")]
    Down {
        /// Its name.
        server: String,
        /// When it is tried again.
        again: Duration,
    },
    /// No answer within the deadline.
    #[error("memcached at {server} has not answered within {after:?}{}", sent_note(*.sent))]
    Timeout {
        /// Its name.
        server: String,
        /// The deadline.
        after: Duration,
        /// Whether the command was on its way. If not, all connections were busy or none could be made.
        sent: bool,
    },
    /// The connection broke before the answer was there.
    #[error("the connection to memcached at {server} broke: {source}{}", sent_note(true))]
    Broken {
        /// Its name.
        server: String,
        /// What the system says.
        source: Arc<io::Error>,
    },
    /// The server says no, in its words.
    #[error("memcached at {server} refuses: {answer}")]
    Refused {
        /// Its name.
        server: String,
        /// Its words.
        answer: String,
    },
    /// What came back is no answer to what was asked.
    #[error("{server} does not speak memcached's protocol, or not that of 1.6 and later: {what}")]
    Protocol {
        /// Its name.
        server: String,
        /// What came.
        what: String,
    },
}

impl Error {
    /// Whether the server may have carried out the command although this came back.
    pub fn may_have_run(&self) -> bool {
        matches!(self, Self::Timeout { sent: true, .. } | Self::Broken { .. } | Self::Protocol { .. })
    }
}

fn sent_note(sent: bool) -> &'static str {
    if sent { "; the command may have been carried out" } else { "; the command was not sent" }
}
