//! Deadlines: every wait has one, and it is given by the caller. A part of the time can be kept for cleaning up, and whoever asks
//! for the end early ([`Stop`]) lets every wait end. Owns no clock but `Instant::now`.

use std::time::{Duration, Instant};

use driver_sys::port::{Stop, Until};

/// The instant after which an operation must give up.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    /// When the work itself gives up.
    at: Instant,
    /// When cleaning up is over, too.
    end: Instant,
    stop: Option<&'static Stop>,
}

impl Deadline {
    /// The longest wait that can be asked for (a day); larger requests are cut to it.
    pub const MAX: Duration = Duration::from_secs(24 * 60 * 60);
    /// The most that is kept for cleaning up, and all there is once the end was asked for.
    pub const CLEAN_UP: Duration = Duration::from_secs(2);

    /// A deadline `timeout` from now, at most [`Deadline::MAX`].
    #[must_use]
    pub fn after(timeout: Duration) -> Self {
        let at = Instant::now() + timeout.min(Self::MAX);
        Self {
            at,
            end: at,
            stop: None,
        }
    }

    /// The same end, but a quarter of the time, at most [`Deadline::CLEAN_UP`], is kept for cleaning up.
    #[must_use]
    pub fn with_clean_up(self) -> Self {
        let kept = (self.remaining() / 4).min(Self::CLEAN_UP);
        Self {
            at: self.at.checked_sub(kept).unwrap_or(self.at),
            ..self
        }
    }

    /// The same, ended early when `stop` is asked.
    #[must_use]
    pub fn stopped_by(self, stop: &'static Stop) -> Self {
        Self {
            stop: Some(stop),
            ..self
        }
    }

    /// For cleaning up: what was kept of the time (at most [`Deadline::CLEAN_UP`] once the end was asked for); nothing ends it
    /// early.
    #[must_use]
    pub fn for_clean_up(self) -> Self {
        let end = if self.stopped() {
            self.end.min(Self::after(Self::CLEAN_UP).at)
        } else {
            self.end
        };
        Self {
            at: end,
            end,
            stop: None,
        }
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn stopped(self) -> bool {
        self.stop.is_some_and(Stop::asked)
    }

    /// The time left; zero once it has passed or the end was asked for.
    #[must_use]
    pub fn remaining(self) -> Duration {
        if self.stopped() {
            return Duration::ZERO;
        }
        self.at.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    #[must_use]
    pub fn expired(self) -> bool {
        self.remaining().is_zero()
    }

    /// The earlier of this deadline and `timeout` from now.
    #[must_use]
    pub fn at_most(self, timeout: Duration) -> Self {
        Self {
            at: self.at.min(Self::after(timeout).at),
            ..self
        }
    }

    /// The instant itself.
    #[must_use]
    pub fn instant(self) -> Instant {
        self.at
    }

    /// The same for the sockets below.
    #[must_use]
    pub fn until(self) -> Until {
        Until {
            at: Some(self.at),
            stop: self.stop,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_for_cleaning_up_is_part_of_the_time() {
        let whole = Deadline::after(Duration::from_secs(4));
        let work = whole.with_clean_up();
        assert!(work.remaining() <= Duration::from_secs(3));
        assert_eq!(work.for_clean_up().instant(), whole.instant());
        // Of a long time not more than the most.
        let long = Deadline::after(Duration::from_secs(600));
        let kept = long.instant() - long.with_clean_up().instant();
        assert_eq!(kept, Deadline::CLEAN_UP);
        // A part of the wait does not touch it.
        let part = work.at_most(Duration::from_millis(1));
        assert_eq!(part.for_clean_up().instant(), whole.instant());
    }

    #[test]
    fn once_the_end_is_asked_for_there_is_time_for_cleaning_up_only() {
        let stop: &'static Stop = Box::leak(Box::new(Stop::new().expect("stop")));
        let deadline = Deadline::after(Duration::from_secs(600)).stopped_by(stop);
        assert!(!deadline.expired() && !deadline.stopped());
        stop.ask();
        assert!(deadline.expired() && deadline.stopped());
        let clean_up = deadline.for_clean_up();
        assert!(!clean_up.expired() && clean_up.remaining() <= Deadline::CLEAN_UP);
    }
}
