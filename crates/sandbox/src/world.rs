//! The model of Telegram behind the sandbox: accounts, messages, files and updates, without any I/O of its own but the state file.
//!
//! A [`World`] is a deterministic state machine. [`World::call`] executes one decoded request for one session and answers it;
//! what other sessions have to hear is collected and fetched with [`World::take_pushes`]. Time comes in as an argument and every
//! random number from the seed in the [`Config`], so that the same calls give the same answers. Before an answer is returned, what
//! it changed has been handed to the operating system: the death of the process loses nothing that a client was told.

mod accounts;
mod admin;
mod boxes;
mod chats;
mod dispatch;
mod entities;
mod error;
mod fanout;
mod faults;
mod files;
mod keyboards;
mod methods;
mod peers;
mod posting;
mod questions;
mod rights;
mod state;
mod timers;
mod view;

use std::collections::VecDeque;
use std::path::Path;

use quadruplex_tl_schema::{Object, Value};

pub use self::accounts::test_number;
pub use self::admin::{Digest, DigestEntry, Keys, LoginCode, NewBot, NewUser, Transcript};
pub use self::error::RpcError;
pub use self::faults::{ErrorRule, Faults, RateRule, UpdateFaults};
use self::questions::Questions;
pub use self::state::OpenError;
use self::state::State;
pub use self::state::rows::Peer;
pub use self::view::fit;

/// How the world is made. The defaults are those of Telegram where they are known.
#[derive(Clone, Debug)]
pub struct Config {
    /// Everything random follows from it. A state file keeps the seed it was made with.
    pub seed: [u8; 32],
    /// The data centres, as `help.getConfig` names them. At least one; accounts live in the first unless told otherwise.
    pub dcs: Vec<Dc>,
    /// The login code of every number but the test numbers 99966XYYYY; `None`: a new one each time.
    pub code: Option<String>,
    /// Whether numbers nobody has may sign up.
    pub sign_up: bool,
    /// The longest message in UTF-16 units.
    pub message_length: usize,
    /// The longest caption in UTF-16 units.
    pub caption_length: usize,
    /// The most events in one difference.
    pub difference_slice: usize,
    /// A client that missed more `pts` than this in its account gets `differenceTooLong`.
    pub difference_limit: i32,
    /// A client that missed more `pts` than this in a channel gets `channelDifferenceTooLong`.
    pub channel_difference_limit: i32,
    /// How long a file reference stays good, in seconds.
    pub file_reference_seconds: i32,
    /// How long a message can be edited, in seconds.
    pub edit_seconds: i32,
    /// How long whoever presses a button waits for the bot, in milliseconds. Telegram does not say how long it waits.
    pub bot_answer_ms: i64,
    /// How long the parts of a file that is not complete are kept after the last came, in seconds. Telegram keeps them "between
    /// several minutes and several hours": <https://core.telegram.org/api/files#uploading-files>.
    pub upload_seconds: i32,
    /// How many bytes of such parts are kept in all. When a new upload begins above it, the oldest go.
    pub upload_bytes: i64,
}

/// A data centre: where clients find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dc {
    /// Its number, from 1.
    pub id: i32,
    /// The address of the server.
    pub ip: String,
    /// Its port.
    pub port: u16,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: [0; 32],
            dcs: vec![Dc { id: 1, ip: "127.0.0.1".to_owned(), port: 443 }],
            code: None,
            sign_up: true,
            message_length: 4096,
            caption_length: 1024,
            difference_slice: 100,
            difference_limit: 10_000,
            channel_difference_limit: 1_000,
            file_reference_seconds: 3600,
            edit_seconds: 48 * 3600,
            bot_answer_ms: 10_000,
            upload_seconds: 6 * 3600,
            upload_bytes: 4 << 30,
        }
    }
}

/// The time of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now {
    /// Unix time in milliseconds.
    pub ms: i64,
}

impl Now {
    /// Unix time in seconds, as the API has it.
    pub fn seconds(self) -> i32 {
        i32::try_from(self.ms.div_euclid(1000)).unwrap_or(i32::MAX)
    }
}

/// Who asks: a session with what `initConnection` said of it.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The key that encrypts the session.
    pub auth_key_id: u64,
    /// The session.
    pub session_id: i64,
    /// The data centre whose server was asked.
    pub dc: i32,
    /// The layer of `invokeWithLayer`.
    pub layer: i32,
    /// `initConnection.api_id`
    pub api_id: i32,
    /// `initConnection.device_model`
    pub device_model: String,
    /// `initConnection.system_version`
    pub system_version: String,
    /// `initConnection.app_version`
    pub app_version: String,
    /// `initConnection.lang_code`
    pub lang_code: String,
}

