//! The readiness loop: descriptors in, ready tokens out.
//!
//! Owns the epoll descriptor and the hand-out of tokens. It must not know who the descriptors belong to beyond the owner
//! number a token carries. Source: epoll(7), level-triggered.

use std::io;
use std::os::fd::AsFd;
use std::time::Instant;

use crate::link::FIRST_STAGE;
use iscsi::pool::{Memory, Pool};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

/// Names one registered descriptor: which actor owns it and which of its descriptors it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Token(u64);

impl Token {
    /// The number of the actor that registered the descriptor (see [`crate::run::run`]).
    #[must_use]
    pub const fn owner(self) -> u32 {
        (self.0 >> 40) as u32
    }
}

/// What an owner wants to hear about a descriptor. Hang-ups and errors are always reported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Interest {
    /// Bytes (or a connection) can be taken in.
    pub read: bool,
    /// Bytes can be given out.
    pub write: bool,
}

impl Interest {
    /// Only incoming bytes.
    pub const READ: Self = Self {
        read: true,
        write: false,
    };
    /// Only room for outgoing bytes (a connect in progress, for example).
    pub const WRITE: Self = Self {
        read: false,
        write: true,
    };
    /// Both directions.
    pub const BOTH: Self = Self {
        read: true,
        write: true,
    };
    /// Only hang-up and error.
    pub const NONE: Self = Self {
        read: false,
        write: false,
    };

    fn flags(self) -> EpollFlags {
        let mut flags = EpollFlags::empty();
        flags.set(EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP, self.read);
        flags.set(EpollFlags::EPOLLOUT, self.write);
        flags
    }
}

/// One ready descriptor.
#[derive(Clone, Copy, Debug)]
pub struct Ready {
    /// Which one.
    pub token: Token,
    /// Reading will not block (data, end of stream, or an error to collect).
    pub readable: bool,
    /// Writing will not block (or an error is to be collected).
    pub writable: bool,
    /// The peer is gone or the descriptor has an error.
    pub hangup: bool,
}

/// The epoll loop.
#[derive(Debug)]
pub struct Reactor {
    epoll: Epoll,
    next: u64,
    events: Vec<EpollEvent>,
    /// Where links take bytes in before they are sorted; all links share it, one is served at a time.
    stage: Option<Memory>,
}

impl Reactor {
    /// Opens the loop.
    ///
    /// # Errors
    /// Whatever `epoll_create1` answers (`EMFILE`, `ENFILE`, `ENOMEM`).
    pub fn new() -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        Ok(Self {
            epoll,
            next: 0,
            events: vec![EpollEvent::empty(); BATCH],
            stage: None,
        })
    }

    /// The shared staging memory, to be given back with [`Reactor::give_stage`].
    pub(crate) fn take_stage(&mut self) -> Memory {
        self.stage
            .take()
            .unwrap_or_else(|| Pool::default().take(FIRST_STAGE))
    }

    pub(crate) fn give_stage(&mut self, stage: Memory) {
        self.stage = Some(stage);
    }

    /// Watches `fd` for `owner`. The descriptor must stay open until [`Reactor::forget`].
    ///
    /// # Errors
    /// Whatever `epoll_ctl` answers (`EEXIST`, `ENOSPC`, `EPERM` for plain files).
    pub fn watch(&mut self, owner: u32, fd: impl AsFd, interest: Interest) -> io::Result<Token> {
        self.next += 1;
        let token = Token((u64::from(owner) << 40) | (self.next & LOCAL_MASK));
        self.epoll.add(fd, EpollEvent::new(interest.flags(), token.0))?;
        Ok(token)
    }

    /// Changes what is reported for `fd`, which `token` names.
    ///
    /// # Errors
    /// Whatever `epoll_ctl` answers (`ENOENT` when it is not watched).
    pub fn change(&mut self, token: Token, fd: impl AsFd, interest: Interest) -> io::Result<()> {
        let mut event = EpollEvent::new(interest.flags(), token.0);
        Ok(self.epoll.modify(fd, &mut event)?)
    }

    /// Stops watching `fd`. Events already collected may still be delivered: owners ignore tokens they do not know.
    pub fn forget(&mut self, fd: impl AsFd) {
        // A descriptor that is already gone is as forgotten as it can be.
        let _ = self.epoll.delete(fd);
    }

    /// Waits until something is ready or `deadline` has come; fills `out` (cleared first).
    ///
    /// # Errors
    /// Whatever `epoll_wait` answers, except an interrupted wait, which returns with nothing ready.
    pub fn wait(&mut self, deadline: Option<Instant>, out: &mut Vec<Ready>) -> io::Result<()> {
        out.clear();
        let timeout = match deadline {
            None => EpollTimeout::NONE,
            Some(at) => {
                let left = at.saturating_duration_since(Instant::now());
                // Round up: waking a millisecond early would spin until the deadline.
                let millis = left.as_nanos().div_ceil(1_000_000).min(MAX_WAIT_MS);
                EpollTimeout::try_from(millis as i32).unwrap_or(EpollTimeout::ZERO)
            }
        };
        let count = match self.epoll.wait(&mut self.events, timeout) {
            Ok(count) => count,
            Err(nix::errno::Errno::EINTR) => 0,
            Err(errno) => return Err(errno.into()),
        };
        out.extend(self.events.iter().take(count).map(|event| {
            let flags = event.events();
            let broken = flags.intersects(EpollFlags::EPOLLERR | EpollFlags::EPOLLHUP);
            Ready {
                token: Token(event.data()),
                readable: broken || flags.intersects(EpollFlags::EPOLLIN | EpollFlags::EPOLLRDHUP),
                writable: broken || flags.contains(EpollFlags::EPOLLOUT),
                hangup: broken,
            }
        }));
        Ok(())
    }
}

const BATCH: usize = 128;
const LOCAL_MASK: u64 = (1 << 40) - 1;
/// A wait is cut at one hour; the loop simply waits again.
const MAX_WAIT_MS: u128 = 3_600_000;

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_written_socket_is_reported_to_its_owner() {
        let mut reactor = Reactor::new().unwrap();
        let (mut near, far) = UnixStream::pair().unwrap();
        let token = reactor.watch(7, &far, Interest::READ).unwrap();
        near.write_all(b"x").unwrap();
        let mut ready = Vec::new();
        reactor
            .wait(Some(Instant::now() + Duration::from_secs(5)), &mut ready)
            .unwrap();
        assert_eq!(ready.len(), 1);
        assert_eq!((ready[0].token, ready[0].token.owner()), (token, 7));
        assert!(ready[0].readable && !ready[0].hangup);
    }

    #[test]
    fn a_forgotten_socket_is_silent_and_the_deadline_ends_the_wait() {
        let mut reactor = Reactor::new().unwrap();
        let (mut near, far) = UnixStream::pair().unwrap();
        reactor.watch(1, &far, Interest::READ).unwrap();
        near.write_all(b"x").unwrap();
        reactor.forget(&far);
        let mut ready = Vec::new();
        reactor.wait(Some(Instant::now()), &mut ready).unwrap();
        assert!(ready.is_empty());
    }
}
