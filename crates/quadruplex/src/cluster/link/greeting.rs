//! What a line does by itself: greets, hears, and begins anew after something was missed.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{interval, sleep};
use tracing::warn;

use super::Link;
use crate::cluster::frame::Frame;
use crate::cluster::{Backend, Subscription};

/// A bus that has ended is tried again so soon.
const AGAIN: Duration = Duration::from_secs(1);

/// Until the line is over, or nobody has it any more.
pub(super) async fn run(link: Weak<Link>, subject: String) {
    let Some((backend, over)) = link.upgrade().map(|link| (Arc::clone(&link.backend), link.over.clone())) else { return };
    let Some(mut heard) = over.run_until_cancelled(hear(&*backend, &subject)).await else { return };
    let mut ticks = interval((backend.lease() / 16).max(Duration::from_millis(100)));
    let mut tick = 0_u32;
    loop {
        let message = tokio::select! {
            biased;
            () = over.cancelled() => return,
            _ = ticks.tick() => None,
            message = heard.next() => Some(message),
        };
        let Some(link) = link.upgrade() else { return };
        match message {
            None => {
                if link.is_late() {
                    link.renew("it does not answer");
                }
                // More often while nobody has answered.
                if tick.is_multiple_of(2) || link.welcome().is_none() {
                    link.greet();
                }
                tick = tick.wrapping_add(1);
            }
            Some(Some(message)) => {
                if Frame::decode(message).is_some_and(|frame| !link.hear(frame)) {
                    link.renew("something that it said was missed, or it has gone");
                }
            }
            Some(None) => {
                link.renew("the cluster has lost the connection");
                drop(link);
                match over.run_until_cancelled(hear(&*backend, &subject)).await {
                    Some(again) => heard = again,
                    None => return,
                }
            }
        }
    }
}

/// Until it succeeds.
async fn hear(backend: &dyn Backend, subject: &str) -> Subscription {
    loop {
        match backend.subscribe(subject).await {
            Ok(heard) => return heard,
            Err(error) => warn!(%error, "the cluster cannot be heard; it is tried again"),
        }
        sleep(AGAIN).await;
    }
}

/// Here the guest hears; it tells with each greeting.
pub(in crate::cluster) fn subject_of_guest(account: &str, guest: u64) -> String {
    format!("quadruplex.{account}.{guest:016x}")
}

pub(in crate::cluster) fn subject_of_holder(account: &str) -> String {
    format!("quadruplex.{account}.holder")
}
