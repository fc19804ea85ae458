use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use quadruplex_api::enums;
use quadruplex_tl::Serialize;

use super::{Content, Inner, Update};
use crate::router::account::Account;
use crate::router::states::States;
use crate::updates::Facts;
use crate::{Client, Event};

impl Update {
    /// One that is in no journal.
    pub(in crate::router) fn by_hand(client: &Client, account: &Arc<Account>, states: &Arc<States>, raw: enums::Update) -> Self {
        let identity = Facts::of(&raw).identity(&raw.to_bytes());
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
