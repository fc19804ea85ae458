//! One call from the moment somebody wants it until it has ended: its peers, its place in a queue, its limits, its attempts.

mod failed;
mod far;
#[cfg(feature = "tower")]
mod layers;

use std::mem;
use std::num::NonZeroI64;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::Either;
use quadruplex_api::{Lookups, Peers, has_random_id};
use quadruplex_net::{BoxFuture, CallError, Connection, Pending, Request as Packet, Ticket};
use tokio::time::{Instant, timeout};

use super::limits::{Asked, Permit};
use super::once;
use super::patience::Patience;
use super::queue::{AfterFailure, Place};
use super::target::is_channel;
use super::{Outbox, Wait};
use crate::client::{AttemptOptions, CallOptions, Erased, Function, Inner};
use crate::{Error, LastSeen};

pub(crate) use failed::Tried;

/// How long a connection may take to tell what is known of a call that nobody waits for.
const LAST_WORD: Duration = Duration::from_millis(100);

/// Why a call was not sent.
const LOOKED_UP: &str = "its peer was being looked up";

/// A call on its way.
///
/// What every call comes to is inlined where it is awaited, so that it lies together in the program: from the first call on it is in memory.
/// What only few calls come to is in boxes that plain functions make: of async functions every crate that makes calls would have a copy.
pub(crate) struct Run {
    inner: Arc<Inner>,
    /// The name of the function, and its id.
    method: &'static str,
    id: u32,
    options: AttemptOptions,
    patience: Patience,
    place: Option<Box<Place>>,
    aside: Option<Box<Aside>>,
    lookups: Lookups,
    peer: Option<NonZeroI64>,
    /// What is sent. The connection gets it: a request is encoded again for another attempt, bytes that were ready are kept.
    body: Bytes,
    /// How long it is.
    len: u32,
    tried: Tried,
    /// The layers around all calls have been told of it.
    #[cfg(feature = "tower")]
    is_inside: bool,
}

/// What only few calls have, and what has room of its own therefore.
#[derive(Default)]
struct Aside {
    /// The random ids follow from this key.
    once: Option<Arc<str>>,
    outbox: Option<Arc<Outbox>>,
    flood_wait: Option<Wait>,
    /// With which call before it the server has refused it.
    refused: Option<Ticket>,
}

impl Run {
    /// Takes the place in the queue and draws the random ids.
    #[inline(always)]
    pub(crate) fn begin(inner: &Arc<Inner>, request: &mut dyn Erased, options: CallOptions, outbox: Option<Arc<Outbox>>) -> Self {
        let function = Function { id: request.id(), name: request.name() };
        let is_once = options.once.is_some();
        let mut run = Self::encoded(inner, function, Bytes::new(), options);
        if outbox.is_some() {
            run.aside().outbox = outbox;
        }
        // Kept over repetitions, by which Telegram knows them.
        if !is_once {
            request.fill_random(&mut || inner.send_id());
        }
        request.lookups(&mut run.lookups);
        run
    }

    /// A call whose bytes are ready: a part of a file.
    #[inline(always)]
    pub(crate) fn encoded(inner: &Arc<Inner>, function: Function, body: Bytes, options: CallOptions) -> Self {
        inner.in_flight.fetch_add(1, Ordering::Relaxed);
        let CallOptions { line, once, flood_wait, .. } = &options;
        let place = |name: &Arc<str>| {
            Box::new(inner.queues.join(name.clone(), line.after_failure.unwrap_or_default(), line.forgives.map(Into::into)))
        };
        let aside = || Box::new(Aside { once: once.clone(), flood_wait: *flood_wait, ..Aside::default() });
        Self {
            inner: inner.clone(),
            method: function.name,
            id: function.id,
            patience: Patience::of(&options),
            place: line.name.as_ref().map(place),
            aside: (once.is_some() || flood_wait.is_some()).then(aside),
            options: options.attempts,
            lookups: Lookups::new(),
            peer: None,
            len: body.len() as u32,
            body,
            tried: Tried::default(),
            #[cfg(feature = "tower")]
            is_inside: false,
        }
    }

