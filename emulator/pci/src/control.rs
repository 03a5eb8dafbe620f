//! The control socket: faults on purpose, one command line a packet, one answer a packet (`ok` or `error TEXT`).
//!
//! Owns the socket and its clients; what a word does stands in [`crate::order`]. Source: unix(7), SOCK_SEQPACKET.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use emu_net::reactor::{Interest, Reactor, Token};
use nix::sys::socket::{self, AddressFamily, Backlog, MsgFlags, SockFlag, SockType, UnixAddr};

use crate::error::PciError;

/// Longest packet.
const MAX_PACKET: usize = 4096;
/// Most clients at once.
const MAX_CLIENTS: usize = 16;

/// The control socket.
#[derive(Debug)]
pub(crate) struct Control {
    // A seqpacket socket; only accept is used of it.
    listener: UnixListener,
    token: Token,
    path: PathBuf,
    clients: BTreeMap<Token, OwnedFd>,
}

impl Control {
    pub(crate) fn bind(reactor: &mut Reactor, owner: u32, path: &Path) -> Result<Self, PciError> {
        let mut open = || -> io::Result<(UnixListener, Token)> {
            let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
            let fd = socket::socket(AddressFamily::Unix, SockType::SeqPacket, flags, None)?;
            let address = UnixAddr::new(path)?;
            let probe = socket::socket(AddressFamily::Unix, SockType::SeqPacket, flags, None)?;
            match socket::connect(probe.as_raw_fd(), &address) {
                Ok(()) => return Err(io::ErrorKind::AddrInUse.into()),
                // Nobody serves it any more.
                Err(nix::errno::Errno::ECONNREFUSED) => std::fs::remove_file(path)?,
                Err(_) => {}
            }
            socket::bind(fd.as_raw_fd(), &address)?;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
            socket::listen(&fd, Backlog::new(16).unwrap_or(Backlog::MAXCONN))?;
            let listener = UnixListener::from(fd);
            let token = reactor.watch(owner, &listener, Interest::READ)?;
            Ok((listener, token))
        };
        let (listener, token) = open().map_err(|source| PciError::Io {
            what: "listen on",
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            listener,
            token,
            path: path.to_owned(),
            clients: BTreeMap::new(),
        })
    }

    /// Something is ready: a command line and whom to answer, if one came.
    pub(crate) fn ready(&mut self, reactor: &mut Reactor, owner: u32, token: Token) -> Option<String> {
        if token == self.token {
            while let Ok((stream, _)) = self.listener.accept() {
                let fd = OwnedFd::from(stream);
                if self.clients.len() < MAX_CLIENTS
                    && let Ok(token) = reactor.watch(owner, &fd, Interest::READ)
                {
                    self.clients.insert(token, fd);
                }
            }
            return None;
        }
        let fd = self.clients.get(&token)?;
        let mut packet = [0; MAX_PACKET];
        match socket::recv(fd.as_raw_fd(), &mut packet, MsgFlags::MSG_DONTWAIT) {
            Ok(n) if n > 0 => Some(String::from_utf8_lossy(packet.get(..n).unwrap_or_default()).into_owned()),
            Err(nix::errno::Errno::EAGAIN) => None,
            _ => {
                self.close(reactor, token);
                None
            }
        }
    }

    /// Answers a client; one that does not take its answer is closed.
    pub(crate) fn answer(&mut self, reactor: &mut Reactor, token: Token, text: &str) {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        let sent = self
            .clients
            .get(&token)
            .map(|fd| socket::send(fd.as_raw_fd(), text.as_bytes(), flags));
        if !matches!(sent, Some(Ok(_))) {
            self.close(reactor, token);
        }
    }

    fn close(&mut self, reactor: &mut Reactor, token: Token) {
        if let Some(fd) = self.clients.remove(&token) {
            reactor.forget(&fd);
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Whoever connects now shall hear that nobody serves.
        let _ = std::fs::remove_file(&self.path);
    }
}
