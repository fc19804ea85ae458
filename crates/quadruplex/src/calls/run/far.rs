use std::sync::Arc;

use bytes::Bytes;
use quadruplex_net::{BoxFuture, Repeat};

use super::Run;
use crate::client::{Erased, is_stale_peer};
use crate::cluster::{FarCall, Link};
use crate::{Error, LastSeen};

impl Run {
    /// Has whoever holds the account make the call: its queue, its limits and its attempts are there. What is looked up was looked up here.
    pub(super) fn finish_far<'a>(&'a mut self, link: Arc<Link>, request: Option<&'a dyn Erased>) -> BoxFuture<'a, Result<Bytes, Error>> {
        Box::pin(async move {
            let mut place = self.place.take();
            loop {
                let call = FarCall {
                    function: self.function(),
                    options: &self.options,
                    flood_wait: self.flood_wait(),
                    is_repeatable: self.inner.repeat(self.function(), &self.options) == Repeat::Safe,
                    peer: self.peer(),
                    environment: &self.inner.settings.environment,
                };
                // A second attempt has left the queue.
                let mut place = place.take();
                let place = place.as_mut().and_then(|place| place.reserved());
                let called = self.patience.wait(link.call(call, place, self.body.clone()));
                let error = match self.unless_closed(called).await? {
                    Ok(Ok(answer)) => return Ok(answer),
                    Ok(Err(error)) => error,
                    Err(gave_up) => return Err(self.gave_up(gave_up, LastSeen::Unknown)),
                };
                let is_stale = is_stale_peer(&error) && !std::mem::replace(&mut self.tried.looked_up_again, true);
                match request {
                    Some(request) if is_stale && self.inner.peers.forget(&self.lookups) => self.encode(request).await?,
                    _ => return Err(error),
                }
            }
        })
    }
}
