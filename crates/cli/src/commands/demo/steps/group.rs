use awaitkit::{Unlimited, try_map_concurrent};
use quadruplex::UpdateStream;
use quadruplex::api::functions::messages;
use quadruplex::api::{Field, PeerRef, Value, Visit, Walk, enums};
use serde_json::json;
use tokio::time::Instant;

use super::Stage;
use crate::commands::demo::actor::text;
use crate::commands::demo::report::Outcome;

const MESSAGES: usize = 50;
const PREFIX: &str = "to the group: ";

/// Three people write into a group at the same time; the updates of all bring the same messages in the same order.
pub(super) async fn talk(stage: &mut Stage) -> Result<Outcome, String> {
    let actors = stage.actors.as_slice();
    let [alice, bob, carol, ..] = actors else { return Err("an account that it needs did not connect".to_owned()) };
    let invited = alice.client.call(messages::CreateChat::new([bob.username(), carol.username()], "Quadruplex")).await.map_err(text)?;
    let group = group_in(invited.updates.field()).ok_or("no group came of it")?;

    let mut streams = try_map_concurrent(actors, Unlimited, async |actor| actor.client.updates().await.map_err(text)).await?;
    let started = Instant::now();
    let say = async |n: usize| {
        let actor = &actors[n % actors.len()];
        actor.client.call(messages::SendMessage::new(group.clone(), body(n))).await.map_err(text)
    };
    let (said, received) =
        tokio::join!(try_map_concurrent(0..MESSAGES, Unlimited, say), try_map_concurrent(&mut streams, Unlimited, receive),);
    said?;
    let received = received?;
    let ms = started.elapsed().as_secs_f64() * 1e3;
    check(&received)?;
    let people = actors.len();
    Ok(Outcome {
        line: format!("{MESSAGES} messages by {people} at once, the same {MESSAGES} in the same order for all ({ms:.0} ms)"),
        figures: json!({ "people": people, "messages": MESSAGES, "ms": ms, "received": received.iter().map(Vec::len).collect::<Vec<_>>() }),
    })
}

/// The texts of the group as they come.
async fn receive(stream: &mut UpdateStream) -> Result<Vec<String>, String> {
    let mut texts = Vec::new();
    while texts.len() < MESSAGES {
        let delivery = stream.next().await.ok_or("the stream of updates ended")?;
        let message = match delivery.update() {
            Some(enums::Update::NewMessage(new)) => Some(&new.message),
            _ => None,
        };
        match message {
            Some(enums::Message::Message(message)) if message.message.starts_with(PREFIX) => texts.push(message.message.clone()),
            _ => {}
        }
        delivery.done();
    }
    Ok(texts)
}

fn check(received: &[Vec<String>]) -> Result<(), String> {
    let Some((first, others)) = received.split_first() else { return Ok(()) };
    let missing = (0..MESSAGES).filter(|n| !first.contains(&body(*n))).count();
    if first.len() != MESSAGES || missing > 0 {
        return Err(format!("{} messages arrived instead of {MESSAGES}, {missing} are missing", first.len()));
    }
    if others.iter().any(|other| other != first) { Err("not all have got the same messages in the same order".to_owned()) } else { Ok(()) }
}

fn body(n: usize) -> String {
    format!("{PREFIX}{n}")
}

/// The group that an answer names.
fn group_in(answer: Field<'_>) -> Option<PeerRef> {
    struct Finder(Option<i64>);
    impl<'a> Visit<'a> for Finder {
        fn field(&mut self, name: &'static str, value: Field<'a>) {
            match value {
                Field::Long(id) if name == "chat_id" => self.0 = Some(id),
                Field::Object(object) => Walk::walk(object, self),
                Field::Vector(items) => (0..items.len()).filter_map(|at| items.item(at)).for_each(|item| self.field("", item)),
                _ => {}
            }
        }
    }
    let mut finder = Finder(None);
    finder.field("", answer);
    finder.0.map(|id| PeerRef::Id(-id))
}
