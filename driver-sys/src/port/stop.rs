//! Until when something is waited for: an instant, or that somebody asks for the end.
//!
//! Owns [`Stop`], which a signal handler's thread or a supervisor pulls once, and [`Until`], which every wait of this crate
//! takes. Must not know who asks, nor why. Source: eventfd(2).

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::eventfd::{EfdFlags, EventFd};

/// How much longer an answer may take that was under way when the end was asked for.
pub const GRACE: Duration = Duration::from_millis(500);

/// Ends waits. Once asked it stays asked. Whoever makes one keeps it as long as the process, since waits borrow it.
#[derive(Debug)]
pub struct Stop {
    asked: AtomicBool,
    event: EventFd,
}

impl Stop {
    /// One that nobody has asked yet.
    ///
    /// # Errors
    /// The system has no descriptor for it.
    pub fn new() -> Result<Self, Errno> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        Ok(Self {
            asked: AtomicBool::new(false),
            event: EventFd::from_value_and_flags(0, flags)?,
        })
    }

    /// Asks for the end. `false` when it was asked for before.
    pub fn ask(&self) -> bool {
        let first = !self.asked.swap(true, Ordering::SeqCst);
        // A counter that is full wakes whoever waits, too.
        let _ = self.event.write(1);
        first
    }

    /// Whether the end was asked for.
    #[must_use]
    pub fn asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }
}

impl AsFd for Stop {
    /// Readable from the moment that the end is asked for.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}

/// When a wait ends without what it waits for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Until {
    /// The instant; `None` is never.
    pub at: Option<Instant>,
    /// What ends it early.
    pub stop: Option<&'static Stop>,
}

impl Until {
    /// `limit` from now.
    #[must_use]
    pub fn after(limit: Duration) -> Self {
        Self::from(Instant::now().checked_add(limit))
    }

    /// Whether it has come.
    #[must_use]
    pub fn over(&self) -> bool {
        self.at.is_some_and(|at| Instant::now() >= at) || self.stop.is_some_and(Stop::asked)
    }

    /// The time left, as far as the instant tells; `None` without one.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        self.at.map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// The same, at the latest `limit` from now.
    #[must_use]
    pub fn at_most(self, limit: Duration) -> Self {
        let latest = Instant::now().checked_add(limit);
        Self {
            at: match (self.at, latest) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
            ..self
        }
    }
}

impl From<Instant> for Until {
    fn from(at: Instant) -> Self {
        Self {
            at: Some(at),
            stop: None,
        }
    }
}

impl From<Option<Instant>> for Until {
    fn from(at: Option<Instant>) -> Self {
        Self { at, stop: None }
    }
}
