use awaitkit::{Unlimited, try_map_concurrent};
use quadruplex::api::enums;
use serde_json::json;

use super::Stage;
use crate::commands::demo::actor::text;
use crate::commands::demo::report::Outcome;
use crate::commands::demo::server::{CROWD, crowd};

const CALLERS: usize = 50;
const EACH: usize = 4;

/// Many callers look the same people up, by name and by id. Names are asked for once each, ids travel together.
pub(super) async fn share(stage: &mut Stage) -> Result<Outcome, String> {
    let client = &stage.alice()?.client;
    let before = client.traffic().calls;
    let by_name = async |caller: usize| {
        for n in 0..EACH {
            client.input_peer(format!("@{}", crowd(who(caller, n)))).await.map_err(text)?;
        }
        Ok::<(), String>(())
    };
    try_map_concurrent(0..CALLERS, Unlimited, by_name).await?;
    let names = client.traffic().calls - before;

    let mut ids = Vec::new();
    // awaitlint: allow(await-in-loop) all names are known by now: no call is made
    for n in 0..CROWD {
        match client.input_peer(format!("@{}", crowd(n))).await.map_err(text)? {
            enums::InputPeer::User(user) => ids.push(user.user_id),
            other => return Err(format!("@{} is {other:?}", crowd(n))),
        }
    }
    let before = client.traffic().calls;
    let by_id = async |caller: usize| {
        for n in 0..EACH {
            client.user(ids[who(caller, n)]).await.map_err(text)?;
        }
        Ok::<(), String>(())
    };
    try_map_concurrent(0..CALLERS, Unlimited, by_id).await?;
    let by_id = client.traffic().calls - before;
    let lookups = CALLERS * EACH;
    Ok(Outcome {
        line: format!("{lookups} by {CALLERS} callers: {names} requests by name ({CROWD} people), {by_id} by id"),
        figures: json!({ "lookups": lookups, "callers": CALLERS, "people": CROWD, "requests_by_name": names, "requests_by_id": by_id }),
    })
}

/// Every caller asks for others, and everybody is asked for by several.
fn who(caller: usize, n: usize) -> usize {
    (caller * EACH + n) % CROWD
}
