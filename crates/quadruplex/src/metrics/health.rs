//! Whether accounts do what they are there for.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Gauges;

/// An account that does not run, and why.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub(crate) account: Arc<str>,
    pub(crate) reason: String,
}

/// What there is to say against every account.
#[derive(Debug)]
pub(super) struct Health(BTreeMap<Arc<str>, Vec<String>>);

impl Health {
    pub(super) fn of(gauges: &[Gauges], others: Vec<Trouble>) -> Self {
        let mut reasons: BTreeMap<Arc<str>, Vec<String>> = BTreeMap::new();
        for gauges in gauges {
            reasons.insert(Arc::clone(&gauges.account), against(gauges));
        }
        for Trouble { account, reason } in others {
            reasons.insert(account, vec![reason]);
        }
        Self(reasons)
    }

    /// There is at least one account, and nothing to say against any.
    pub(super) fn is_good(&self) -> bool {
        !self.0.is_empty() && self.0.values().all(Vec::is_empty)
    }

    pub(super) fn to_json(&self) -> Value {
        let accounts: serde_json::Map<_, _> =
            self.0.iter().map(|(name, reasons)| (name.to_string(), json!({ "ready": reasons.is_empty(), "reasons": reasons }))).collect();
        json!({ "status": if self.is_good() { "ok" } else { "failing" }, "accounts": accounts })
    }
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
        let trouble = Trouble { account: "shop".into(), reason: "busy".into() };
        assert_eq!(Health::of(&[], vec![trouble]).to_json()["status"], "failing");
    }
}
