//! What is to go wrong, as a request or a file says it.

use std::time::Duration;

use quadruplex_tl_schema::{Kind, builtin};
use serde::Deserialize;

use super::body::{named, peer};
use crate::world::{ErrorRule, Faults, RateRule, RpcError, UpdateFaults, World};
use crate::{LinkScript, Sandbox};

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

/// A chance that is certain.
const WHOLE: u32 = 1000;

fn once() -> u32 {
    1
}

impl FaultScript {
    /// Lets this go wrong in a sandbox, instead of what went wrong in it until now.
    ///
    /// # Errors
    /// What nobody can mean: an account that the sandbox does not have, a function or an error that Telegram does not have, a
    /// chance of more than a thousand in a thousand. Nothing has
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
        let link = self.link()?;
        let mut world = sandbox.world();
        *world.faults_mut() = self.faults(&world)?;
        drop(world);
        sandbox.set_link(link);
        if let Some(seed) = self.seed {
            sandbox.seed_faults(seed);
        }
        Ok(())
    }

    /// The faults of the model; accounts are looked up in it.
    fn faults(&self, world: &World) -> Result<Faults, String> {
        let rates = self.rates.iter().map(RateScript::rule).collect::<Result<_, _>>()?;
        let UpdateScript { drop, duplicate, delay } = self.updates;
        check_chances("updates", &[("drop", drop), ("duplicate", duplicate), ("delay", delay)])?;
        let errors = self.errors.iter().map(|script| script.rule(world)).collect::<Result<_, _>>()?;
        Ok(Faults { errors, rates, updates: UpdateFaults { drop, duplicate, delay } })
    }

    /// The faults of the link.
    fn link(&self) -> Result<LinkScript, String> {
        let LinkFaults { drop, duplicate, cut, delay_ms, split } = self.link;
        // A packet has one fate, so that the chances share the thousand.
        check_chances("link", &[("drop", drop), ("duplicate", duplicate), ("cut", cut)])?;
        let sum = drop + duplicate + cut;
        if sum > WHOLE {
            return Err(format!("link: drop, duplicate and cut make {sum} of a thousand together"));
        }
        Ok(LinkScript { drop, duplicate, cut, delay: Duration::from_millis(delay_ms), split })
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
        if self.calls == 0 || self.per_ms < 1 {
            let Self { calls, per_ms, .. } = self;
            return Err(format!("a rate is one call or more in a millisecond or more, not {calls} in {per_ms}"));
        }
        Ok(RateRule::new(self.method.clone(), self.per_peer, self.calls, self.per_ms))
    }
}

/// Chances of which none is more than certain.
fn check_chances(of: &str, chances: &[(&str, u32)]) -> Result<(), String> {
    match chances.iter().find(|(_, chance)| *chance > WHOLE) {
        Some((name, chance)) => Err(format!("{of}.{name} is a chance in a thousand, and {chance} is more")),
        None => Ok(()),
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
    if let Some(number) = builtin::errors().named(name).find_map(|kind| kind.number_in(name)) {
        match number.parse::<i32>() {
            Ok(_) => {}
            Err(_) if number == "X" => return Err(format!("{name:?} wants a number where the X is")),
            Err(_) => return Err(format!("the number in {name:?} is more than {}, which no client can read", i32::MAX)),
        }
    }
    let codes: Vec<i32> = builtin::errors().named(name).map(|kind| kind.code).collect();
    match codes[..] {
        [] => Err(format!("Telegram has no error {name:?}")),
        _ if codes.contains(&code) => Ok(()),
        _ => Err(format!("{name:?} has the code {codes:?}, not {code}")),
    }
}
