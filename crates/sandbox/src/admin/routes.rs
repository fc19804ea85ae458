//! What requests do.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::asked::{Asked, Body};
use super::body::{self, BadMsg, Clock, Conversation, InlineMode, NewChannel, NewGroup, NewMessage, Restart, Whose};
use super::script::FaultScript;
use crate::world::{NewBot, NewUser, RpcError};
use crate::{LinkScript, Sandbox, test_number};

type Answer = Result<Json<Value>, Refused>;

/// Why a request was not done.
pub(crate) struct Refused(String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, Json(json!({ "error": self.0 }))).into_response()
    }
}

impl From<String> for Refused {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<RpcError> for Refused {
    fn from(error: RpcError) -> Self {
        Self(error.name.into_owned())
    }
}

fn done() -> Answer {
    Ok(Json(json!({})))
}

pub(crate) async fn about(State(sandbox): State<Sandbox>) -> Json<Value> {
    let dcs: Vec<Value> =
        sandbox.addresses().into_iter().map(|(id, address)| json!({ "id": id, "address": address.to_string() })).collect();
    let fingerprint = format!("{:016x}", sandbox.public_key().fingerprint());
    Json(json!({ "dcs": dcs, "fingerprint": fingerprint, "now": sandbox.now().seconds() }))
}

pub(crate) async fn create_user(State(sandbox): State<Sandbox>, Body(mut new): Body<NewUser>) -> Answer {
    let now = sandbox.now();
    let mut world = sandbox.world();
    // So that whoever only knows the name can sign in: `quadruplex … --sandbox --as NAME`.
    if new.phone.is_none() && new.dc.is_none_or(|dc| dc == 1) {
        new.phone = new.username.as_deref().map(test_number).filter(|number| world.find_user(number).is_none());
    }
    let id = world.create_user(new, now)?;
    Ok(Json(json!({ "id": id })))
}

pub(crate) async fn create_bot(State(sandbox): State<Sandbox>, Body(new): Body<NewBot>) -> Answer {
    let now = sandbox.now();
    let (id, token) = sandbox.world().create_bot(new, now)?;
    Ok(Json(json!({ "id": id, "token": token })))
}

pub(crate) async fn set_inline(State(sandbox): State<Sandbox>, Body(mode): Body<InlineMode>) -> Answer {
    let now = sandbox.now();
    let mut world = sandbox.world();
    let bot = mode.bot.find(&world)?;
    world.set_inline(bot, mode.placeholder.as_deref(), now)?;
    done()
}

pub(crate) async fn create_group(State(sandbox): State<Sandbox>, Body(new): Body<NewGroup>) -> Answer {
    let now = sandbox.now();
    let id = {
        let mut world = sandbox.world();
        let (creator, members) = (new.creator.find(&world)?, body::find_all(&world, &new.members)?);
        world.create_group(creator, &new.title, &members, now)?
    };
    sandbox.deliver();
    Ok(Json(json!({ "id": id })))
}

pub(crate) async fn create_channel(State(sandbox): State<Sandbox>, Body(new): Body<NewChannel>) -> Answer {
    let now = sandbox.now();
    let id = {
        let mut world = sandbox.world();
        let (creator, members) = (new.creator.find(&world)?, body::find_all(&world, &new.members)?);
        world.create_channel(creator, &new.title, new.megagroup, new.username.as_deref(), &members, now)?
    };
    sandbox.deliver();
    Ok(Json(json!({ "id": id })))
}

pub(crate) async fn say(State(sandbox): State<Sandbox>, Body(new): Body<NewMessage>) -> Answer {
    let now = sandbox.now();
    let id = {
        let mut world = sandbox.world();
        let (from, to) = (new.from.find(&world)?, new.to.find(&world)?);
        world.say(from, to, &new.text, now)?
    };
    sandbox.deliver();
    Ok(Json(json!({ "id": id })))
}

pub(crate) async fn messages(State(sandbox): State<Sandbox>, Asked(asked): Asked<Conversation>) -> Answer {
    let world = sandbox.world();
    let account = body::named(&world, &asked.account)?;
    let peer = body::peer(&world, asked.user.as_deref(), asked.group, asked.channel)?;
    let peer = peer.ok_or_else(|| "whose messages? give user, group or channel".to_owned())?;
    Ok(Json(json!(world.messages(account, peer))))
}

pub(crate) async fn codes(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!(sandbox.world().codes()))
}

pub(crate) async fn digest(State(sandbox): State<Sandbox>, Asked(asked): Asked<Whose>) -> Answer {
    let world = sandbox.world();
    let account = body::named(&world, &asked.account)?;
    Ok(Json(json!(world.digest(account))))
}

pub(crate) async fn set_faults(State(sandbox): State<Sandbox>, Body(script): Body<FaultScript>) -> Answer {
    script.apply(&sandbox)?;
    done()
}

pub(crate) async fn clear_faults(State(sandbox): State<Sandbox>) -> Answer {
    *sandbox.world().faults_mut() = Default::default();
    sandbox.set_link(LinkScript::default());
    done()
}

pub(crate) async fn set_clock(State(sandbox): State<Sandbox>, Body(clock): Body<Clock>) -> Answer {
    sandbox.set_clock_ahead(clock.ahead);
    done()
}

pub(crate) async fn restart(State(sandbox): State<Sandbox>, Body(how): Body<Restart>) -> Answer {
    sandbox.restart(how.lose_sessions);
    done()
}

pub(crate) async fn rotate_salts(State(sandbox): State<Sandbox>) -> Answer {
    sandbox.rotate_salts();
    done()
}

pub(crate) async fn refuse_next(State(sandbox): State<Sandbox>, Body(body): Body<BadMsg>) -> Answer {
    sandbox.refuse_next(body.checked()?);
    done()
}

pub(crate) async fn expire_references(State(sandbox): State<Sandbox>) -> Answer {
    let now = sandbox.now();
    sandbox.world().expire_file_references(now);
    done()
}

pub(crate) async fn nowhere() -> (StatusCode, Json<Value>) {
    let routes = [
        "/users",
        "/bots",
        "/inline",
        "/groups",
        "/channels",
        "/messages",
        "/codes",
        "/digest",
        "/faults",
        "/clock",
        "/restart",
        "/salts",
        "/bad_msg",
        "/references",
    ];
    (StatusCode::NOT_FOUND, Json(json!({ "error": "there is no such path", "paths": routes })))
}

pub(crate) async fn not_so(method: Method, uri: Uri) -> (StatusCode, Json<Value>) {
    (StatusCode::METHOD_NOT_ALLOWED, Json(json!({ "error": format!("{} does not know {method}", uri.path()) })))
}
