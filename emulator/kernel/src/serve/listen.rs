//! A listening socket of the directory.
//!
//! Must not know the packets. Source: unix(7), SOCK_SEQPACKET.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use emu_net::reactor::{Interest, Reactor, Token};
use nix::sys::socket::{self, AddressFamily, Backlog, SockFlag, SockType, UnixAddr};

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
    /// SCSI commands of `H:C:T:L`.
    Sg(String),
}

/// A listening socket.
pub(super) struct Listener {
    // A seqpacket socket; only accept is used of it.
    fd: UnixListener,
    kind: Kind,
    token: Token,
    path: PathBuf,
}

impl Listener {
    /// Listens at `path`; a socket that a dead server left there is replaced.
    pub(super) fn bind(reactor: &mut Reactor, owner: u32, kind: Kind, path: &Path) -> io::Result<Self> {
        Self::adopt(reactor, owner, kind, socket_at(path)?, path)
    }

    /// Takes over a socket that listens already.
    pub(super) fn adopt(
        reactor: &mut Reactor,
        owner: u32,
        kind: Kind,
        fd: UnixListener,
        path: &Path,
    ) -> io::Result<Self> {
        let token = reactor.watch(owner, &fd, Interest::READ)?;
        Ok(Self {
            fd,
            kind,
            token,
            path: path.to_owned(),
        })
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.kind
    }

    pub(super) fn token(&self) -> Token {
        self.token
    }

    /// The next connection, if one waits.
    pub(super) fn accept(&self) -> Option<OwnedFd> {
        self.fd.accept().ok().map(|(stream, _)| OwnedFd::from(stream))
    }

    pub(super) fn unlink(&self) {
        // Somebody else may have removed it; there is nothing more to do then.
        let _ = std::fs::remove_file(&self.path);
    }

    pub(super) fn close(self, reactor: &mut Reactor) {
        reactor.forget(&self.fd);
        self.unlink();
    }
}

/// A listening seqpacket socket; connections queue until somebody accepts them.
pub(crate) fn socket_at(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let fd = socket::socket(AddressFamily::Unix, SockType::SeqPacket, flags, None)?;
    let address = UnixAddr::new(path).map_err(|errno| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("the path is too long for a unix socket ({errno})"),
        )
    })?;
    socket::bind(fd.as_raw_fd(), &address)?;
    socket::listen(&fd, Backlog::new(128).unwrap_or(Backlog::MAXCONN))?;
    Ok(UnixListener::from(fd))
}
