//! What a handler gets, and its form in the journal.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quadruplex_api::enums;
use quadruplex_store::{Lane, PeerId, Row};
use quadruplex_tl::{Deserialize, Error, ErrorKind, Reader, Serialize};

use super::gap::{Gap, GapReason};

/// What can happen to an account.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// An update, as Telegram sent it. New messages from a difference have `pts` and `pts_count` 0.
    Update(enums::Update),
    /// Updates that will not come: what was missed has to be looked for in the history, or left.
    Gap(Gap),
    /// A time of a scheduled handler at which it has failed too often, which was a dead letter and is to be tried once more.
    Scheduled {
        /// The name under which its schedule is kept, or else that of the handler.
        handler: String,
        /// When it was due.
        at: SystemTime,
    },
}

/// Stand where an update has its constructor id.
const GAP: u32 = 0x0b5e_9a90;
const SCHEDULED: u32 = 0x0b5e_9a91;

impl Event {
    /// The bytes of its row.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Update(update) => update.to_bytes(),
            Self::Gap(gap) => {
                let mut out = Vec::new();
                GAP.serialize(&mut out);
                let parts = [gap.channel, gap.from.map(i64::from), gap.to.map(i64::from)];
                parts.iter().fold(0, |flags, part| flags << 1 | u32::from(part.is_some())).serialize(&mut out);
                parts.into_iter().flatten().for_each(|part| part.serialize(&mut out));
                reason_id(gap.reason).serialize(&mut out);
                out
            }
            Self::Scheduled { handler, at } => {
                let mut out = Vec::new();
                SCHEDULED.serialize(&mut out);
                handler.serialize(&mut out);
                millis(*at).serialize(&mut out);
                out
            }
        }
    }

    /// Reads what is in a row of the journal, or in a [dead letter](quadruplex_store::DeadLetter).
    ///
    /// # Errors
    /// It was written by a release that knows constructors which this one does not.
    pub fn from_row(row: &Row) -> Result<Self, Error> {
        Self::from_bytes(&row.bytes)
    }

    /// Reads the bytes of a row.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        match u32::deserialize(&mut reader)? {
            GAP => Self::gap(reader, bytes.len()),
            SCHEDULED => {
                let (handler, millis) = (String::deserialize(&mut reader)?, i64::deserialize(&mut reader)?);
                reader.finish()?;
                let at = UNIX_EPOCH.checked_add(Duration::from_millis(u64::try_from(millis).unwrap_or(0)));
                Ok(Self::Scheduled { handler, at: at.unwrap_or(UNIX_EPOCH) })
            }
            _ => enums::Update::from_bytes(bytes).map(Self::Update),
        }
    }

    fn gap(mut reader: Reader<'_>, len: usize) -> Result<Self, Error> {
        let flags = u32::deserialize(&mut reader)?;
        let mut part = |at: u32| if flags & at != 0 { i64::deserialize(&mut reader).map(Some) } else { Ok(None) };
        let (channel, from, to) = (part(4)?, part(2)?, part(1)?);
        let id = u32::deserialize(&mut reader)?;
        let reason = reason(id).ok_or(Error { what: "gap", offset: len - 4, kind: ErrorKind::UnknownConstructor(id) })?;
        reader.finish()?;
        let position = |part: Option<i64>| part.and_then(|part| i32::try_from(part).ok());
        Ok(Self::Gap(Gap { channel, from: position(from), to: position(to), reason }))
    }
}

fn millis(at: SystemTime) -> i64 {
    at.duration_since(UNIX_EPOCH).ok().and_then(|since| i64::try_from(since.as_millis()).ok()).unwrap_or(0)
}

/// The lane in which a gap is told.
pub(crate) fn gap_lane(gap: &Gap) -> Lane {
    gap.channel.map_or(Lane::Account, |id| Lane::Peer(PeerId::Channel(id)))
}

fn reason_id(reason: GapReason) -> u32 {
    match reason {
        GapReason::TooLong => 1,
        GapReason::Undecodable => 2,
        GapReason::BadPosition => 3,
        GapReason::Gone => 4,
        GapReason::UnknownChannel => 5,
    }
}

fn reason(id: u32) -> Option<GapReason> {
    let all = [GapReason::TooLong, GapReason::Undecodable, GapReason::BadPosition, GapReason::Gone, GapReason::UnknownChannel];
    all.into_iter().find(|reason| reason_id(*reason) == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_survive_their_row() {
        for reason in (1..=5).map(|id| reason(id).unwrap()) {
            for (channel, from, to) in
                [(None, None, None), (Some(-7), Some(i32::MIN), None), (Some(i64::MAX), None, Some(5)), (None, Some(1), Some(2))]
            {
                let event = Event::Gap(Gap { channel, from, to, reason });
                assert_eq!(Event::from_bytes(&event.to_bytes()).unwrap(), event);
            }
        }
        assert_eq!(quadruplex_api::name_for_id(GAP), None, "no constructor has this id");
    }

    #[test]
    fn times_survive_their_row() {
        for (handler, millis) in [("", 0), ("shop::news", 1_800_000_000_123)] {
            let event = Event::Scheduled { handler: handler.to_owned(), at: UNIX_EPOCH + Duration::from_millis(millis) };
            assert_eq!(Event::from_bytes(&event.to_bytes()).unwrap(), event);
        }
        assert_eq!(quadruplex_api::name_for_id(SCHEDULED), None, "no constructor has this id");
    }

    #[test]
    fn broken_rows_are_refused() {
        let whole = Event::Gap(Gap { channel: Some(1), from: Some(2), to: Some(3), reason: GapReason::Gone }).to_bytes();
        let time = Event::Scheduled { handler: "news".to_owned(), at: UNIX_EPOCH }.to_bytes();
        for whole in [&whole, &time] {
            for len in 0..whole.len() {
                assert!(Event::from_bytes(&whole[..len]).is_err(), "{len} bytes");
            }
        }
        let mut unknown = whole.clone();
        *unknown.last_mut().unwrap() = 9;
        assert!(Event::from_bytes(&unknown).is_err());
        assert!(Event::from_bytes(&[whole, vec![0; 4]].concat()).is_err());
    }
}
