//! What a message waits for whose sender a kernel puts to sleep: a helper that listens, the end of a poll, a connect that must end first.
//!
//! Meanwhile no other message is looked at, path updates neither: a kernel holds `rx_queue_mutex` over all of it. Source:
//! `bnx2i_iscsi.c`, `cnic.c` (the sleeps are named at each wait), `scsi_transport_iscsi.c` (`iscsi_if_rx`).

use std::time::{Duration, Instant};

use driver_sys::netlink::Return;
use nix::errno::Errno;

use super::Bnx2i;
use crate::transport::{Class, Progress};

/// A second has so many jiffies (`CONFIG_HZ` of the distributions' kernels).
const HZ: u64 = 250;

/// What a message waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// A path request is sent again: nobody listened.
    Listener {
        /// The endpoint that asks.
        ep: u64,
        /// How often it was sent.
        sent: u32,
        /// When it is sent next, or given up.
        at: Instant,
    },
    /// A poll lasts.
    Poll {
        /// Of which endpoint.
        ep: u64,
        /// Until then.
        until: Instant,
    },
    /// A disconnect waits for the connect.
    Connecting {
        /// Of which endpoint.
        ep: u64,
        /// When it looks again.
        at: Instant,
        /// When it waits no longer.
        until: Instant,
    },
}

impl Wait {
    /// When it has to be looked at.
    pub(super) fn deadline(self) -> Instant {
        match self {
            Self::Listener { at, .. } | Self::Connecting { at, .. } => at,
            Self::Poll { until, .. } => until,
        }
    }
}

/// Milliseconds as a kernel counts them: whole jiffies, rounded up (`msecs_to_jiffies`).
pub(super) const fn jiffies(ms: u64) -> Duration {
    Duration::from_millis((ms * HZ).div_ceil(1000) * 1000 / HZ)
}

impl Bnx2i {
    /// Keeps what a message waits for.
    pub(super) fn wait_for<T>(&mut self, wait: Wait) -> Progress<T> {
        self.wait = Some(wait);
        Progress::Waits
    }

    /// What became of the message that waits.
    pub(super) fn advance_wait(&mut self, class: &mut Class) -> Option<Result<Return, Errno>> {
        let wait = self.wait.take()?;
        match wait {
            Wait::Listener { ep, sent, at } => said(self.ask_again(class, ep, sent, at), |handle| {
                Return::Endpoint { handle }
            }),
            Wait::Poll { ep, until } => said(self.poll_until(ep, until), Return::Code),
            Wait::Connecting { ep, at, until } => {
                said(self.disconnect_when(class, ep, at, until), |()| Return::None)
            }
        }
    }
}

fn said<T>(progress: Progress<T>, say: impl FnOnce(T) -> Return) -> Option<Result<Return, Errno>> {
    match progress {
        Progress::Done(result) => Some(result.map(say)),
        Progress::Waits => None,
    }
}
