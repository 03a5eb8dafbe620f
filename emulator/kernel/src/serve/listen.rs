//! A listening socket of the directory.
//!
//! Must not know the packets. Source: unix(7), SOCK_SEQPACKET.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Instant;

use emu_net::accept::Acceptor;
use emu_net::reactor::{Reactor, Token};

/// What a socket is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// iSCSI netlink.
    Netlink,
    /// Attribute writes.
    Store,
    /// Kobject uevents.
    Uevent,
    /// Fault injection.
    Control,
    /// Vendor commands of a host.
    Bsg(u32),
    /// The L2 ring of a host.
    L2(u32),
    /// SCSI commands of `H:C:T:L`.
    Sg(String),
}

/// A listening socket.
pub(super) struct Listener {
    acceptor: Acceptor<UnixListener>,
    kind: Kind,
    path: PathBuf,
}

impl Listener {
    /// Takes over a socket that listens already.
    pub(super) fn adopt(
        reactor: &mut Reactor,
        owner: u32,
        kind: Kind,
        socket: UnixListener,
        path: &Path,
    ) -> io::Result<Self> {
        Ok(Self {
            acceptor: Acceptor::new(reactor, owner, socket)?,
            kind,
            path: path.to_owned(),
        })
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.kind
    }

    pub(super) fn token(&self) -> Token {
        self.acceptor.token()
    }

    /// Connections that wait, a bounded number of them.
    pub(super) fn accept(&mut self, reactor: &mut Reactor, now: Instant) -> Vec<OwnedFd> {
        let taken = self.acceptor.accept(reactor, now);
        taken.into_iter().map(OwnedFd::from).collect()
    }

    /// When [`Listener::handle_timeout`] is wanted.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.acceptor.poll_timeout()
    }

    /// Accepts again after a rest.
    pub(super) fn handle_timeout(&mut self, reactor: &mut Reactor, now: Instant) {
        self.acceptor.handle_timeout(reactor, now);
    }

    pub(super) fn unlink(&self) {
        // Somebody else may have removed it; there is nothing more to do then.
        let _ = std::fs::remove_file(&self.path);
    }

    pub(super) fn close(self, reactor: &mut Reactor) {
        self.unlink();
        self.acceptor.close(reactor);
    }
}
