//! The way of a call: peers, bytes, a connection, and what to do about what comes back.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quadruplex_api::functions::{auth, users};
use quadruplex_api::{Field, Request, enums, has_random_id, is_read_only};
use quadruplex_net::{Connection, Repeat};
use quadruplex_store::Peer;
use quadruplex_tl::Deserialize;
use tracing::info;

use super::call::{AttemptOptions, CallOptions, Erased};
use super::pool::Purpose;
use super::seen::{Seen, seen_in};
use super::{Client, Inner};
use crate::calls::{Run, Tried, Wait, marked_channel};
use crate::{Error, RpcError};

/// The longest pause before a call is repeated because the server is in trouble.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// So often a call is repeated because the server is in trouble.
const TROUBLES: u8 = 8;
/// So often a call follows where it is sent.
const MIGRATIONS: u8 = 4;

/// The function that is called.
#[derive(Clone, Copy)]
pub(crate) struct Function {
    pub(crate) id: u32,
    pub(crate) name: &'static str,
}

/// What to do about an error.
pub(crate) enum Next {
    Fail,
    Again,
    AgainAfter(Duration),
    LookUpAgain,
}

impl Inner {
    /// Makes a typed call with default options.
    pub(crate) async fn invoke<R: Request>(self: &Arc<Self>, mut request: R) -> Result<R::Return, Error> {
        let answer = self.perform(&mut request, CallOptions::default()).await?;
        let value = R::Return::from_bytes(&answer).map_err(|error| Error::Unreadable { method: R::NAME, error })?;
        self.remember(quadruplex_api::Value::field(&value));
        Ok(value)
    }

    /// Makes a call and returns the bytes of its answer.
    pub(crate) async fn perform(self: &Arc<Self>, request: &mut dyn Erased, options: CallOptions) -> Result<Bytes, Error> {
        Run::begin(self, request, options, None).perform(request).await
    }

    /// Makes a call whose bytes are ready and are sent as they are: a part of a file.
    pub(crate) async fn perform_encoded(
        self: &Arc<Self>,
        function: Function,
        body: Bytes,
        options: AttemptOptions,
    ) -> Result<Bytes, Error> {
        Run::encoded(self, function, body, options.into()).finish(None).await
    }

    /// The connection for a call, if nothing has to be done or told before.
    #[inline(always)]
    pub(crate) fn connect_now(&self, dc: i32, function: Function, options: &AttemptOptions) -> Option<Connection> {
        self.check_login(function.name).ok()?;
        let at_once = options.purpose == Purpose::Main && (dc == self.home_dc() || needs_no_login(function.name));
        at_once.then(|| self.pool.connection(dc, Purpose::Main).ok())?
    }

    /// The connection for a call, with the account signed in there.
    pub(crate) async fn connect(self: &Arc<Self>, dc: i32, function: Function, options: &AttemptOptions) -> Result<Connection, Error> {
        let method = function.name;
        self.check_login(method)?;
        if dc != self.home_dc() && !needs_no_login(method) {
            Box::pin(self.sign_in_on(dc)).await?;
        }
        match options.purpose {
            Purpose::Main => self.pool.connection(dc, Purpose::Main),
            purpose => Box::pin(self.pool.file_connection(dc, purpose)).await,
        }
    }

    #[inline(always)]
    pub(crate) fn repeat(&self, function: Function, options: &AttemptOptions) -> Repeat {
        if options.repeatable || is_repeatable(function.id) { Repeat::Safe } else { Repeat::Unsafe }
    }

    /// What to do about an error of a call, other than a wait that the limits know of.
    pub(crate) async fn react(
        self: &Arc<Self>,
        error: &Error,
        dc: i32,
        function: Function,
        flood_wait: Wait,
        options: &mut AttemptOptions,
        tried: &mut Tried,
    ) -> Result<Next, Error> {
        let Error::Rpc { error, method } = error else { return Ok(Next::Fail) };
        self.note_lost(method, dc, error);
        if let Some(to) = migration(error) {
            if options.purpose != Purpose::Main {
                // All parts of a file go where it is: the transfer remembers.
                return Ok(Next::Fail);
            }
            tried.migrations += 1;
            if tried.migrations > MIGRATIONS {
                return Ok(Next::Fail);
            }
            info!(method, from = dc, to, reason = error.name, "the call goes to another data centre");
            if matches!(error.name.as_str(), "PHONE_MIGRATE" | "USER_MIGRATE" | "NETWORK_MIGRATE") {
                self.set_home_dc(to).await?;
            } else {
                options.dc = Some(to);
            }
            return Ok(Next::Again);
        }
        if let Some(wait) = error.flood_wait() {
            return Ok(if tried.may_wait(wait, flood_wait) { Next::AgainAfter(wait) } else { Next::Fail });
        }
        match error.name.as_str() {
            "AUTH_KEY_UNREGISTERED" if dc != self.home_dc() && !std::mem::replace(&mut tried.signed_in_again, true) => {
                self.pool.forget_authorization(dc);
                Ok(Next::Again)
            }
            name if STALE.contains(&name) && !std::mem::replace(&mut tried.looked_up_again, true) => Ok(Next::LookUpAgain),
            "MSG_WAIT_TIMEOUT" | "MSG_WAIT_FAILED" => Ok(trouble(tried)),
            // It was executed, so that once more would give the same.
            "RANDOM_ID_DUPLICATE" => Ok(Next::Fail),
            _ if is_trouble(error) && (options.repeatable || is_repeatable(function.id)) && waits_for_server(method) => Ok(trouble(tried)),
            _ => Ok(Next::Fail),
        }
    }

