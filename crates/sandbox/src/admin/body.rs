//! What requests carry.

use std::time::Duration;

use quadruplex_tl_schema::{Kind, builtin};
use serde::Deserialize;

use crate::world::{ErrorRule, Faults, Peer, RateRule, RpcError, UpdateFaults, World};
use crate::{LinkScript, Sandbox};

/// An account: its id, its public name, or its telephone number.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Account {
    Id(i64),
    Name(String),
}

/// A conversation.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Place {
    Group { group: i64 },
    Channel { channel: i64 },
    Account(Account),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGroup {
    pub(crate) creator: Account,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) members: Vec<Account>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewChannel {
    pub(crate) creator: Account,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) megagroup: bool,
    pub(crate) username: Option<String>,
    #[serde(default)]
    pub(crate) members: Vec<Account>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InlineMode {
    pub(crate) bot: Account,
    pub(crate) placeholder: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMessage {
    pub(crate) from: Account,
    pub(crate) to: Place,
    pub(crate) text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Conversation {
    pub(crate) account: String,
    pub(crate) user: Option<String>,
    pub(crate) group: Option<i64>,
    pub(crate) channel: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whose {
    pub(crate) account: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clock {
    pub(crate) ahead: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Restart {
    pub(crate) lose_sessions: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BadMsg {
    pub(crate) code: i32,
}

/// Everything that goes wrong from now on; what is left out goes well again.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultScript {
    /// Errors by script, the first that fits.
    pub errors: Vec<ErrorScript>,
    /// Rates above which calls get `FLOOD_WAIT`.
    pub rates: Vec<RateScript>,
    /// Live updates that go astray.
    pub updates: UpdateScript,
    /// Packets that go astray.
    pub link: LinkFaults,
    /// Where chance begins: the same seed lets the same updates and packets go astray, counted in the order in which they come.
    pub seed: Option<u64>,
}

/// See [`ErrorRule`]: `{"method": "messages.send*", "code": 420, "error": "FLOOD_WAIT_3", "skip": 1, "times": 2}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorScript {
    /// The method, or its beginning with a star.
    pub method: String,
    /// Only for this account.
    pub account: Option<String>,
    /// Only for this group.
    pub group: Option<i64>,
    /// Only for this channel.
    pub channel: Option<i64>,
    /// Only for the conversation with this user.
    pub user: Option<String>,
    /// How many fitting calls pass first.
    #[serde(default)]
    pub skip: u32,
    /// How many fitting calls fail then.
    #[serde(default = "once")]
    pub times: u32,
    /// The error's code.
    pub code: i32,
    /// The error's name.
    pub error: String,
}

/// See [`RateRule`]: `{"method": "messages.sendMessage", "per_peer": true, "calls": 20, "per_ms": 60000}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateScript {
    /// The method, or its beginning with a star.
    pub method: String,
    /// Counted for each peer apart.
    #[serde(default)]
    pub per_peer: bool,
    /// How many calls.
    pub calls: usize,
    /// In how many milliseconds.
    pub per_ms: i64,
}

/// See [`UpdateFaults`]: chances in a thousand.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpdateScript {
    /// Lost.
    pub drop: u32,
    /// Twice.
    pub duplicate: u32,
    /// After a later one.
    pub delay: u32,
}

/// See [`LinkScript`]: chances in a thousand.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinkFaults {
    /// Packets that vanish.
    pub drop: u32,
    /// Packets that come twice.
    pub duplicate: u32,
    /// Packets upon which the connection breaks.
    pub cut: u32,
    /// How long every byte is on its way, in milliseconds.
    pub delay_ms: u64,
    /// Whether writes arrive in pieces of any size.
    pub split: bool,
}

fn once() -> u32 {
    1
}

impl Account {
    pub(crate) fn find(&self, world: &World) -> Result<i64, String> {
        match self {
            Self::Id(id) if world.home_dc(*id).is_some() => Ok(*id),
            Self::Id(id) => Err(format!("there is no account {id}")),
            Self::Name(name) => named(world, name),
        }
    }
}

/// The account of an id in digits, a public name or a number.
pub(crate) fn named(world: &World, name: &str) -> Result<i64, String> {
    let by_id = name.parse().ok().filter(|id| world.home_dc(*id).is_some());
    by_id.or_else(|| world.find_user(name)).ok_or_else(|| format!("there is no account {name:?}"))
}

pub(crate) fn find_all(world: &World, accounts: &[Account]) -> Result<Vec<i64>, String> {
    accounts.iter().map(|account| account.find(world)).collect()
}

impl Place {
    pub(crate) fn find(&self, world: &World) -> Result<Peer, String> {
        match self {
            Self::Group { group } => Ok(Peer::Chat(*group)),
            Self::Channel { channel } => Ok(Peer::Channel(*channel)),
            Self::Account(account) => account.find(world).map(Peer::User),
        }
    }
}

/// The peer of three fields of which at most one is there.
pub(crate) fn peer(world: &World, user: Option<&str>, group: Option<i64>, channel: Option<i64>) -> Result<Option<Peer>, String> {
    match (user, group, channel) {
        (None, None, None) => Ok(None),
        (Some(user), None, None) => named(world, user).map(Peer::User).map(Some),
        (None, Some(group), None) => Ok(Some(Peer::Chat(group))),
        (None, None, Some(channel)) => Ok(Some(Peer::Channel(channel))),
        _ => Err("only one of user, group and channel can be meant".to_owned()),
    }
}

impl FaultScript {
    /// Lets this go wrong in a sandbox, instead of what went wrong in it until now.
    ///
    /// # Errors
    /// What nobody can mean: an account that the sandbox does not have, a function or an error that Telegram does not have. Nothing has
    /// changed then.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use quadruplex_sandbox::Sandbox;
    /// use quadruplex_sandbox::admin::FaultScript;
    ///
    /// let telegram = Sandbox::start().await?;
    /// let script: FaultScript = serde_json::from_str(r#"{ "link": { "drop": 50 }, "seed": 7 }"#)?;
    /// script.apply(&telegram)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn apply(&self, sandbox: &Sandbox) -> Result<(), String> {
        let mut world = sandbox.world();
        *world.faults_mut() = self.faults(&world)?;
        drop(world);
        sandbox.set_link(self.link());
        if let Some(seed) = self.seed {
            sandbox.seed_faults(seed);
        }
        Ok(())
    }

    /// The faults of the model; accounts are looked up in it.
    fn faults(&self, world: &World) -> Result<Faults, String> {
        let rates = self.rates.iter().map(RateScript::rule).collect::<Result<_, _>>()?;
        let UpdateScript { drop, duplicate, delay } = self.updates;
        let errors = self.errors.iter().map(|script| script.rule(world)).collect::<Result<_, _>>()?;
        Ok(Faults { errors, rates, updates: UpdateFaults { drop, duplicate, delay } })
    }

    /// The faults of the link.
    fn link(&self) -> LinkScript {
        let LinkFaults { drop, duplicate, cut, delay_ms, split } = self.link;
        LinkScript { drop, duplicate, cut, delay: Duration::from_millis(delay_ms), split }
    }
}

