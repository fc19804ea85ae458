//! Times with their unit: `5 * MINUTE`. In a constant, where Rust multiplies no times yet: `DAY.saturating_mul(30)`.

use std::time::Duration;

/// One second.
pub const SECOND: Duration = Duration::from_secs(1);
/// Sixty seconds.
pub const MINUTE: Duration = Duration::from_secs(60);
/// Sixty minutes.
pub const HOUR: Duration = Duration::from_secs(60 * 60);
/// Twenty-four hours.
///
/// ```
/// use quadruplex::{DAY, HOUR};
///
/// /// In a constant Rust multiplies no times yet.
/// const MONTH: std::time::Duration = DAY.saturating_mul(30);
/// assert_eq!(MONTH, 30 * DAY);
/// assert_eq!(DAY, 24 * HOUR);
/// ```
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);
