//! The receiving side of the control socket (see [`crate::control`]).

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use emu_net::reactor::{Interest, Reactor, Token};
use nix::errno::Errno;
use nix::sys::socket::{self, AddressFamily, Backlog, MsgFlags, SockFlag, SockType, UnixAddr};

use crate::control::MAX_PACKET;

/// Control connections at once.
const MAX_CLIENTS: usize = 32;

/// Where orders come from.
#[derive(Debug)]
pub(super) struct Orders {
    owner: u32,
    listener: Option<(UnixListener, Token, PathBuf)>,
    clients: Vec<(OwnedFd, Token)>,
    /// The socket of the thread's owner; its end is the target's end.
    parent: Option<Token>,
}

/// What a ready control descriptor means.
#[derive(Debug)]
pub(super) enum Order {
    /// A line from the connection of this token.
    Line(Token, String),
    /// The parent is gone.
    Orphaned,
    /// Nothing to do.
    Nothing,
}

impl Orders {
    pub(super) fn new(owner: u32) -> Self {
        Self {
            owner,
            listener: None,
            clients: Vec::new(),
            parent: None,
        }
    }

    /// Listens on a unix socket. A stale socket file is replaced, one that answers is not.
    pub(super) fn listen(&mut self, reactor: &mut Reactor, path: &Path) -> io::Result<()> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let open = || socket::socket(AddressFamily::Unix, SockType::SeqPacket, flags, None);
        let address = UnixAddr::new(path)?;
        let probe = open()?;
        match socket::connect(probe.as_raw_fd(), &address) {
            Err(Errno::ENOENT) => {}
            Err(Errno::ECONNREFUSED) => std::fs::remove_file(path)?,
            Ok(()) | Err(Errno::EAGAIN) => return Err(io::ErrorKind::AddrInUse.into()),
            Err(errno) => return Err(errno.into()),
        }
        let fd = open()?;
        socket::bind(fd.as_raw_fd(), &address)?;
        socket::listen(&fd, Backlog::new(8)?)?;
        // The standard library's listener accepts from any unix socket, this packet-preserving one included.
        let listener = UnixListener::from(fd);
        let token = reactor.watch(self.owner, &listener, Interest::READ)?;
        self.listener = Some((listener, token, path.to_owned()));
        Ok(())
    }

    pub(super) fn adopt(&mut self, reactor: &mut Reactor, fd: OwnedFd) -> io::Result<()> {
        let token = reactor.watch(self.owner, &fd, Interest::READ)?;
        self.clients.push((fd, token));
        self.parent = Some(token);
        Ok(())
    }

    /// Takes what is there; `None` if the token is not one of these.
    pub(super) fn ready(&mut self, reactor: &mut Reactor, token: Token) -> Option<Order> {
        if let Some((fd, listening, _)) = &self.listener
            && *listening == token
        {
            if let Ok((stream, _)) = fd.accept() {
                self.take(reactor, stream.into());
            }
            return Some(Order::Nothing);
        }
        let at = self.clients.iter().position(|(_, t)| *t == token)?;
        let (fd, _) = self.clients.get(at)?;
        let mut packet = vec![0; MAX_PACKET];
        match socket::recv(fd.as_raw_fd(), &mut packet, MsgFlags::MSG_DONTWAIT) {
            Ok(0) => {}
            Ok(n) => {
                let text = String::from_utf8_lossy(packet.get(..n).unwrap_or_default())
                    .trim()
                    .to_owned();
                return Some(Order::Line(token, text));
            }
            Err(Errno::EAGAIN | Errno::EINTR) => return Some(Order::Nothing),
            Err(_) => {}
        }
        let (fd, _) = self.clients.swap_remove(at);
        reactor.forget(&fd);
        Some(if self.parent == Some(token) {
            Order::Orphaned
        } else {
            Order::Nothing
        })
    }

    fn take(&mut self, reactor: &mut Reactor, fd: OwnedFd) {
        if self.clients.len() < MAX_CLIENTS
            && let Ok(token) = reactor.watch(self.owner, &fd, Interest::READ)
        {
            self.clients.push((fd, token));
        }
    }

    pub(super) fn answer(&self, token: Token, result: Result<String, String>) {
        let Some((fd, _)) = self.clients.iter().find(|(_, t)| *t == token) else {
            return;
        };
        let mut text = match result {
            Ok(text) if text.is_empty() => "ok".to_owned(),
            Ok(text) => format!("ok {text}"),
            Err(text) => format!("error {text}"),
        };
        text.truncate(text.floor_char_boundary(MAX_PACKET));
        // A client that does not wait for its answer does not get one.
        let _ = socket::send(
            fd.as_raw_fd(),
            text.as_bytes(),
            MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT,
        );
    }
}

impl Drop for Orders {
    fn drop(&mut self) {
        if let Some((_, _, path)) = &self.listener {
            let _ = std::fs::remove_file(path);
        }
    }
}
