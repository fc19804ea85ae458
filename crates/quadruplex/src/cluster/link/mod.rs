//! The guest's end: greets the holder until it answers, asks it, and takes what it hands out.

mod greeting;
mod place;

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use bytes::Bytes;
use quadruplex_net::{CloseReason, Environment};
use quadruplex_store::{OwnUser, Row};
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::Backend;
use super::frame::{self, Asked, Call, Frame, Standing, Told};
use super::wrong::Wrong;
use crate::client::{AttemptOptions, Function, lock};
use crate::updates::Updates;
use crate::{AfterFailure, Error, Wait};
pub(super) use greeting::{subject_of_guest, subject_of_holder};
pub(crate) use place::Reserved;

/// So long somebody who asks waits for a holder.
const PATIENCE: Duration = Duration::from_secs(30);
/// So many updates wait to be put into the guest's journal; a holder hands out no more.
pub(super) const HANDED: usize = 4096;

/// An update that was handed out.
pub(crate) struct Handed {
    pub(crate) row: Row,
    pub(crate) redelivered: bool,
}

/// How a call is to be made.
pub(crate) struct FarCall<'a> {
    pub(crate) function: Function,
    pub(crate) options: &'a AttemptOptions,
    pub(crate) flood_wait: Option<Wait>,
    /// Twice is as good as once.
    pub(crate) is_repeatable: bool,
    pub(crate) peer: Option<i64>,
    pub(crate) environment: &'a Environment,
}

/// A line to the holder of an account, whoever that is.
pub(crate) struct Link {
    account: Arc<str>,
    backend: Arc<dyn Backend>,
    /// In which process this is.
    machine: u64,
    /// Where it hears.
    guest: u64,
    state: Mutex<State>,
    welcome: watch::Sender<Option<Welcome>>,
    handed: Option<mpsc::Sender<Handed>>,
    /// Who takes what is handed out.
    updates: Mutex<Weak<Updates>>,
    over: CancellationToken,
}

/// What the holder has said of itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Welcome {
    holder: u64,
    pub(crate) own: Option<OwnUser>,
    pub(crate) home_dc: i32,
    /// It is this process.
    pub(crate) is_here: bool,
}

struct State {
    /// Who this end is; another one after something was missed.
    link: u64,
    sent: u64,
    heard: u64,
    /// Greetings that have no answer yet, and when they were sent.
    greetings: VecDeque<(u64, Instant)>,
    /// The holder knew of this end then.
    known: Instant,
    next: u64,
    waiting: HashMap<u64, oneshot::Sender<Result<Bytes, Wrong>>>,
    /// What was said before there was a holder.
    early: Vec<Asked>,
}

impl Link {
    /// Begins to greet. With `works` updates are handed out to it, and it is over for good when the holder may have given it up.
    /// `guest` is a number that nobody else has, `machine` that of the process.
    pub(crate) fn open(
        backend: &Arc<dyn Backend>,
        account: &str,
        (machine, guest): (u64, u64),
        works: bool,
    ) -> (Arc<Self>, Option<mpsc::Receiver<Handed>>) {
        let (handed, updates) = works.then(|| mpsc::channel(HANDED)).unzip();
        let state = State {
            link: guest,
            sent: 0,
            heard: 0,
            greetings: VecDeque::new(),
            known: Instant::now(),
            next: 0,
            waiting: HashMap::new(),
            early: Vec::new(),
        };
        let link = Arc::new(Self {
            account: account.into(),
            backend: Arc::clone(backend),
            machine,
            guest,
            state: Mutex::new(state),
            welcome: watch::Sender::new(None),
            handed,
            updates: Mutex::default(),
            over: CancellationToken::new(),
        });
        tokio::spawn(greeting::run(Arc::downgrade(&link), subject_of_guest(account, guest)));
        (link, updates)
    }

    /// Resolves when there is a holder that knows this end. `Err`: there will be none.
    pub(crate) async fn welcomed(&self) -> Result<Welcome, Error> {
        let mut welcome = self.welcome.subscribe();
        let found = self.over.run_until_cancelled(welcome.wait_for(Option::is_some)).await;
        found.and_then(Result::ok).and_then(|welcome| *welcome).ok_or(Error::Closed(CloseReason::Requested))
    }

