use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use quadruplex_api::enums;
use quadruplex_tl::Serialize;

use super::{Content, Inner, Update};
use crate::router::account::Account;
use crate::router::states::States;
use crate::updates::{Facts, identity_of};
use crate::{Client, Event};

impl Update {
    /// One that is in no journal. `nth`: who made it, and the how manyth it was there.
    pub(in crate::router) fn by_hand(
        client: &Client,
        account: &Arc<Account>,
        states: &Arc<States>,
        raw: enums::Update,
        nth: (i64, u64),
    ) -> Self {
        let facts = Facts::of(&raw);
        let mut identity = facts.identity(&raw.to_bytes());
        if facts.may_recur() {
            identity = identity_of(&[b"by hand", &identity, &nth.0.to_le_bytes(), &nth.1.to_le_bytes()]);
        }
        let (content, kind) = Content::of(client, Event::Update(raw));
        let inner = Inner {
            client: client.clone(),
            account: Arc::clone(account),
            states: Arc::clone(states),
            content,
            rest: Vec::new(),
            kind,
            number: 0,
            attempts: 0,
            redelivered: false,
            identity,
            is_answered: AtomicBool::new(false),
        };
        Self { inner: Arc::new(inner), failure: None }
    }
}
