//! Waiting for a descriptor that somebody else reads and writes.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::task::{Context, Poll, Waker};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A descriptor of our own to the same file.
#[derive(Debug)]
pub(super) struct Ready(AsyncFd<OwnedFd>);

impl Ready {
    /// Needs a runtime.
    pub(super) fn new(fd: BorrowedFd<'_>, interest: Interest) -> io::Result<Self> {
        let fd = fd.try_clone_to_owned()?;
        // What it is deprecated for is a type whose descriptor may change.
        #[allow(deprecated, reason = "an `OwnedFd` keeps its descriptor open and the same")]
        AsyncFd::with_interest(fd, interest).map(Self)
    }

    /// Whether it can be read, or whoever asks is woken when it can.
    pub(super) fn poll_readable(&self, context: &mut Context<'_>) -> bool {
        self.0.poll_read_ready(context).is_ready()
    }

    /// Comes back when it can be read.
    pub(super) async fn readable(&self) -> io::Result<()> {
        self.0.readable().await?.retain_ready();
        Ok(())
    }

    /// Comes back when it can be written.
    pub(super) async fn writable(&self) -> io::Result<()> {
        self.0.writable().await?.retain_ready();
        Ok(())
    }

    /// It was found not to be ready: the next edge is waited for. Edges come in between turns only, so that none is lost.
    pub(super) fn clear(&self, interest: Interest) {
        let mut nobody = Context::from_waker(Waker::noop());
        let guard = if interest.is_readable() {
            self.0.poll_read_ready(&mut nobody)
        } else {
            self.0.poll_write_ready(&mut nobody)
        };
        if let Poll::Ready(Ok(mut guard)) = guard {
            guard.clear_ready();
        }
    }
}