    /// The same, for so long as somebody who asks waits.
    pub(crate) async fn found(&self) -> Result<Welcome, Error> {
        timeout(PATIENCE, self.welcomed()).await.unwrap_or_else(|_| {
            Err(Error::Invalid(format!(
                "no process holds the account {:?}: waited {} s\n  help: is one of them running, and does it reach the cluster?",
                self.account,
                PATIENCE.as_secs()
            )))
        })
    }

    /// How the account stands.
    pub(crate) async fn standing(&self) -> Result<Standing, Error> {
        self.ask_for(|id| Asked::Status { id }).await
    }

    pub(crate) fn welcome(&self) -> Option<Welcome> {
        *self.welcome.borrow()
    }

    /// Is cancelled when the holder may have given this end up, or it has ended.
    pub(crate) fn over(&self) -> &CancellationToken {
        &self.over
    }

    /// Somebody takes what is handed out.
    pub(crate) fn taken_by(&self, updates: &Arc<Updates>) {
        *lock(&self.updates) = Arc::downgrade(updates);
    }

    /// Nothing that was handed out runs any more.
    pub(crate) fn bye(&self) {
        let mut state = lock(&self.state);
        if self.welcome.borrow().is_some() {
            self.say(&mut state, Asked::Bye, Bytes::new());
        }
        drop(state);
        self.over.cancel();
    }

    /// Takes the last place in a queue of the account.
    pub(crate) fn join(self: &Arc<Self>, queue: &str, after_failure: AfterFailure, forgives: Option<&str>) -> Reserved {
        let mut state = lock(&self.state);
        let place = state.next;
        state.next += 1;
        let (queue, forgives) = (queue.to_owned(), forgives.map(str::to_owned));
        self.say_in_turn(&mut state, Asked::Join { place, queue, after_failure: frame::number_of(after_failure), forgives });
        Reserved { link: Arc::clone(self), place, is_used: false }
    }

    /// Makes a call.
    ///
    /// # Cancel safety
    /// The holder is told that nobody waits for it.
    pub(crate) async fn call(&self, call: FarCall<'_>, place: Option<&mut Reserved>, body: Bytes) -> Result<Bytes, Error> {
        let FarCall { function, is_repeatable, environment, .. } = call;
        let place = place.map(|place| {
            place.is_used = true;
            place.place
        });
        loop {
            let call = Call::of(&call, place);
            let asked = self.ask(|id| Asked::Call { id, call }, body.clone()).await?;
            match asked {
                Ok(answer) => return Ok(answer),
                // Whoever holds the account now is asked again.
                Err(Wrong::MayHaveBeenExecuted) if is_repeatable && place.is_none() && !self.over.is_cancelled() => {
                    debug!(method = function.name, "the holder has changed; the call is made again");
                }
                Err(wrong) => return Err(wrong.error(function.name, environment.now().wall)),
            }
        }
    }

    /// Asks for something that is read, or changed in the store.
    pub(super) async fn ask_for<T: DeserializeOwned>(&self, asked: impl FnOnce(u64) -> Asked) -> Result<T, Error> {
        let answer = self.ask(asked, Bytes::new()).await?;
        let answer = answer.map_err(|wrong| wrong.error("the holder", Duration::ZERO))?;
        serde_json::from_slice(&answer).map_err(|error| Error::Invalid(format!("the holder is of another version of the program: {error}")))
    }

