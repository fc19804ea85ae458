//! Polls and quizzes: <https://core.telegram.org/api/poll>.

use quadruplex_tl_schema::{Object, Value};

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::fanout::{Fanout, Update};
use super::super::super::state::Timer;
use super::super::super::state::rows::{Event, Media, Message, Peer, Poll, Vote};
use super::super::super::state::tl::Tl;
use super::super::super::view::{View, WithFlag, bare_peer};
use super::super::super::{RpcError, World, error};
use super::super::method;

pub(crate) const METHODS: &[Method] = &[
    method("messages.getPollResults", Access::Home, results),
    method("messages.getPollVotes", Access::Home, votes),
    method("messages.sendVote", Access::Home, vote),
];

/// The longest question and the longest answer, in characters, and how many answers there may be.
const MAX_QUESTION: usize = 255;
const MAX_ANSWER: usize = 100;
const MAX_ANSWERS: usize = 10;
/// The most of one answer.
const MAX_LIMIT: i32 = 50;

/// Makes a poll of an `inputMediaPoll`.
pub(crate) fn attach(call: &mut Call<'_>, input: &Object) -> Result<Media, RpcError> {
    let asked = input.object("poll").ok_or(error::MEDIA_INVALID)?;
    let question = asked.object("question").and_then(|question| question.string("text")).unwrap_or_default().trim();
    if !(1..=MAX_QUESTION).contains(&question.chars().count()) {
        return Err(error::POLL_QUESTION_INVALID);
    }
    let answers = answers(asked)?;
    let quiz = asked.flag("quiz");
    let correct: Vec<i32> = input.vector("correct_answers").unwrap_or_default().iter().filter_map(Value::as_int).collect();
    match correct[..] {
        [] if quiz => return Err(error::QUIZ_CORRECT_ANSWERS_EMPTY),
        _ if quiz && asked.flag("multiple_choice") => return Err(error::QUIZ_MULTIPLE_INVALID),
        [_, _, ..] if quiz => return Err(error::QUIZ_CORRECT_ANSWERS_TOO_MUCH),
        [one] if quiz && !(0..answers.len() as i32).contains(&one) => return Err(error::QUIZ_CORRECT_ANSWER_INVALID),
        _ => {}
    }
    let close_date = asked.int("close_date").or_else(|| Some(call.date().saturating_add(asked.int("close_period")?)));
    let id = call.world.state.random();
    let flags = ["public_voters", "multiple_choice", "quiz", "revoting_disabled"];
    let poll = flags.into_iter().fold(Object::new("poll").with("id", id), |poll, flag| poll.with_flag(flag, asked.flag(flag)));
    let poll = poll
        .with("question", asked.object("question").cloned().unwrap_or_else(|| plain("")))
        .with("answers", answers)
        .with_some("close_period", asked.int("close_period"))
        .with_some("close_date", close_date)
        .with("hash", 0i64);
    let solution = input.string("solution").map(str::to_owned);
    let row = Poll { poll: Tl(poll), author: call.me, correct: if quiz { correct } else { Vec::new() }, solution, ..Poll::default() };
    if let Some(date) = close_date {
        call.world.state.timers.insert((date, Timer::Poll(id)));
    }
    call.world.state.tables.polls.insert(id, row);
    Ok(Media::Poll(id))
}

fn plain(text: &str) -> Object {
    Object::new("textWithEntities").with("text", text).with("entities", Value::Vector(Vec::new()))
}

/// The answers as `pollAnswer`s: those without an option of their own get their number as one.
fn answers(asked: &Object) -> Result<Vec<Object>, RpcError> {
    let mut answers: Vec<Object> = Vec::new();
    for (number, answer) in asked.objects("answers").enumerate() {
        let text = answer.object("text").ok_or(error::POLL_ANSWER_INVALID)?;
        if !(1..=MAX_ANSWER).contains(&text.string("text").unwrap_or_default().trim().chars().count()) {
            return Err(error::POLL_ANSWER_INVALID);
        }
        let option = answer.bytes("option").map_or_else(|| number.to_string().into_bytes(), <[u8]>::to_vec);
        if !(1..=MAX_ANSWER).contains(&option.len()) {
            return Err(error::POLL_OPTION_INVALID);
        }
        if answers.iter().any(|other| other.bytes("option") == Some(&option)) {
            return Err(error::POLL_OPTION_DUPLICATE);
        }
        answers.push(Object::new("pollAnswer").with("text", text.clone()).with("option", option));
    }
    if (2..=MAX_ANSWERS).contains(&answers.len()) { Ok(answers) } else { Err(error::POLL_ANSWERS_INVALID) }
}

