//! Deadlines: every wait has one, and it is given by the caller. Owns no clock but `Instant::now`.

use std::time::{Duration, Instant};

/// The instant after which an operation must give up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Instant);

impl Deadline {
    /// The longest wait that can be asked for (a day); larger requests are cut to it.
    pub const MAX: Duration = Duration::from_secs(24 * 60 * 60);

    /// A deadline `timeout` from now, at most [`Deadline::MAX`].
    #[must_use]
    pub fn after(timeout: Duration) -> Self {
        Self(Instant::now() + timeout.min(Self::MAX))
    }

    /// The time left; zero once it has passed.
    #[must_use]
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    #[must_use]
    pub fn expired(self) -> bool {
        self.remaining().is_zero()
    }

    /// The earlier of this deadline and `timeout` from now.
    #[must_use]
    pub fn at_most(self, timeout: Duration) -> Self {
        Self(self.0.min(Self::after(timeout).0))
    }

    /// The instant itself.
    #[must_use]
    pub fn instant(self) -> Instant {
        self.0
    }
}
