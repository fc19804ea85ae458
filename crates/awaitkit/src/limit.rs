use std::error::Error;
use std::fmt;
use std::num::NonZeroUsize;

/// How many futures may run at once.
///
/// It cannot be zero: a bound of zero never starts anything and hangs for ever, a trap that the `buffered(0)` of other crates
/// has been reported for again and again.
///
/// ```
/// use std::num::NonZeroUsize;
/// use awaitkit::{Limit, Unlimited, limit};
///
/// let fixed: Limit = limit!(8); // zero is a compile error
/// let read = Limit::try_from(8_usize)?; // zero is an error value
/// let whole: Limit = NonZeroUsize::MIN.saturating_add(7).into();
/// let none: Limit = Unlimited.into();
/// assert_eq!((fixed, read), (whole, whole));
/// assert!(none > fixed);
/// # Ok::<(), awaitkit::ZeroLimit>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Limit(NonZeroUsize);

impl Limit {
    /// The number of futures; [`Unlimited`] is `usize::MAX`.
    pub const fn count(self) -> usize {
        self.0.get()
    }

    #[doc(hidden)]
    pub const fn checked(count: usize) -> Self {
        match NonZeroUsize::new(count) {
            Some(count) => Self(count),
            None => panic!("a limit of 0 would never start anything: use at least 1, or Unlimited"),
        }
    }
}

impl From<NonZeroUsize> for Limit {
    fn from(count: NonZeroUsize) -> Self {
        Self(count)
    }
}

impl From<Unlimited> for Limit {
    fn from(_: Unlimited) -> Self {
        Self(NonZeroUsize::MAX)
    }
}

impl TryFrom<usize> for Limit {
    type Error = ZeroLimit;

    fn try_from(count: usize) -> Result<Self, ZeroLimit> {
        NonZeroUsize::new(count).map(Self).ok_or(ZeroLimit)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == NonZeroUsize::MAX { f.write_str("unlimited") } else { self.0.fmt(f) }
    }
}

/// No limit: everything at once. Say it only when the input is known to be small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unlimited;

/// The error of `Limit::try_from(0)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZeroLimit;

impl fmt::Display for ZeroLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a limit of 0 would never start anything: use at least 1, or Unlimited")
    }
}

impl Error for ZeroLimit {}

/// A [`Limit`] that is checked when the program is compiled.
///
/// ```compile_fail
/// let nothing = awaitkit::limit!(0); // a limit of 0 would never start anything
/// ```
#[macro_export]
macro_rules! limit {
    ($count:expr) => {
        const { $crate::Limit::checked($count) }
    };
}
