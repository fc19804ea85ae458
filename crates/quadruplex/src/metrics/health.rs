//! Whether accounts do what they are there for.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Gauges;

/// An account that does not run, and why.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub(crate) account: Arc<str>,
    pub(crate) reason: String,
}

/// How every account does, and what there is to say against it.
#[derive(Debug)]
pub(super) struct Health(BTreeMap<Arc<str>, Account>);

#[derive(Debug)]
struct Account {
    reasons: Vec<String>,
    /// What people look for first; nothing of an account that does not run.
    numbers: Map<String, Value>,
}

impl Health {
    pub(super) fn of(gauges: &[Gauges], others: Vec<Trouble>) -> Self {
        let mut accounts = BTreeMap::new();
        for gauges in gauges {
            accounts.insert(Arc::clone(&gauges.account), Account { reasons: against(gauges), numbers: numbers(gauges) });
        }
        for Trouble { account, reason } in others {
            accounts.insert(account, Account { reasons: vec![reason], numbers: Map::new() });
        }
        Self(accounts)
    }

    /// There is at least one account, and nothing to say against any.
    pub(super) fn is_good(&self) -> bool {
        !self.0.is_empty() && self.0.values().all(|account| account.reasons.is_empty())
    }

    pub(super) fn to_json(&self) -> Value {
        let accounts: Map<_, _> = self.0.iter().map(|(name, account)| (name.to_string(), account.to_json())).collect();
        json!({ "status": if self.is_good() { "ok" } else { "failing" }, "accounts": accounts })
    }
}

impl Account {
    fn to_json(&self) -> Value {
        let mut json = self.numbers.clone();
        json.insert("ready".to_owned(), self.reasons.is_empty().into());
        json.insert("reasons".to_owned(), json!(self.reasons));
        json.into()
    }
}

fn numbers(gauges: &Gauges) -> Map<String, Value> {
    let waits = gauges.floods.iter().filter(|(_, (left, _))| !left.is_zero());
    let floods: Map<_, _> = waits.map(|((_, method), (left, _))| ((*method).to_owned(), left.as_secs_f64().into())).collect();
    let numbers = [
        ("connected", gauges.disconnected.is_none().into()),
        ("last_update_age_seconds", gauges.silence.as_secs_f64().into()),
        ("journal_updates", gauges.journal.into()),
        ("dead_letters", gauges.dead_letters.into()),
        ("flood_wait_seconds", floods.into()),
    ];
    numbers.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}

fn against(gauges: &Gauges) -> Vec<String> {
    if let Some(lost) = &gauges.login_lost {
        return vec![format!("Telegram has ended the login: {lost}; sign in again")];
    }
    let full = gauges.is_full.then(|| format!("{} updates wait: handlers do not keep up, and no more are taken", gauges.journal));
    let store = gauges.store_failure.as_ref().map(|failure| format!("nothing can be stored: {failure}"));
    gauges.disconnected.clone().into_iter().chain(full).chain(store).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn reasons() {
        let check = |gauges: Gauges, expect: &[&str]| {
            let health = Health::of(&[Gauges { account: "bot".into(), ..gauges }], Vec::new());
            assert_eq!(health.is_good(), expect.is_empty());
            assert_eq!(health.to_json()["accounts"]["bot"]["reasons"], json!(expect));
        };
        check(Gauges::default(), &[]);
        check(Gauges { disconnected: Some("not connected".into()), ..Gauges::default() }, &["not connected"]);
        check(
            Gauges { is_full: true, journal: 10_000, store_failure: Some("no space".into()), ..Gauges::default() },
            &["10000 updates wait: handlers do not keep up, and no more are taken", "nothing can be stored: no space"],
        );
        let lost = Gauges { login_lost: Some("SESSION_REVOKED".into()), disconnected: Some("closed".into()), ..Gauges::default() };
        check(lost, &["Telegram has ended the login: SESSION_REVOKED; sign in again"]);
        assert!(!Health::of(&[], Vec::new()).is_good(), "nothing runs");
        let gauges = Gauges {
            account: "bot".into(),
            silence: Duration::from_millis(1500),
            journal: 3,
            floods: BTreeMap::from([
                ((2, "messages.sendMessage"), (Duration::from_secs(37), 1)),
                ((2, "messages.getHistory"), Default::default()),
            ]),
            ..Gauges::default()
        };
        let seen = json!({
            "connected": true, "dead_letters": 0, "flood_wait_seconds": { "messages.sendMessage": 37.0 }, "journal_updates": 3,
            "last_update_age_seconds": 1.5, "ready": true, "reasons": []
        });
        assert_eq!(Health::of(&[gauges], Vec::new()).to_json()["accounts"]["bot"], seen);
        let trouble = Trouble { account: "shop".into(), reason: "busy".into() };
        assert_eq!(Health::of(&[], vec![trouble]).to_json()["status"], "failing");
    }
}