/// The poll of a message.
fn poll_of(message: &Message) -> Result<i64, RpcError> {
    match message.content.media {
        Some(Media::Poll(id)) => Ok(id),
        _ => Err(error::MESSAGE_ID_INVALID),
    }
}

fn vote(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let id = poll_of(call.world.message_in(call.me, peer, call.int("msg_id"))?)?;
    let (me, date) = (call.me, call.date());
    let row = call.world.state.tables.polls.get(&id).ok_or(error::MESSAGE_ID_INVALID)?;
    let options: Vec<&[u8]> = call.request.vector("options").unwrap_or_default().iter().filter_map(Value::as_bytes).collect();
    if row.closed {
        return Err(error::MESSAGE_POLL_CLOSED);
    }
    let voted = row.votes.contains_key(&me);
    if voted && (row.poll.0.flag("quiz") || row.poll.0.flag("revoting_disabled")) {
        return Err(error::REVOTE_NOT_ALLOWED);
    }
    if options.len() > 1 && !row.poll.0.flag("multiple_choice") {
        return Err(error::OPTIONS_TOO_MUCH);
    }
    let place = |option: &&[u8]| row.poll.0.objects("answers").position(|answer| answer.bytes("option") == Some(*option));
    let chosen: Vec<i32> = options.iter().filter_map(place).map(|place| place as i32).collect();
    if chosen.len() < options.len() {
        return Err(error::OPTION_INVALID);
    }
    let row = call.world.state.tables.polls.entry(&id);
    match chosen.is_empty() {
        true => drop(row.votes.remove(&me)),
        false => drop(row.votes.insert(me, Vote { chosen: chosen.clone(), date })),
    }
    let (author, public) = (row.author, row.poll.0.flag("public_voters"));
    let mut fanout = Fanout::default();
    call.world.tell_poll(&mut fanout, id, date);
    if public && call.world.is_bot(author) {
        let options: Value = options.iter().map(|option| Value::Bytes(option.to_vec())).collect();
        let update = Object::new("updateMessagePollVote").with("poll_id", id).with("peer", bare_peer(Peer::User(me)));
        let update = call.world.log_qts(author, date, update.with("options", options).with("positions", chosen));
        fanout.tell(author, Update::Qts(update));
    }
    Ok(call.publish(fanout).into())
}

fn results(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let id = poll_of(call.world.message_in(call.me, peer, call.int("msg_id"))?)?;
    let mut view = call.world.view(call.me, call.date());
    let update = view.poll_update(id);
    Ok(view.close(Object::new("updates").with("updates", vec![update]).with("date", call.date()).with("seq", 0)).into())
}

fn votes(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let id = poll_of(call.world.message_in(call.me, peer, call.int("id"))?)?;
    let row = call.world.state.tables.polls.get(&id).ok_or(error::MESSAGE_ID_INVALID)?;
    if !row.poll.0.flag("public_voters") {
        return Err(error::BROADCAST_FORBIDDEN);
    }
    if !row.closed && !row.votes.contains_key(&call.me) {
        return Err(error::POLL_VOTE_REQUIRED);
    }
    let options: Vec<&[u8]> = row.poll.0.objects("answers").filter_map(|answer| answer.bytes("option")).collect();
    let wanted = call.request.bytes("option");
    let chose = |vote: &Vote| wanted.is_none_or(|wanted| vote.chosen.iter().any(|place| options.get(*place as usize) == Some(&wanted)));
    let rows: Vec<(i64, &Vote)> = row.votes.iter().filter(|(_, vote)| chose(vote)).map(|(user, vote)| (*user, vote)).collect();
    let skip = call.text("offset").parse().unwrap_or(0_usize);
    let limit = call.int("limit").clamp(0, MAX_LIMIT) as usize;
    let end = skip.saturating_add(limit);
    let next = (end < rows.len()).then(|| end.to_string());
    let mut view = call.world.view(call.me, call.date());
    let page: Value = rows
        .iter()
        .skip(skip)
        .take(limit)
        .map(|(user, vote)| {
            let peer = view.peer(Peer::User(*user));
            let mut chosen: Vec<Value> =
                vote.chosen.iter().filter_map(|place| options.get(*place as usize)).map(|o| Value::Bytes(o.to_vec())).collect();
            match chosen.pop() {
                Some(only) if chosen.is_empty() => {
                    Object::new("messagePeerVote").with("peer", peer).with("option", only).with("date", vote.date)
                }
                last => {
                    chosen.extend(last);
                    Object::new("messagePeerVoteMultiple").with("peer", peer).with("options", Value::Vector(chosen)).with("date", vote.date)
                }
            }
        })
        .collect();
    let object = Object::new("messages.votesList").with("count", rows.len() as i32).with("votes", page).with_some("next_offset", next);
    Ok(view.close(object).into())
}

