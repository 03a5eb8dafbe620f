//! SIGINT and SIGTERM as a descriptor on the loop.
//!
//! Owns the signal mask of the calling thread. Source: signalfd(2).

use std::io;
use std::time::Instant;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use crate::reactor::{Interest, Reactor, Ready};
use crate::run::Actor;

/// An actor that finishes the loop when the process is asked to end.
#[derive(Debug)]
pub struct StopSignal {
    fd: SignalFd,
    caught: Option<Signal>,
}

impl StopSignal {
    /// Blocks SIGINT and SIGTERM for this thread and watches for them as actor `owner`. Call before starting threads.
    ///
    /// # Errors
    /// Whatever `pthread_sigmask`, `signalfd` or the reactor answer.
    pub fn new(reactor: &mut Reactor, owner: u32) -> io::Result<Self> {
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGINT);
        mask.add(Signal::SIGTERM);
        mask.thread_block()?;
        let fd = SignalFd::with_flags(&mask, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        reactor.watch(owner, &fd, Interest::READ)?;
        Ok(Self { fd, caught: None })
    }

    /// The signal that arrived, if one did.
    #[must_use]
    pub const fn caught(&self) -> Option<Signal> {
        self.caught
    }
}

impl Actor for StopSignal {
    fn ready(&mut self, _: &mut Reactor, _: Instant, _: Ready) {
        while let Ok(Some(info)) = self.fd.read_signal() {
            self.caught = Signal::try_from(info.ssi_signo as i32).ok();
        }
    }

    fn deadline(&self) -> Option<Instant> {
        None
    }

    fn tick(&mut self, _: &mut Reactor, _: Instant) {}

    fn finished(&self) -> bool {
        self.caught.is_some()
    }
}