/// An update for every session of a key.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    /// Whose sessions get it.
    pub auth_key_id: u64,
    /// The session that got it as an answer.
    pub except_session: Option<i64>,
    /// An object of the type `Updates`.
    pub update: Value,
}

/// What a request is answered with.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The result of the function, or the error.
    Done(Result<Value, RpcError>),
    /// A bot has to answer first: [`World::take_answers`] brings the result under this number.
    Later(u64),
}

/// The whole of Telegram.
pub struct World {
    config: Config,
    state: State,
    faults: Faults,
    pushes: faults::Lane,
    fresh_codes: VecDeque<LoginCode>,
    questions: Questions,
}

impl World {
    /// An empty world that nothing survives.
    pub fn new(config: Config) -> Self {
        let state = State::memory(config.seed);
        Self::with_state(config, state)
    }

    /// The world of a state file, or an empty one that will be written to it. File parts lie in a directory beside it.
    ///
    /// # Errors
    /// The file cannot be used, is not a state of the sandbox, was written by a newer version, or is damaged before its end. A
    /// last commit that was cut off while it was written is dropped with a warning.
    pub fn open(path: &Path, config: Config) -> Result<Self, OpenError> {
        let state = State::open(path, config.seed)?;
        Ok(Self::with_state(config, state))
    }

    fn with_state(config: Config, state: State) -> Self {
        let pushes = faults::Lane::new(config.seed);
        Self { config, state, faults: Faults::default(), pushes, fresh_codes: VecDeque::new(), questions: Questions::default() }
    }

    /// Executes one request, from which wrappers such as `invokeWithLayer` have been taken off, and answers it.
    ///
    /// When the state file cannot be written, the answer is the error `RPC_CALL_FAIL`; what was not written is written first the
    /// next time.
    pub fn call(&mut self, caller: &Caller, request: &Object, now: Now) -> Reply {
        let told = self.pushes.len();
        let mut reply = dispatch::call(self, caller, request, now);
        if let Err(error) = self.state.commit() {
            tracing::error!(%error, method = %request.name, "the state file cannot be written");
            // Nobody hears of what may be forgotten; whoever misses it asks for the difference.
            self.pushes.truncate(told);
            reply = Reply::Done(Err(error::RPC_CALL_FAIL));
        }
        if let Reply::Done(Err(error)) = &reply {
            tracing::debug!(method = %request.name, %error, "refused");
        }
        reply
    }

    /// The answers to requests that had to wait, by the numbers of [`Reply::Later`].
    pub fn take_answers(&mut self) -> Vec<(u64, Result<Value, RpcError>)> {
        self.questions.take_answers()
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub fn next_timeout(&self) -> Option<Now> {
        let timer = self.state.timers.first().map(|(date, _)| i64::from(*date) * 1000);
        timer.into_iter().chain(self.questions.next_due()).min().map(|ms| Now { ms })
    }

    /// Does what is due: gives up bots that do not answer, lifts bans, sends what was scheduled, closes polls.
    pub fn handle_timeout(&mut self, now: Now) {
        self.questions.expire(now.ms);
        self.ring(now.seconds());
    }

    /// The names of the methods that the sandbox has, in no order. Any other is answered with `INPUT_METHOD_INVALID`.
    pub fn methods() -> impl Iterator<Item = &'static str> {
        methods::TABLE.iter().flat_map(|room| room.iter()).map(|method| method.name)
    }

    /// The updates that have come up since the last time, in order, after the faults that were asked for.
    pub fn take_pushes(&mut self) -> Vec<Push> {
        self.pushes.take(&self.faults.updates)
    }

    /// The faults, to be read or changed.
    pub fn faults_mut(&mut self) -> &mut Faults {
        &mut self.faults
    }

    pub(crate) fn seed_faults(&mut self, seed: u64) {
        self.pushes.seed(seed);
    }

    /// Lets go of the state file, for whoever opens it next; what happens from now on is not kept.
    pub(crate) fn release(&mut self) {
        self.state.release();
    }

    /// How the world was made.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How the world was made, to be changed while it runs: the addresses are only known when the servers listen.
    pub fn config_mut(&mut self) -> &mut Config {
        &mut self.config
    }
}