    async fn ask(&self, asked: impl FnOnce(u64) -> Asked, body: Bytes) -> Result<Result<Bytes, Wrong>, Error> {
        let (answer, wait) = oneshot::channel();
        let id = loop {
            self.found().await?;
            let mut state = lock(&self.state);
            // Lost again meanwhile: nobody would know who asks, nor answer.
            if self.welcome.borrow().is_none() {
                continue;
            }
            let id = state.next;
            state.next += 1;
            state.waiting.insert(id, answer);
            self.say(&mut state, asked(id), body);
            break id;
        };
        let mut unanswered = Unanswered { link: self, id, is_answered: false };
        let answer = self.over.run_until_cancelled(wait).await;
        unanswered.is_answered = true;
        match answer {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(_)) => Ok(Err(Wrong::MayHaveBeenExecuted)),
            None => Err(Error::Closed(CloseReason::Requested)),
        }
    }

    fn say(&self, state: &mut State, said: Asked, body: Bytes) {
        let frame = Frame { link: state.link, number: state.sent, said, body };
        state.sent += 1;
        self.backend.publish(&subject_of_holder(&self.account), frame.encode());
    }

    fn say_in_turn(&self, state: &mut State, said: Asked) {
        match said {
            said if self.welcome.borrow().is_some() => self.say(state, said, Bytes::new()),
            Asked::Leave { place: left } => state.early.retain(|said| !matches!(said, Asked::Join { place, .. } if *place == left)),
            said => state.early.push(said),
        }
    }

    fn greet(&self) {
        let mut state = lock(&self.state);
        let greeting = (state.sent, Instant::now());
        state.greetings.push_back(greeting);
        let lease = self.backend.lease();
        state.greetings.retain(|(_, at)| at.elapsed() < lease);
        let waiting = lock(&self.updates).upgrade().map_or(0, |updates| updates.waiting().0);
        let works = self.handed.is_some();
        self.say(&mut state, Asked::Hello { works, waiting, machine: self.machine, guest: self.guest }, Bytes::new());
    }

    /// Begins anew as somebody whom the holder does not know. What was asked may have been done.
    fn renew(&self, why: &str) {
        // Under the lock, as whoever asks looks: what is asked before is given up below, what is asked later waits for a welcome.
        let mut state = lock(&self.state);
        if self.welcome.send_replace(None).is_some() {
            warn!(account = &*self.account, why, "the holder of the account is not heard of any more");
            if self.handed.is_some() {
                self.over.cancel();
            }
        }
        // A number that comes of one that nobody else has, as good as never that of another.
        state.link = state.link.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state.sent, state.heard) = (0, 0);
        state.greetings.clear();
        state.waiting.clear();
    }

    /// What the holder says; false: something was missed.
    fn hear(&self, Frame { link, number, said, body }: Frame<Told>) -> bool {
        let mut state = lock(&self.state);
        if link != state.link {
            return true;
        }
        if let Told::Over = said {
            return false;
        }
        if number != state.heard {
            return false;
        }
        state.heard += 1;
        match said {
            Told::Over => {}
            Told::Welcome { greeting, holder, own, home_dc, is_here } => {
                if self.welcome.borrow().is_some_and(|known| known.holder != holder) {
                    return false;
                }
                while let Some((number, at)) = state.greetings.pop_front_if(|(number, _)| *number <= greeting) {
                    if number == greeting {
                        state.known = at;
                    }
                }
                let own = own.map(frame::Own::user);
                self.welcome.send_replace(Some(Welcome { holder, own, home_dc, is_here }));
                for said in std::mem::take(&mut state.early) {
                    self.say(&mut state, said, Bytes::new());
                }
            }
            Told::Answer { id, failed } => {
                if let Some(waiting) = state.waiting.remove(&id) {
                    // Or nobody waits for it any more.
                    let _ = waiting.send(failed.map_or(Ok(body), Err));
                }
            }
            Told::Hand { number, lane, attempts, redelivered } => {
                let handed = Handed { row: Row { number, lane, attempts, bytes: body.to_vec() }, redelivered };
                return self.handed.as_ref().is_some_and(|handing| handing.try_send(handed).is_ok());
            }
        }
        true
    }

    /// Whether the holder may have given this end up by now: a quarter of the lease earlier than it does.
    fn is_late(&self) -> bool {
        self.welcome.borrow().is_some() && lock(&self.state).known.elapsed() >= self.backend.lease() * 3 / 4
    }
}

/// A question without an answer: the holder is told if nobody waits for it.
struct Unanswered<'a> {
    link: &'a Link,
    id: u64,
    is_answered: bool,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            let mut state = lock(&self.link.state);
            if state.waiting.remove(&self.id).is_some() {
                self.link.say(&mut state, Asked::Cancel { id: self.id }, Bytes::new());
            }
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("account", &self.account).field("welcome", &self.welcome()).finish_non_exhaustive()
    }
}
