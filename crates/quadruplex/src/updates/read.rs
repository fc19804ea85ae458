//! From the types of the API to what the gap engine takes.

use std::time::Duration;

use quadruplex_api::{enums, types};
use quadruplex_store::CommonState;

use super::facts::Facts;
use super::gap::{ChannelDifference, Difference, Incoming, Item, Place};
use super::short;

/// An update on its way through the gap engine.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    pub(crate) update: enums::Update,
    pub(crate) facts: Facts,
}

/// Updates that arrived by themselves or inside an answer. `own` is the account's user id.
pub(crate) fn updates(updates: enums::Updates, own: Option<i64>) -> Incoming<Noted> {
    let alone = |date, update| Incoming::Envelope { seq_start: 0, seq: 0, date, items: vec![placed(update)] };
    match updates {
        enums::Updates::TooLong => Incoming::TooLong,
        enums::Updates::UpdateShort(short) => alone(short.date, short.update),
        enums::Updates::UpdateShortMessage(message) => alone(message.date, short::private(*message, own).into()),
        enums::Updates::UpdateShortChatMessage(message) => alone(message.date, short::group(*message).into()),
        // What was sent is known to who sent it; only the position moves.
        enums::Updates::UpdateShortSentMessage(sent) => {
            let place = Place::Common { pts: sent.pts, count: sent.pts_count };
            Incoming::Envelope { seq_start: 0, seq: 0, date: sent.date, items: vec![Item { place, update: None }] }
        }
        enums::Updates::Updates(all) => {
            let types::Updates { updates, date, seq, .. } = *all;
            Incoming::Envelope { seq_start: seq, seq, date, items: updates.into_iter().map(placed).collect() }
        }
        enums::Updates::Combined(all) => {
            let types::UpdatesCombined { updates, date, seq_start, seq, .. } = *all;
            Incoming::Envelope { seq_start, seq, date, items: updates.into_iter().map(placed).collect() }
        }
    }
}

/// The answer to `updates.getDifference`.
pub(crate) fn difference(answer: enums::updates::Difference) -> Difference<Noted> {
    match answer {
        enums::updates::Difference::Empty(empty) => Difference::Empty { date: empty.date, seq: empty.seq },
        enums::updates::Difference::Difference(all) => {
            let items = inside(all.new_messages, all.new_encrypted_messages, all.other_updates);
            Difference::Slice { items, state: state(&all.state), is_last: true }
        }
        enums::updates::Difference::Slice(all) => {
            let items = inside(all.new_messages, all.new_encrypted_messages, all.other_updates);
            Difference::Slice { items, state: state(&all.intermediate_state), is_last: false }
        }
        enums::updates::Difference::TooLong(too_long) => Difference::TooLong { pts: too_long.pts },
    }
}

/// The answer to `updates.getChannelDifference`.
pub(crate) fn channel_difference(answer: enums::updates::ChannelDifference) -> ChannelDifference<Noted> {
    match answer {
        enums::updates::ChannelDifference::Empty(empty) => {
            ChannelDifference::Slice { items: Vec::new(), pts: empty.pts, is_last: empty.r#final }
        }
        enums::updates::ChannelDifference::ChannelDifference(all) => {
            let messages =
                all.new_messages.into_iter().map(|message| types::UpdateNewChannelMessage { message, pts: 0, pts_count: 0 }.into());
            let items = messages.chain(all.other_updates).map(placed).collect();
            ChannelDifference::Slice { items, pts: all.pts, is_last: all.r#final }
        }
        enums::updates::ChannelDifference::TooLong(too_long) => {
            let pts = match &too_long.dialog {
                enums::Dialog::Dialog(dialog) => dialog.pts,
                _ => None,
            };
            ChannelDifference::TooLong { pts, is_last: too_long.r#final }
        }
    }
}

/// How long who has the channel open should wait before asking again.
pub(crate) fn poll_after(answer: &enums::updates::ChannelDifference) -> Option<Duration> {
    let seconds = match answer {
        enums::updates::ChannelDifference::Empty(empty) => empty.timeout,
        enums::updates::ChannelDifference::ChannelDifference(all) => all.timeout,
        enums::updates::ChannelDifference::TooLong(too_long) => too_long.timeout,
    };
    seconds.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs)
}

/// The answer to `updates.getState`.
pub(crate) fn state(state: &types::updates::State) -> CommonState {
    CommonState { pts: state.pts, qts: state.qts, date: state.date, seq: state.seq }
}

/// What a difference of the account holds. New messages stand there without a position: it is that of the difference.
fn inside(messages: Vec<enums::Message>, secret: Vec<enums::EncryptedMessage>, others: Vec<enums::Update>) -> Vec<Item<Noted>> {
    let messages = messages.into_iter().map(|message| types::UpdateNewMessage { message, pts: 0, pts_count: 0 }.into());
    let secret = secret.into_iter().map(|message| types::UpdateNewEncryptedMessage { message, qts: 0 }.into());
    messages.chain(secret).chain(others).map(placed).collect()
}

fn placed(update: enums::Update) -> Item<Noted> {
    let facts = Facts::of(&update);
    let place = facts.place();
    // These two are words to the engine, not events.
    let update = match place {
        Place::ChannelTooLong { .. } | Place::PtsChanged => None,
        _ => Some(Noted { update, facts }),
    };
    Item { place, update }
}
