//! How long to wait before something is sent again.

use std::time::Duration;

use crate::random::Random;

/// Waits that double up to a limit, each a tenth more or less (RFC 8415, section 15; RFC 2131, section 4.1).
#[derive(Debug, Clone)]
pub(super) struct Retry {
    first: Duration,
    limit: Duration,
    last: Option<Duration>,
}

impl Retry {
    /// The first wait is about `first`, none is much more than `limit`.
    pub(super) fn new(first: Duration, limit: Duration) -> Self {
        Self {
            first,
            limit,
            last: None,
        }
    }

    /// None is much more than `limit` from now on.
    pub(super) fn limit(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// The next wait.
    pub(super) fn next(&mut self, random: &mut Random) -> Duration {
        let base = match self.last {
            None => self.first,
            Some(last) => last.saturating_mul(2),
        }
        .min(self.limit);
        self.last = Some(base);
        random.between(base.mul_f64(0.9), base.mul_f64(1.1))
    }
}
