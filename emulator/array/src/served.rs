//! A target in a thread of its own, for tests and for programs that do something else meanwhile.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::thread::JoinHandle;

use emu_net::reactor::Reactor;
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType};

use crate::config::TargetConfig;
use crate::control;
use crate::error::TargetError;
use crate::fault::Fault;
use crate::server::Target;

/// A running target. Dropping it closes portals and sessions and waits for the thread.
#[derive(Debug)]
pub struct Served {
    portals: Vec<SocketAddr>,
    control: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    /// Binds the portals, then serves in a new thread.
    ///
    /// # Errors
    /// As [`Target::bind`].
    pub fn start(config: TargetConfig) -> Result<Self, TargetError> {
        let mut reactor = Reactor::new()?;
        let mut target = Target::bind(&mut reactor, 0, config)?;
        let portals = target.portals().to_vec();
        let flags = SockFlag::SOCK_CLOEXEC;
        let (ours, theirs) = socket::socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags)
            .map_err(io::Error::from)?;
        target.take_orders(&mut reactor, theirs)?;
        let thread = std::thread::Builder::new()
            .name("iscsi-target".to_owned())
            .spawn(move || {
                if let Err(error) = emu_net::run::run(&mut reactor, &mut [&mut target]) {
                    tracing::error!(%error, "the target's loop ends");
                }
            })?;
        Ok(Self {
            portals,
            control: Some(ours),
            thread: Some(thread),
        })
    }

    /// The portals with their real ports, in the order of the configuration.
    #[must_use]
    pub fn portals(&self) -> &[SocketAddr] {
        &self.portals
    }

    /// The first portal.
    ///
    /// # Panics
    /// Never: a target without a portal does not start.
    #[must_use]
    pub fn portal(&self) -> SocketAddr {
        self.portals[0]
    }

    /// Makes the target go wrong; in force when this returns.
    ///
    /// # Errors
    /// `InvalidInput` if the target refuses, or what the socket answers.
    pub fn fault(&self, fault: &Fault) -> io::Result<()> {
        self.order(&fault.to_string()).map(drop)
    }

    /// Number of sessions in the full feature phase.
    ///
    /// # Errors
    /// As [`Served::fault`].
    pub fn sessions(&self) -> io::Result<usize> {
        self.count("sessions")
    }

    /// Bytes of memory that the data of commands holds.
    ///
    /// # Errors
    /// As [`Served::fault`].
    pub fn memory(&self) -> io::Result<usize> {
        self.count("memory")
    }

    fn count(&self, what: &str) -> io::Result<usize> {
        let status = self.order("status")?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(what)?.strip_prefix(' '));
        line.and_then(|n| n.parse().ok())
            .ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    fn order(&self, text: &str) -> io::Result<String> {
        let fd = self.control.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        control::exchange(fd, text)
    }

    /// Stops the target; sessions end without a goodbye, as in a power loss.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // The other end sees the hang-up and finishes.
        self.control = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end();
    }
}