    /// Signs the account in on another data centre, once: an authorization is exported at home and imported there.
    pub(crate) async fn sign_in_on(self: &Arc<Self>, dc: i32) -> Result<(), Error> {
        let cell = self.pool.authorization(dc);
        let signed_in = cell.get_or_try_init(|| async {
            let mut attempts = 0;
            loop {
                match self.move_login(dc).await {
                    // Each time with a new authorization, so that twice does no harm.
                    Err(error) if error.may_have_been_executed() && attempts < MIGRATIONS => attempts += 1,
                    ended => return ended,
                }
            }
        });
        signed_in.await.map(drop)
    }

    async fn move_login(self: &Arc<Self>, dc: i32) -> Result<(), Error> {
        if self.own_user().is_none() {
            return Err(Error::NotSignedIn);
        }
        let exported = self.invoke(auth::ExportAuthorization::new(dc)).await?;
        let mut import = auth::ImportAuthorization::new(exported.id, exported.bytes);
        let options = AttemptOptions { dc: Some(dc), ..AttemptOptions::default() };
        self.perform(&mut import, options.into()).await.map(drop)
    }

    /// Stores whom an answer names, and notes which messages random ids have become.
    pub(crate) fn remember(&self, answer: Field<'_>) {
        let peers = self.note(answer);
        if !peers.is_empty() {
            let _ = self.writer.queue(|commit| peers.into_iter().for_each(|peer| commit.peer(peer)));
        }
    }

    /// The same without storing.
    pub(crate) fn note(&self, answer: Field<'_>) -> Vec<Peer> {
        let Seen { peers, sent, slow_modes, .. } = seen_in(answer);
        for (channel, seconds) in slow_modes {
            let interval = seconds.and_then(|seconds| u64::try_from(seconds).ok()).filter(|seconds| *seconds > 0).map(Duration::from_secs);
            self.limits.learn_slow_mode(marked_channel(channel), interval);
        }
        sent.into_iter().for_each(|(random_id, id)| self.sent_ids.insert(random_id, id));
        peers
    }
}

impl Client {
    /// The account that is signed in.
    ///
    /// # Errors
    /// [`Error::NotSignedIn`], and those of the call.
    ///
    /// # Cancel safety
    /// Only reads.
    pub async fn me(&self) -> Result<enums::User, Error> {
        let users = self.inner.invoke(users::GetUsers::new([enums::InputUser::UserSelf])).await?;
        users.into_iter().next().ok_or(Error::NotSignedIn)
    }
}

/// What is said of an access hash that is not good any more.
const STALE: [&str; 4] = ["PEER_ID_INVALID", "USER_ID_INVALID", "CHANNEL_INVALID", "CHAT_ID_INVALID"];

/// Whether a peer that was looked up may be another one by now.
pub(crate) fn is_stale_peer(error: &Error) -> bool {
    matches!(error, Error::Rpc { error, .. } if STALE.contains(&error.name.as_str()))
}

/// What any data centre answers.
pub(super) fn needs_no_login(method: &str) -> bool {
    method.starts_with("auth.") || method.starts_with("help.")
}

#[inline]
fn is_repeatable(function: u32) -> bool {
    is_read_only(function) || has_random_id(function)
}

/// `PHONE_MIGRATE_2` and its like: the data centre to ask instead.
fn migration(error: &RpcError) -> Option<i32> {
    let is_migration = error.code == 303 || error.name.ends_with("_MIGRATE");
    error.value.filter(|_| is_migration).and_then(|dc| i32::try_from(dc).ok())
}

/// The server is in trouble and may be out of it soon.
fn is_trouble(error: &RpcError) -> bool {
    matches!(error.code, 500 | -503 | 503) || error.name == "TIMEDOUT" || error.message == "Timeout"
}

/// Who pressed a button does not wait for a second attempt.
fn waits_for_server(method: &str) -> bool {
    !matches!(
        method,
        "messages.getBotCallbackAnswer" | "messages.setBotCallbackAnswer" | "messages.getInlineBotResults" | "messages.setInlineBotResults"
    )
}

fn trouble(tried: &mut Tried) -> Next {
    tried.troubles += 1;
    if tried.troubles > TROUBLES {
        return Next::Fail;
    }
    Next::AgainAfter(Duration::from_millis(500).saturating_mul(1 << tried.troubles.min(10)).min(LONGEST_PAUSE))
}
