use std::collections::BTreeMap;
use std::time::Duration;

use quadruplex_store::{ChannelState, CommonState};

/// What an update has to do with the boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// No box of its own: it counts as the envelope it came in, or as the difference.
    Free,
    /// The box of private chats and basic groups (pts).
    Common { pts: i32, count: i32 },
    /// The box of secret chats and bot events (qts).
    Secret { qts: i32 },
    /// The box of a channel or supergroup.
    Channel { id: i64, pts: i32, count: i32 },
    /// A word about a channel: more has happened than is sent.
    ChannelTooLong { id: i64, pts: Option<i32> },
    /// A word about the common box: its numbers start anew.
    PtsChanged,
}

/// An update and its place. None: the position moves and nobody is told (the answer to an own call was it already).
#[derive(Clone, Debug)]
pub(crate) struct Item<U> {
    pub(crate) place: Place,
    pub(crate) update: Option<U>,
}

/// What the server sends by itself, and inside answers to calls.
#[derive(Clone, Debug)]
pub(crate) enum Incoming<U> {
    /// `updates`, `updatesCombined` and the short forms. `seq` 0: the envelope has no order.
    Envelope { seq_start: i32, seq: i32, date: i32, items: Vec<Item<U>> },
    /// `updatesTooLong`.
    TooLong,
}

/// The answer to [`Request::Difference`].
#[derive(Clone, Debug)]
pub(crate) enum Difference<U> {
    /// `differenceEmpty`.
    Empty { date: i32, seq: i32 },
    /// `difference` (the last one) and `differenceSlice`.
    Slice { items: Vec<Item<U>>, state: CommonState, is_last: bool },
    /// `differenceTooLong`.
    TooLong { pts: i32 },
}

/// The answer to [`Request::ChannelDifference`].
#[derive(Clone, Debug)]
pub(crate) enum ChannelDifference<U> {
    /// `channelDifferenceEmpty` and `channelDifference`.
    Slice { items: Vec<Item<U>>, pts: i32, is_last: bool },
    /// `channelDifferenceTooLong`, with the pts of its dialog.
    TooLong { pts: Option<i32>, is_last: bool },
}

/// What to ask the server. Each is answered by the `handle_` function of its name, or by `handle_failure`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// `updates.getState`.
    State,
    /// `updates.getDifference`.
    Difference { pts: i32, qts: i32, date: i32 },
    /// `updates.getChannelDifference`.
    ChannelDifference { id: i64, pts: i32, limit: i32 },
    /// The present pts of a channel, from `channels.getFullChannel`.
    ChannelState { id: i64 },
}

impl Request {
    /// Which box asks.
    pub(crate) fn channel(self) -> Option<i64> {
        match self {
            Self::State | Self::Difference { .. } => None,
            Self::ChannelDifference { id, .. } | Self::ChannelState { id } => Some(id),
        }
    }
}

/// Why a request brought no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It may work later: a flood wait, a failing server, no network. None: after a while that grows.
    Later(Option<Duration>),
    /// The answer came and could not be decoded.
    Undecodable,
    /// The server does not accept the position (`PERSISTENT_TIMESTAMP_INVALID` and `_EMPTY`).
    BadPosition,
    /// The channel cannot be seen any more (`CHANNEL_PRIVATE` and the like).
    Gone,
    /// No access hash is known for the channel.
    UnknownChannel,
}

/// Updates are missing and will not come by themselves. What there is can be loaded from the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The channel or supergroup; `None`: private chats, basic groups and what concerns the account.
    pub channel: Option<i64>,
    /// The last position (pts) taken before, if there was one.
    pub from: Option<i32>,
    /// The position from which on updates come again; `None` if none will come or it is not known.
    pub to: Option<i32>,
    /// Why they are missing.
    pub reason: GapReason,
}

/// Why updates are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GapReason {
    /// Telegram has more of them than it is willing to send.
    TooLong,
    /// They came and could not be decoded, twice.
    Undecodable,
    /// Telegram did not accept the stored position.
    BadPosition,
    /// The channel is closed to this account.
    Gone,
    /// The channel cannot be asked: no access hash is known.
    UnknownChannel,
}

/// One thing for the lanes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event<U> {
    Update(U),
    Gap(Gap),
}

/// What one input gave: events in order and the states that hold when all of them are taken. To be stored together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Batch<U> {
    pub(crate) events: Vec<Event<U>>,
    pub(crate) common: Option<CommonState>,
    /// None: the channel is not followed any more.
    pub(crate) channels: BTreeMap<i64, Option<ChannelState>>,
}

impl<U> Default for Batch<U> {
    fn default() -> Self {
        Self { events: Vec::new(), common: None, channels: BTreeMap::new() }
    }
}

impl<U> Batch<U> {
    /// Marks a channel whose state may have changed; when the input is settled its state stands here, or no entry.
    pub(super) fn touch(&mut self, id: i64) {
        self.channels.entry(id).or_insert(None);
    }
}
