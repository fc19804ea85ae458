//! Executing a query in the world and answering it.

use std::sync::Arc;

use quadruplex_mtproto::Now;
use quadruplex_tl_schema::Value;

use super::hub::Hub;
use super::key::{Key, Sender, Slot, SlotState};
use super::query::{self, Query};
use crate::world::{Caller, Reply, RpcError};

pub(crate) fn execute(hub: &Hub, key: &Arc<Key>, slot: &Arc<Slot>, sender: Sender, msg_id: i64, query: &Query) {
    let name = query.function.name.as_str();
    if let Some(intro) = &query.intro {
        *key.intro() = Some(intro.clone());
    }
    if !is_for_files(name) && key.sends_twice(sender, hub.id_margin()) {
        tracing::warn!(key = key.auth.id(), "two connections send with one key: the login is destroyed");
        let now = hub.world_now();
        hub.world().destroy_login(key.auth.id(), now);
        return answer(hub, slot, msg_id, query, Err(RpcError::new(406, "AUTH_KEY_DUPLICATED")));
    }
    {
        let mut state = slot.lock();
        state.layer = query.layer;
        state.wants_updates |= !query.without_updates && !is_for_files(name);
    }
    let intro = key.intro().clone().unwrap_or_default();
    let caller = Caller {
        auth_key_id: key.auth.id(),
        session_id: slot.session_id,
        dc: key.dc,
        layer: query.layer,
        api_id: intro.api_id,
        device_model: intro.device_model,
        system_version: intro.system_version,
        app_version: intro.app_version,
        lang_code: intro.lang_code,
    };
    let now = hub.world_now();
    let mut world = hub.world();
    if hub.has_stopped() {
        return; // What would be answered now would not be kept.
    }
    let reply = world.call(&caller, &query.function, now);
    match reply {
        // The answer is queued before the updates it causes, as long as nobody else can add to the session.
        Reply::Done(result) => answer(hub, slot, msg_id, query, result),
        Reply::Later(number) => hub.wait(number, Waiting { slot: slot.clone(), msg_id, query: query.clone() }),
    }
    hub.deliver(&mut world);
}

/// A query that a bot has to answer first.
pub(crate) struct Waiting {
    slot: Arc<Slot>,
    msg_id: i64,
    query: Query,
}

impl Waiting {
    pub(crate) fn answer(self, hub: &Hub, result: Result<Value, RpcError>) {
        answer(hub, &self.slot, self.msg_id, &self.query, result);
    }
}

fn answer(hub: &Hub, slot: &Slot, msg_id: i64, query: &Query, result: Result<Value, RpcError>) {
    match result.and_then(|value| query::encode_answer(query, &value)) {
        Ok(body) => {
            let pack = !query::is_file(query.function.name.as_str());
            finish(hub, slot, msg_id, |state, now| state.session.answer(msg_id, body, pack, now), true);
        }
        Err(error) => refuse(hub, slot, msg_id, &error),
    }
}

/// Answers with an error.
pub(crate) fn refuse(hub: &Hub, slot: &Slot, msg_id: i64, error: &RpcError) {
    finish(hub, slot, msg_id, |state, now| state.session.refuse(msg_id, error.code, &error.name, now), false);
}

fn finish(hub: &Hub, slot: &Slot, msg_id: i64, answer: impl FnOnce(&mut SlotState, Now), succeeded: bool) {
    let mut state = slot.lock();
    state.outcomes.record(msg_id, succeeded);
    answer(&mut state, hub.now());
    state.wake();
}

/// Calls that further connections of a login may make beside the main one.
fn is_for_files(function: &str) -> bool {
    function.starts_with("upload.") || function.starts_with("help.") || function.starts_with("auth.")
}
