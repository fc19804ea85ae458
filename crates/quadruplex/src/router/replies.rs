//! Every reply once: what a handler sends carries ids that follow from the update, so that Telegram knows a repetition.

use std::cell::{Cell, OnceCell};
use std::future::Future;

use quadruplex_crypto::hash::sha256;

use super::Update;
use crate::updates::{Identity, identity_of};

tokio::task_local! {
    static REPLIES: Replies;
}

/// The ids of what one handler sends because of one update.
#[derive(Debug)]
struct Replies {
    /// The account, the update and the handler: what the seed is made of when it is needed.
    of: (i64, Identity, Signature),
    seed: OnceCell<[u8; 32]>,
    sent: Cell<u64>,
    asked: Cell<u32>,
    carried: Cell<u64>,
}

impl Replies {
    fn new(of: (i64, Identity, Signature), seed: OnceCell<[u8; 32]>) -> Self {
        Self { of, seed, sent: Cell::new(0), asked: Cell::new(0), carried: Cell::new(0) }
    }

    fn seed(&self) -> &[u8; 32] {
        let (account, identity, Signature(handler)) = &self.of;
        self.seed.get_or_init(|| sha256(&[b"replies", &account.to_le_bytes(), identity, handler]))
    }
}

/// Runs a handler.
pub(crate) fn scope<F: Future>(update: &Update, signature: Signature, handler: F) -> impl Future<Output = F::Output> {
    REPLIES.scope(Replies::new((update.account().id, *update.identity(), signature), OnceCell::new()), handler)
}

/// Tells handlers apart that run for the same update, and is the same in every process of the program and in its next version: it follows
/// from the name of the handler and from what it is for, and not from where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signature([u8; 16]);

impl Signature {
    /// `nth`: of those that have the same name and are for the same, in their order.
    pub(crate) fn of_handler(name: &str, wanted: &str, nth: u32) -> Self {
        Self(identity_of(&[b"handler", name.as_bytes(), b"\0", wanted.as_bytes(), b"\0", &nth.to_le_bytes()]))
    }

    /// That of a handler for the errors of this one.
    pub(crate) fn of_error_handler(self, name: &str, nth: usize) -> Self {
        Self(identity_of(&[b"error handler", &self.0, name.as_bytes(), b"\0", &nth.to_le_bytes()]))
    }
}

/// Work that a handler starts beside itself: what it sends is counted apart, since nobody knows what comes first. Outside of a handler it
/// is left as it is.
pub(crate) fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let replies = REPLIES.try_with(|replies| {
        let number = replies.carried.replace(replies.carried.get() + 1);
        Replies::new(replies.of, OnceCell::from(sha256(&[b"carried", replies.seed(), &number.to_le_bytes()])))
    });
    async move {
        match replies {
            Ok(replies) => REPLIES.scope(replies, work).await,
            Err(_) => work.await,
        }
    }
}

/// The id of what is sent next; `None` outside of a handler.
///
/// It follows from (account, identity of the update, handler, number of the send): a handler that runs again and sends the same things
/// in the same order sends nothing twice.
pub(crate) fn next_id() -> Option<i64> {
    REPLIES
        .try_with(|replies| {
            let number = replies.sent.replace(replies.sent.get() + 1);
            let hash = sha256(&[replies.seed(), &number.to_le_bytes()]);
            hash.first_chunk().map_or(0, |bytes| i64::from_le_bytes(*bytes))
        })
        .ok()
}

/// Whether a handler runs, which may have run before.
pub(crate) fn is_handling() -> bool {
    REPLIES.try_with(|_| ()).is_ok()
}

/// The name of what is asked next, by which its answer is found when the handler runs again; `None` outside of a handler.
pub(crate) fn next_question() -> Option<Vec<u8>> {
    REPLIES
        .try_with(|replies| {
            let number = replies.asked.replace(replies.asked.get() + 1);
            [&replies.seed()[..16], &number.to_be_bytes()].concat()
        })
        .ok()
}
