use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quadruplex_mtproto::Now;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tokio::time::Instant;

/// The random generator of every connection: ChaCha20, seeded once.
pub type Random = ChaCha20Rng;

/// Nobody has told the time of the servers.
const UNKNOWN: i64 = i64::MIN;

/// What a connection would otherwise read from its surroundings: clocks and randomness.
///
/// Monotonic time is Tokio's, so that a paused runtime moves it.
#[derive(Clone)]
pub struct Environment {
    start: Instant,
    wall: Arc<dyn Fn() -> Duration + Send + Sync>,
    /// By how many milliseconds the clock of the servers is ahead of this one; clones learn it together.
    ahead: Arc<AtomicI64>,
    seed: Option<u64>,
    ping_every: Option<Duration>,
}

impl Environment {
    /// The system's clock and the system's randomness.
    pub fn system() -> Self {
        Self {
            start: Instant::now(),
            wall: Arc::new(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
            ahead: Arc::new(AtomicI64::new(UNKNOWN)),
            seed: None,
            ping_every: None,
        }
    }

    /// For simulations: a wall clock that stood at `wall` (since the Unix epoch) when the runtime's clock started, and randomness
    /// that follows from `seed`. Never for real accounts: whoever knows the seed knows the keys.
    pub fn simulated(wall: Duration, seed: u64) -> Self {
        let start = Instant::now();
        let wall = Arc::new(move || wall + start.elapsed());
        Self { start, wall, ahead: Arc::new(AtomicI64::new(UNKNOWN)), seed: Some(seed), ping_every: None }
    }

    /// The same surroundings with a wall clock of one's own, since the Unix epoch.
    #[must_use]
    pub fn with_wall_clock(self, wall: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self { wall: Arc::new(wall), ahead: Arc::new(AtomicI64::new(UNKNOWN)), ..self }
    }

    /// The same surroundings for one of several that shall not draw the same numbers, where these follow from a seed.
    #[must_use]
    pub fn branch(&self, number: u64) -> Self {
        // A step that is odd and large, so that seeds that follow each other do not meet.
        let seed = self.seed.map(|seed| seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        Self { seed, ..self.clone() }
    }

    /// The same surroundings for tests in which days pass: idle connections are asked so seldom for a sign of life, and clients ask so seldom
    /// whether updates were missed, and for the configuration, which else is most of what happens in a day. A link that swallows something is
    /// noticed as late.
    #[must_use]
    pub fn with_pings_every(self, time: Duration) -> Self {
        Self { ping_every: Some(time), ..self }
    }

    /// How seldom, if it was [told](Self::with_pings_every).
    pub fn ping_every(&self) -> Option<Duration> {
        self.ping_every
    }

    /// What time it is.
    pub fn now(&self) -> Now {
        Now { mono: self.start.elapsed(), wall: (self.wall)() }
    }

    /// What time it is for servers, since the Unix epoch: by their own clock once one of the connections in these surroundings has learned
    /// it, else by the wall clock.
    pub fn server_time(&self) -> Duration {
        let wall = (self.wall)();
        match self.ahead.load(Ordering::Relaxed) {
            UNKNOWN => wall,
            ahead if ahead < 0 => wall.saturating_sub(Duration::from_millis(ahead.unsigned_abs())),
            ahead => wall.saturating_add(Duration::from_millis(ahead.unsigned_abs())),
        }
    }

    pub(crate) fn knows_server_time(&self) -> bool {
        self.ahead.load(Ordering::Relaxed) != UNKNOWN
    }

    /// Takes the word of a server. It is kept as a distance from the wall clock, which, unlike the monotonic one, goes on while a machine
    /// sleeps.
    pub(crate) fn learn_server_time(&self, unix: Duration) {
        let ahead = i128::try_from(unix.as_millis()).unwrap_or(0) - i128::try_from((self.wall)().as_millis()).unwrap_or(0);
        self.ahead.store(i64::try_from(ahead).unwrap_or(0), Ordering::Relaxed);
    }

    /// The moment of a monotonic time of this environment.
    pub fn instant(&self, mono: Duration) -> Instant {
        self.start + mono
    }

    /// A generator of its own for whoever asks; `stream` tells apart those who share a seed.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn random(&self, stream: u64) -> std::io::Result<Random> {
        if let Some(seed) = self.seed {
            let mut random = ChaCha20Rng::seed_from_u64(seed);
            random.set_stream(stream);
            return Ok(random);
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(std::io::Error::other)?;
        Ok(ChaCha20Rng::from_seed(seed))
    }

    /// A random number; see [`random`](Self::random).
    ///
    /// # Errors
    /// The operating system gives no randomness.
    pub fn random_u64(&self, stream: u64) -> std::io::Result<u64> {
        Ok(self.random(stream)?.next_u64())
    }
}

impl Default for Environment {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("simulated", &self.seed.is_some()).finish_non_exhaustive()
    }
}