impl ErrorScript {
    fn rule(&self, world: &World) -> Result<ErrorRule, String> {
        check_method(&self.method)?;
        check_error(self.code, &self.error)?;
        Ok(ErrorRule {
            method: self.method.clone(),
            peer: peer(world, self.user.as_deref(), self.group, self.channel)?,
            account: self.account.as_deref().map(|name| named(world, name)).transpose()?,
            skip: self.skip,
            times: self.times,
            error: RpcError::new(self.code, self.error.clone()),
        })
    }
}

impl RateScript {
    fn rule(&self) -> Result<RateRule, String> {
        check_method(&self.method)?;
        Ok(RateRule::new(self.method.clone(), self.per_peer, self.calls, self.per_ms))
    }
}

impl BadMsg {
    /// A code that a `bad_msg_notification` may have.
    pub(crate) fn checked(&self) -> Result<i32, String> {
        const CODES: [i32; 10] = [16, 17, 18, 19, 20, 32, 33, 34, 35, 64];
        if CODES.contains(&self.code) { Ok(self.code) } else { Err(format!("there is no code {}; there are {CODES:?}", self.code)) }
    }
}

/// A function, or the beginning of some with a star.
fn check_method(method: &str) -> Result<(), String> {
    let schema = builtin::nearest_api(u32::MAX);
    let known = match method.strip_suffix('*') {
        Some(start) => schema.definitions().iter().any(|it| it.kind == Kind::Function && it.name.as_str().starts_with(start)),
        None => schema.function(method).is_some(),
    };
    if known {
        return Ok(());
    }
    let meant = schema.suggest_function(method).map(|meant| format!("; did you mean {meant:?}?")).unwrap_or_default();
    Err(format!("there is no function {method:?}{meant}"))
}

/// An error that Telegram answers.
fn check_error(code: i32, name: &str) -> Result<(), String> {
    let codes: Vec<i32> = builtin::errors().named(name).map(|kind| kind.code).collect();
    match codes[..] {
        [] => Err(format!("Telegram has no error {name:?}")),
        _ if codes.contains(&code) => Ok(()),
        _ => Err(format!("{name:?} has the code {codes:?}, not {code}")),
    }
}
