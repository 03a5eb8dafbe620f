//! Points in time and what is left to them; [`Duration::MAX`] is never.

use std::time::{Duration, Instant};

/// How long until `at`.
pub(super) fn left(now: Instant, at: Option<Instant>) -> Duration {
    at.map_or(Duration::MAX, |at| at.saturating_duration_since(now))
}

/// When `left` is over.
pub(super) fn after(now: Instant, left: Duration) -> Option<Instant> {
    now.checked_add(left)
}

/// When so many seconds of a protocol are over; all ones is never.
pub(super) fn seconds(from: Instant, seconds: u32) -> Option<Instant> {
    (seconds != u32::MAX).then(|| from.checked_add(Duration::from_secs(seconds.into())))?
}
