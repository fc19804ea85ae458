//! From a request to its handler: who may ask what, where.

use quadruplex_tl_schema::builtin::{Audience, audience};
use quadruplex_tl_schema::{Object, Value};

use super::methods::TABLE;
use super::state::rows::Ended;
use super::{Caller, Now, Reply, RpcError, World, error};

/// What a handler answers.
pub(crate) type Answer = Result<Value, RpcError>;

/// The function that executes a method.
pub(crate) type Handler = fn(&mut Call<'_>) -> Answer;

/// Where a method may be called, and whether before signing in. Whether by users or bots only is in `schema/methods.tsv`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody, also before signing in.
    Open,
    /// Whoever has signed in, on every DC to which the authorization was imported.
    Anywhere,
    /// Whoever has signed in, at home.
    Home,
}

/// A method of the API.
pub(crate) struct Method {
    pub(crate) name: &'static str,
    pub(crate) access: Access,
    pub(crate) handler: Handler,
}

/// A request while it is executed.
pub(crate) struct Call<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) caller: &'a Caller,
    pub(crate) request: &'a Object,
    pub(crate) now: Now,
    /// The account that asks; 0 before signing in.
    pub(crate) me: i64,
    /// Set by a handler whose answer comes later: it goes under this number.
    pub(crate) later: Option<u64>,
}

/// The method of that name.
pub(crate) fn find(name: &str) -> Option<&'static Method> {
    TABLE.iter().flat_map(|methods| methods.iter()).find(|method| method.name == name)
}

/// Executes a request.
pub(crate) fn call(world: &mut World, caller: &Caller, request: &Object, now: Now) -> Reply {
    let mut later = None;
    let answer = answer(world, caller, request, now, &mut later);
    match later {
        Some(number) => Reply::Later(number),
        None => Reply::Done(answer),
    }
}

fn answer(world: &mut World, caller: &Caller, request: &Object, now: Now, later: &mut Option<u64>) -> Answer {
    let login = world.state.tables.logins.get(&caller.auth_key_id);
    let me = login.and_then(|login| login.user).unwrap_or(0);
    let owes_password = login.is_some_and(|login| login.owes_password.is_some());
    let ended = login.and_then(|login| login.ended);
    if ended == Some(Ended::Duplicated) {
        return Err(error::AUTH_KEY_DUPLICATED);
    }

    let peer = world.named_peer(me, request);
    world.faults.check(me, &request.name, peer, now)?;
    let Some(method) = find(&request.name) else {
        tracing::warn!(method = %request.name, "the sandbox does not have this method");
        return Err(error::INPUT_METHOD_INVALID);
    };
    if method.access != Access::Open {
        if me == 0 {
            return Err(match ended {
                Some(Ended::Revoked) => error::SESSION_REVOKED,
                _ if owes_password => error::SESSION_PASSWORD_NEEDED,
                _ => error::AUTH_KEY_UNREGISTERED,
            });
        }
        check_access(world, caller, me, method)?;
    }
    let mut call = Call { world, caller, request, now, me, later: None };
    let answer = (method.handler)(&mut call);
    *later = call.later;
    answer
}

fn check_access(world: &World, caller: &Caller, me: i64, method: &Method) -> Result<(), RpcError> {
    let user = world.user(me)?;
    if method.access != Access::Anywhere && user.dc != caller.dc {
        return Err(error::user_migrate(user.dc));
    }
    match (audience(method.name), &user.bot) {
        (Audience::User, Some(_)) => Err(error::BOT_METHOD_INVALID),
        (Audience::Bot, None) => Err(error::USER_BOT_REQUIRED),
        _ => Ok(()),
    }
}

impl<'a> Call<'a> {
    /// An `int` of the request; 0 if it is absent.
    pub(crate) fn int(&self, name: &str) -> i32 {
        self.request.int(name).unwrap_or_default()
    }

    /// A `long` of the request; 0 if it is absent.
    pub(crate) fn long(&self, name: &str) -> i64 {
        self.request.long(name).unwrap_or_default()
    }

    /// A `string` of the request; empty if it is absent.
    pub(crate) fn text(&self, name: &str) -> &'a str {
        self.request.string(name).unwrap_or_default()
    }

    /// Bytes of the request; none if they are absent.
    pub(crate) fn bytes(&self, name: &str) -> &'a [u8] {
        self.request.bytes(name).unwrap_or_default()
    }

    /// A flag of the request.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.request.flag(name)
    }

    /// The `int`s of a vector of the request.
    pub(crate) fn ints(&self, name: &str) -> Vec<i32> {
        self.request.vector(name).unwrap_or_default().iter().filter_map(Value::as_int).collect()
    }

    /// An object of the request, which the schema says is there.
    pub(crate) fn object(&self, name: &str) -> Result<&'a Object, RpcError> {
        self.request.object(name).ok_or(error::INPUT_METHOD_INVALID)
    }

    /// The server's time in seconds.
    pub(crate) fn date(&self) -> i32 {
        self.now.seconds()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use quadruplex_tl_schema::builtin::{LAYERS, api};

    use super::*;

    #[test]
    fn every_method_is_one_of_every_layer() {
        let mut seen = BTreeSet::new();
        for method in TABLE.iter().flat_map(|methods| methods.iter()) {
            assert!(seen.insert(method.name), "{} is twice in the table", method.name);
            for layer in LAYERS {
                assert!(api(layer).unwrap().function(method.name).is_some(), "{} is not in layer {layer}", method.name);
            }
        }
    }
}
