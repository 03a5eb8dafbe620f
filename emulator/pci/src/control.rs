//! The control socket: faults on purpose, one command line a packet, one answer a packet (`ok` or `error TEXT`).
//!
//! Owns the socket and its clients; what a word does stands in [`crate::order`]. Source: unix(7), SOCK_SEQPACKET.

use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::time::Instant;

use emu_net::reactor::{Interest, Reactor, Token};
use nix::sys::socket::{self, MsgFlags, SockType};

use crate::error::PciError;
use crate::listen::Listener;

/// Longest packet.
const MAX_PACKET: usize = 4096;
/// Most clients at once.
const MAX_CLIENTS: usize = 16;

/// The control socket.
#[derive(Debug)]
pub(crate) struct Control {
    listener: Listener,
    clients: BTreeMap<Token, OwnedFd>,
}

impl Control {
    pub(crate) fn bind(reactor: &mut Reactor, owner: u32, path: &Path) -> Result<Self, PciError> {
        Ok(Self {
            listener: Listener::bind(reactor, owner, path, SockType::SeqPacket)?,
            clients: BTreeMap::new(),
        })
    }

    /// When [`Control::handle_timeout`] is wanted.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.listener.poll_timeout()
    }

    pub(crate) fn handle_timeout(&mut self, reactor: &mut Reactor, now: Instant) {
        self.listener.handle_timeout(reactor, now);
    }

    /// Something is ready: a command line and whom to answer, if one came.
    pub(crate) fn ready(
        &mut self,
        reactor: &mut Reactor,
        now: Instant,
        owner: u32,
        token: Token,
    ) -> Option<String> {
        if token == self.listener.token() {
            for stream in self.listener.accept(reactor, now) {
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
