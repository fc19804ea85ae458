//! How long a session is ours for sure, if a server says so.
//!
//! Nobody else gets it before the lease has passed since the server last heard of us. Its clock need not be ours: we count from before we
//! asked, others from after the server has answered, and we stop a quarter earlier, so that what is on its way has time to end.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use quadruplex_store::Error;
use tokio::time::{Instant, interval, timeout};

/// So often is looked whether the session is still ours and whether it is wanted.
const LOOK: Duration = Duration::from_millis(500);

/// What is known of the lock of an open store.
#[derive(Debug)]
pub(crate) struct Hold {
    lease: Duration,
    began: Instant,
    /// In milliseconds since it began; the store is lost afterwards.
    until: AtomicU64,
    is_taken: AtomicBool,
    is_wanted: AtomicBool,
}

/// A backend whose lock has to be kept up.
pub(crate) trait Kept: Send + Sync + 'static {
    fn hold(&self) -> &Hold;

    /// Asks the server whether the lock is ours, connecting again if need be, and whether somebody waits for it.
    fn look(&self) -> impl Future<Output = Result<bool, Error>> + Send;
}

impl Hold {
    /// Not held yet: lost until it is [confirmed](Self::confirm).
    pub(crate) fn new(lease: Duration) -> Self {
        let (is_taken, is_wanted) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { lease, began: Instant::now(), until: AtomicU64::new(0), is_taken, is_wanted }
    }

    pub(crate) fn lease(&self) -> Duration {
        self.lease
    }

    /// The server has answered that the session is ours to something that it was asked at this time.
    pub(crate) fn confirm(&self, asked: Instant) {
        self.confirm_for(asked, self.lease);
    }

    /// The same, but it stays ours for less than the lease.
    pub(crate) fn confirm_for(&self, asked: Instant, left: Duration) {
        let until = asked.saturating_duration_since(self.began) + left.saturating_sub(self.lease / 4);
        self.until.fetch_max(u64::try_from(until.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Somebody else has it, for good.
    pub(crate) fn lose(&self) {
        self.is_taken.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_lost(&self) -> bool {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.is_taken.load(Ordering::Relaxed) || now >= self.until.load(Ordering::Relaxed)
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }

    /// Within this time an answer is of use: later ones come when nothing is left to be saved.
    fn patience(&self) -> Duration {
        self.lease / 4
    }
}

/// Keeps the lock of a store up as long as the store is there.
pub(crate) async fn keep<S: Kept>(store: Weak<S>) {
    let Some(pause) = store.upgrade().map(|store| LOOK.min(store.hold().patience())) else { return };
    let mut ticks = interval(pause);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(store) = store.upgrade() else { return };
        look(&store).await;
    }
}

async fn look<S: Kept>(store: &Arc<S>) {
    let (hold, asked) = (store.hold(), Instant::now());
    match timeout(hold.patience(), store.look()).await {
        Ok(Ok(is_wanted)) => {
            hold.confirm(asked);
            hold.is_wanted.store(is_wanted, Ordering::Relaxed);
        }
        // There may be time for another try.
        Ok(Err(error)) => tracing::debug!(%error, "the lock of the store could not be confirmed"),
        Err(_) => tracing::debug!("the lock of the store could not be confirmed in time"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use tokio::time::sleep;

    use super::*;

    const LEASE: Duration = Duration::from_secs(10);

    /// A server that answers as it is told, and well when it is told nothing.
    struct Fake {
        hold: Hold,
        answers: Mutex<VecDeque<Answer>>,
        looks: AtomicU64,
    }

    #[derive(Clone, Copy)]
    enum Answer {
        Wanted,
        Error,
        Silence,
        Taken,
    }

    impl Kept for Fake {
        fn hold(&self) -> &Hold {
            &self.hold
        }

        async fn look(&self) -> Result<bool, Error> {
            self.looks.fetch_add(1, Ordering::Relaxed);
            let answer = self.answers.lock().unwrap().pop_front();
            match answer {
                None => Ok(false),
                Some(Answer::Wanted) => Ok(true),
                Some(Answer::Error) => Err(Error::Full { place: "here".to_owned() }),
                Some(Answer::Silence) => std::future::pending().await,
                Some(Answer::Taken) => {
                    self.hold.lose();
                    Err(Error::InUse { path: "here".into(), owner: None })
                }
            }
        }
    }

    fn fake(lease: Duration) -> Arc<Fake> {
        let fake = Arc::new(Fake { hold: Hold::new(lease), answers: Mutex::default(), looks: AtomicU64::new(0) });
        assert!(fake.hold.is_lost(), "nothing is held before the server has said so");
        fake.hold.confirm(Instant::now());
        tokio::spawn(keep(Arc::downgrade(&fake)));
        fake
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_session_is_kept() {
        let fake = fake(LEASE);
        for _ in 0..3600 {
            sleep(Duration::from_secs(1)).await;
            assert!(!fake.hold.is_lost());
        }
        assert!(fake.looks.load(Ordering::Relaxed) > 7000);
    }

    /// How long it is ours when nothing comes back any more: never as long as the lease.
    #[tokio::test(start_paused = true)]
    async fn a_session_that_is_not_confirmed_is_lost_before_the_lease_ends() {
        let check = async |answer: Answer, lease: Duration| {
            let fake = fake(lease);
            sleep(lease).await;
            fake.answers.lock().unwrap().extend([answer; 10_000]);
            let began = Instant::now();
            while !fake.hold.is_lost() {
                sleep(lease / 1000).await;
            }
            assert!(began.elapsed() > lease / 8 && began.elapsed() <= lease * 4 / 5, "{:?} of {lease:?}", began.elapsed());
        };
        for lease in [Duration::from_secs(1), LEASE, Duration::from_secs(3600)] {
            check(Answer::Error, lease).await;
            check(Answer::Silence, lease).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_break_is_bridged_and_what_another_has_is_lost_at_once() {
        let fake = fake(LEASE);
        sleep(LEASE).await;
        fake.answers.lock().unwrap().extend([Answer::Error, Answer::Silence, Answer::Error, Answer::Wanted]);
        for _ in 0..600 {
            sleep(Duration::from_millis(10)).await;
            assert!(!fake.hold.is_lost());
        }
        assert!(!fake.hold.is_wanted(), "whoever waited has gone");
        fake.answers.lock().unwrap().extend([Answer::Wanted; 10]);
        sleep(Duration::from_secs(1)).await;
        assert!(fake.hold.is_wanted());
        fake.answers.lock().unwrap().push_front(Answer::Taken);
        sleep(Duration::from_secs(1)).await;
        assert!(fake.hold.is_lost());
        sleep(LEASE).await;
        assert!(fake.hold.is_lost(), "and stays so, whatever is said later");
    }
}