/// Closes the poll of a message, if that is what an edit asks for.
pub(crate) fn stop(call: &mut Call<'_>, message: &Message) -> Result<Option<Value>, RpcError> {
    let media = call.request.object("media").filter(|media| media.is("inputMediaPoll"));
    let (Some(media), Some(Media::Poll(id))) = (media, &message.content.media) else { return Ok(None) };
    if !media.object("poll").is_some_and(|poll| poll.flag("closed")) {
        return Err(error::MEDIA_NEW_INVALID);
    }
    let (id, date) = (*id, call.date());
    let mut fanout = Fanout::default();
    if !call.world.close_poll(&mut fanout, id, date) {
        return Err(error::MESSAGE_NOT_MODIFIED);
    }
    for (owner, id) in call.world.state.copies(message.twin) {
        call.world.happen(&mut fanout, owner, 1, Event::Edit(id));
    }
    Ok(Some(call.publish(fanout).into()))
}

impl World {
    /// Closes a poll and tells; false if it was closed before.
    pub(crate) fn close_poll(&mut self, fanout: &mut Fanout, id: i64, date: i32) -> bool {
        let Some(row) = self.state.tables.polls.get_mut(&id).filter(|row| !row.closed) else { return false };
        row.closed = true;
        self.tell_poll(fanout, id, date);
        true
    }

    /// Tells everybody who has a copy of a poll how it stands.
    fn tell_poll(&self, fanout: &mut Fanout, id: i64, date: i32) {
        let Some(row) = self.state.tables.polls.get(&id) else { return };
        let mut readers = std::collections::BTreeSet::new();
        for (owner, _) in row.twins.iter().flat_map(|twin| self.state.copies(*twin)) {
            match owner {
                Peer::Channel(channel) => readers.extend(self.channel_members(channel).map(|(user, _)| user)),
                Peer::User(account) | Peer::Chat(account) => {
                    readers.insert(account);
                }
            }
        }
        for reader in readers.into_iter().filter(|reader| !self.is_bot(*reader) || *reader == row.author) {
            let update = self.view(reader, date).poll_update(id);
            fanout.tell(reader, Update::Plain(update));
        }
    }
}

impl View<'_> {
    /// `updateMessagePoll`
    fn poll_update(&mut self, id: i64) -> Object {
        let media = self.poll(id);
        let part = |name: &str| media.object(name).cloned();
        Object::new("updateMessagePoll")
            .with("poll_id", id)
            .with_some("poll", part("poll"))
            .with("results", part("results").unwrap_or_else(|| Object::new("pollResults")))
    }

    /// `messageMediaPoll`: how many chose what is seen by those who have voted, and by all once it is closed.
    pub(crate) fn poll(&mut self, id: i64) -> Object {
        let Some(row) = self.world.state.tables.polls.get(&id) else { return Object::new("messageMediaUnsupported") };
        let mine = row.votes.get(&self.viewer);
        let seen = row.closed || mine.is_some();
        let voters = |place: i32| row.votes.values().filter(|vote| vote.chosen.contains(&place)).count() as i32;
        let answers: Value = (0..)
            .zip(row.poll.0.objects("answers"))
            .map(|(place, answer)| {
                Object::new("pollAnswerVoters")
                    .with_flag("chosen", mine.is_some_and(|vote| vote.chosen.contains(&place)))
                    .with_flag("correct", row.correct.contains(&place))
                    .with("option", answer.bytes("option").unwrap_or_default())
                    .with("voters", voters(place))
                    .with("recent_voters", Value::Vector(Vec::new()))
            })
            .collect();
        let results = Object::new("pollResults")
            .with_some("results", seen.then_some(answers))
            .with("total_voters", row.votes.len() as i32)
            .with_some("solution", row.solution.as_deref().filter(|_| seen))
            .with_some("solution_entities", row.solution.as_ref().filter(|_| seen).map(|_| Value::Vector(Vec::new())));
        let poll = row.poll.0.clone().with_flag("closed", row.closed).with_flag("creator", row.author == self.viewer);
        Object::new("messageMediaPoll").with("poll", poll).with("results", results)
    }
}