    const fn function(&self) -> Function {
        Function { id: self.id, name: self.method }
    }

    fn aside(&mut self) -> &mut Aside {
        self.aside.get_or_insert_default()
    }

    fn once(&self) -> Option<&Arc<str>> {
        self.aside.as_ref()?.once.as_ref()
    }

    fn refused(&self) -> Option<&Ticket> {
        self.aside.as_ref()?.refused.as_ref()
    }

    /// After which call the server has refused it; nothing forgets that.
    fn note_refused(&mut self, after: Option<Ticket>) {
        if after.is_some() || self.refused().is_some() {
            self.aside().refused = after;
        }
    }

    /// Its place in the queue is one that was taken before.
    pub(crate) fn take_place(&mut self, place: Option<Place>) {
        self.place = place.map(Box::new);
    }

    /// The chat that bytes which were ready from the start are about.
    pub(crate) fn is_about(&mut self, peer: Option<i64>) {
        self.peer = peer.and_then(NonZeroI64::new);
    }

    /// Makes the call, from its peers to its answer.
    ///
    /// Thousands of these wait at once: what only few of them come to is in futures of its own, so that the others have no room for it.
    pub(crate) async fn perform(&mut self, request: &mut dyn Erased) -> Result<Bytes, Error> {
        self.prepare(request).await?;
        self.finish(Some(request)).await
    }

    /// Looks peers up and encodes the request. It leaves the queue if that fails.
    pub(crate) async fn prepare(&mut self, request: &mut dyn Erased) -> Result<(), Error> {
        if self.once().is_none() && self.lookups.is_empty() && request.mentions().is_empty() {
            self.encode_with(request, &Peers::default());
            return Ok(());
        }
        let prepared = self.try_prepare(request).await;
        if prepared.is_err() {
            self.leave(true);
        }
        prepared
    }

    fn try_prepare<'a>(&'a mut self, request: &'a mut dyn Erased) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            if let Some(key) = self.once().cloned() {
                if !has_random_id(self.id) {
                    let what =
                        format!("{}: .once() is for what is sent; this has no random_id by which Telegram knows it again", self.method);
                    return Err(Error::Invalid(what));
                }
                let account = self.inner.found_own_user().await?;
                request.fill_random(&mut once::random_ids(account.id, &key));
            }
            let mentions = request.mentions();
            if !mentions.is_empty() {
                let completed = self.patience.wait(Box::pin(crate::text::complete_mentions(&self.inner, mentions))).await;
                completed.map_err(|gave_up| self.never_sent(gave_up, LOOKED_UP))??;
            }
            self.encode(request).await
        })
    }

    /// Makes the prepared call, again if need be. Without a request it is one whose bytes were ready from the start.
    #[expect(clippy::manual_async_fn, reason = "what an async function is given would be in every waiting call twice")]
    pub(crate) fn finish<'a>(&'a mut self, request: Option<&'a dyn Erased>) -> impl Future<Output = Result<Bytes, Error>> + Send + 'a {
        async move {
            #[cfg(feature = "tower")]
            if let Some(calls) = self.layers() {
                return self.through(calls, request).await;
            }
            if let Some(link) = self.inner.far() {
                return self.finish_far(link, request).await;
            }
            let answer = loop {
                let dc = self.options.dc.unwrap_or_else(|| self.inner.home_dc());
                let keep = request.is_none() || self.is_layered();
                // What has ended is gone before the next wait: its room would be in every call.
                let attempt = match self.send_now(keep, dc) {
                    Some(pending) => Attempt::Sent(pending),
                    None => Attempt::Whole(self.attempt(keep, dc)),
                };
                let recovered = match attempt.await {
                    Ok(answer) => {
                        self.note_sent(dc);
                        break Ok(answer);
                    }
                    Err(failed) => {
                        let error = match failed {
                            Either::Left(error) => self.error_of(error),
                            Either::Right(error) => error,
                        };
                        self.recover(request, error, dc)
                    }
                };
                if let Err(error) = recovered.await {
                    break Err(error);
                }
            };
            let failed = match (&answer, &self.place) {
                (Err(error), Some(place)) => place.is_failure(error),
                _ => false,
            };
            self.leave(failed);
            if let (Ok(answer), Some(request)) = (&answer, request) {
                self.inner.note_moved(request, &self.lookups, answer);
            }
            answer
        }
    }

    /// Sends a call that has nothing but its answer to wait for, as most have.
    #[inline(always)]
    fn send_now(&mut self, keep: bool, dc: i32) -> Option<Pending> {
        if self.place.is_some() || self.patience.is_limited() || self.inner.limits.are_known() {
            return None;
        }
        let connection = self.inner.connect_now(dc, self.function(), &self.options)?;
        Some(self.send(keep, &connection, None, None))
    }

    /// Sends the call when there is a connection, when it is its turn and when the limits allow it, and waits for as long as its caller
    /// does.
    fn attempt(&mut self, keep: bool, dc: i32) -> BoxFuture<'_, Result<Bytes, Error>> {
        Box::pin(async move {
            let (connection, after, permit) = loop {
                let connection = self.inner.connect(dc, self.function(), &self.options);
                let connection =
                    self.patience.wait(connection).await.map_err(|gave_up| self.never_sent(gave_up, "it waited for a connection"))??;
                let after = self.turn(&connection).await?;
                let permit = self.permit(dc).await?;
                // It may have waited for long.
                if !connection.is_closed() {
                    break (connection, after, permit);
                }
            };
            let ticket = (self.place.is_some() || self.patience.is_limited()).then(Ticket::default);
            let mut pending = self.send(keep, &connection, ticket.clone(), after.clone());
            if let (Some(place), Some(ticket)) = (&self.place, &ticket) {
                place.sent(&connection, ticket);
            }
            let answer = match self.patience.wait(&mut pending).await {
                Ok(answer) => answer,
                Err(gave_up) => {
                    let report = timeout(LAST_WORD, pending.cancel()).await.ok().flatten();
                    if let Some(place) = self.place.take() {
                        place.abandon();
                    }
                    return Err(self.gave_up(gave_up, report.map_or(LastSeen::Unknown, LastSeen::of_report)));
                }
            };
            match answer {
                Ok(answer) => {
                    self.inner.limits.succeeded(permit);
                    Ok(answer)
                }
                Err(error) => {
                    self.note_refused(after);
                    if let Some(place) = &self.place {
                        place.unsent();
                    }
                    Err(self.error_of(error))
                }
            }
        })
    }

    #[inline(always)]
    fn send(&mut self, keep: bool, connection: &Connection, ticket: Option<Ticket>, after: Option<Ticket>) -> Pending {
        let repeat = self.inner.repeat(self.function(), &self.options);
        let body = if keep { self.body.clone() } else { mem::take(&mut self.body) };
        let packet = Packet { body, repeat, alone: self.options.purpose.is_download(), ticket, after };
        match self.aside.as_ref().and_then(|aside| aside.outbox.as_ref()) {
            Some(outbox) => outbox.add(connection, packet),
            None => connection.send(packet),
        }
    }

    /// Waits for the turn in the queue; after which call the server shall execute this one.
    async fn turn(&mut self, connection: &Connection) -> Result<Option<Ticket>, Error> {
        let Some(place) = &self.place else { return Ok(None) };
        let turn = self.patience.wait(Box::pin(place.turn(connection, self.refused()))).await;
        let turn = turn.map_err(|gave_up| self.never_sent(gave_up, "it waited for its turn in its queue"))?;
        if let Some(aside) = &mut self.aside {
            aside.refused = None;
        }
        turn.ok_or_else(|| Error::Queue {
            method: self.method,
            queue: place.queue().to_owned(),
            stopped: place.after_failure() == AfterFailure::Stop,
        })
    }

    /// Waits until the limits allow the call.
    async fn permit(&mut self, dc: i32) -> Result<Permit, Error> {
        let put_off = self.wait() == Wait::Reschedule;
        let began = Instant::now();
        let asked = Asked { dc, method: self.method, peer: self.peer() };
        let permit = self.inner.limits.admit(asked, self.wait().most());
        let permit = if put_off { self.patience.wait_untimed(permit) } else { self.patience.wait(permit) };
        let permit = self.unless_closed(permit).await?;
        let permit = permit.map_err(|gave_up| self.never_sent(gave_up, "it waited because Telegram wanted it to"))?;
        if put_off && began.elapsed() > Duration::ZERO {
            self.patience.renew();
        }
        permit.map_err(|limit| self.flood(limit, None))
    }

    /// Waits for something that does not depend on a connection.
    async fn unless_closed<F: Future>(&self, work: F) -> Result<F::Output, Error> {
        self.inner.pool.closed().run_until_cancelled(work).await.ok_or_else(|| Error::Closed(self.inner.pool.why()))
    }

    async fn encode(&mut self, request: &dyn Erased) -> Result<(), Error> {
        let peers = match self.lookups.is_empty() {
            true => Peers::default(),
            false => {
                let peers = Box::pin(self.inner.peers.resolve(&self.inner, &self.lookups));
                self.patience.wait(peers).await.map_err(|gave_up| self.never_sent(gave_up, LOOKED_UP))??
            }
        };
        self.encode_with(request, &peers);
        Ok(())
    }

    #[inline(always)]
    fn encode_with(&mut self, request: &dyn Erased, peers: &Peers) {
        self.peer = request.target(peers).and_then(NonZeroI64::new);
        let mut body = Vec::new();
        if self.options.without_updates {
            quadruplex_tl::Serialize::serialize(&quadruplex_api::functions::InvokeWithoutUpdates, &mut body);
        }
        request.encode(peers, &mut body);
        // `Bytes` of a vector with room to spare are another allocation.
        body.shrink_to_fit();
        self.body = quadruplex_mtproto::gzip(body.into());
        self.len = self.body.len() as u32;
    }

    /// Slow mode begins with what was sent.
    #[inline(always)]
    fn note_sent(&self, dc: i32) {
        if self.peer().is_some_and(is_channel) && has_random_id(self.id) {
            self.inner.limits.sent(Asked { dc, method: self.method, peer: self.peer() });
        }
    }

    fn leave(&mut self, failed: bool) {
        if let Some(place) = self.place.take() {
            place.end(failed);
        }
    }

    fn peer(&self) -> Option<i64> {
        self.peer.map(NonZeroI64::get)
    }

    fn wait(&self) -> Wait {
        self.flood_wait().unwrap_or(self.inner.settings.flood_wait)
    }

    fn flood_wait(&self) -> Option<Wait> {
        self.aside.as_ref()?.flood_wait
    }
}

/// An attempt on its way: most are nothing but an answer that is waited for.
enum Attempt<'a> {
    Sent(Pending),
    Whole(BoxFuture<'a, Result<Bytes, Error>>),
}

impl Future for Attempt<'_> {
    type Output = Result<Bytes, Either<CallError, Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Sent(pending) => pending.poll_unpin(cx).map_err(Either::Left),
            Self::Whole(attempt) => attempt.as_mut().poll(cx).map_err(Either::Right),
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.inner.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::future::IntoFuture;
    use std::mem::size_of_val;

    use quadruplex_api::functions::help;

    use crate::{Client, Servers};

    /// A thousand calls that wait are a thousand of these.
    #[tokio::test]
    async fn a_waiting_call_is_small() {
        let servers = Servers::custom(1, [(1, "192.0.2.1:443".parse().unwrap())], crate::PublicKey::sandbox());
        let client = Client::builder(1, "hash").servers(servers).connect_in_memory().await.unwrap();
        let call = client.call(help::GetNearestDc).into_future();
        let (size, run) = (size_of_val(&*call), size_of::<super::Run>());
        assert!(size <= 320, "{size} bytes, {run} of them a Run");
    }
}
