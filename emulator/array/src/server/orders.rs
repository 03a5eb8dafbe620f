//! The receiving side of the control socket (see [`crate::control`]).
//!
//! Owns how much room and time its clients get, so that none of them keeps others, or initiators, waiting: so many orders a turn, who
//! reads no answers is dropped, and who has been idle longest makes way when there are too many.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::Instant;

use emu_net::accept::{Acceptor, BATCH};
use emu_net::reactor::{Interest, Reactor, Token};
use nix::errno::Errno;
use nix::sys::socket::{self, MsgFlags};

use super::socket::{SocketFile, listen};
use crate::control::MAX_PACKET;

/// Control connections at once: all that one turn may bring, and as many again.
const MAX_CLIENTS: usize = 2 * BATCH;
/// Orders carried out in one turn of the loop.
const ORDERS_A_TURN: usize = 16;

/// Where orders come from.
#[derive(Debug)]
pub(super) struct Orders {
    owner: u32,
    listener: Option<(Acceptor<UnixListener>, SocketFile)>,
    /// Oldest first.
    clients: Vec<Client>,
    /// The socket of the thread's owner; its end is the target's end.
    parent: Option<Token>,
    /// Orders that this turn has left.
    left: usize,
}

#[derive(Debug)]
struct Client {
    fd: OwnedFd,
    token: Token,
    /// It got an answer.
    served: bool,
    /// When it came, or was heard last.
    heard: Instant,
}

/// What a ready control descriptor means.
#[derive(Debug)]
pub(super) enum Order {
    /// A line from the connection of this token.
    Line(Token, String),
    /// The parent is gone.
    Orphaned,
    /// The system has no descriptors left for one more.
    Short,
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
            left: ORDERS_A_TURN,
        }
    }

    /// Listens on a unix socket. What is there already stays, unless it is a dead socket of this user's.
    pub(super) fn listen(&mut self, reactor: &mut Reactor, path: &Path) -> io::Result<()> {
        let (listener, file) = listen(path)?;
        let acceptor = Acceptor::new(reactor, self.owner, listener)?;
        self.listener = Some((acceptor, file));
        Ok(())
    }

    pub(super) fn adopt(&mut self, reactor: &mut Reactor, now: Instant, fd: OwnedFd) -> io::Result<()> {
        self.parent = Some(self.watch(reactor, now, fd)?);
        Ok(())
    }

    fn watch(&mut self, reactor: &mut Reactor, now: Instant, fd: OwnedFd) -> io::Result<Token> {
        let token = reactor.watch(self.owner, &fd, Interest::READ)?;
        self.clients.push(Client {
            fd,
            token,
            served: false,
            heard: now,
        });
        Ok(token)
    }

    /// Takes what is there; `None` if the token is not one of these.
    pub(super) fn ready(&mut self, reactor: &mut Reactor, now: Instant, token: Token) -> Option<Order> {
        if let Some((acceptor, _)) = &mut self.listener
            && acceptor.token() == token
        {
            let streams = acceptor.accept(reactor, now);
            let short = acceptor.poll_timeout().is_some();
            for stream in streams {
                self.take(reactor, now, stream.into());
            }
            return Some(if short { Order::Short } else { Order::Nothing });
        }
        let client = self.clients.iter_mut().find(|client| client.token == token)?;
        // It is told of again in the next turn.
        if self.left == 0 {
            return Some(Order::Nothing);
        }
        let mut packet = vec![0; MAX_PACKET];
        match socket::recv(client.fd.as_raw_fd(), &mut packet, MsgFlags::MSG_DONTWAIT) {
            Ok(0) => {}
            Ok(n) => {
                self.left -= 1;
                client.heard = now;
                let text = String::from_utf8_lossy(packet.get(..n).unwrap_or_default())
                    .trim()
                    .to_owned();
                return Some(Order::Line(token, text));
            }
            Err(Errno::EAGAIN | Errno::EINTR) => return Some(Order::Nothing),
            Err(_) => {}
        }
        self.drop_client(reactor, token);
        Some(if self.parent == Some(token) {
            Order::Orphaned
        } else {
            Order::Nothing
        })
    }

    fn take(&mut self, reactor: &mut Reactor, now: Instant, fd: OwnedFd) {
        if self.clients.len() >= MAX_CLIENTS {
            // Who was served, or says nothing, before who waits for an answer.
            let others = self
                .clients
                .iter()
                .filter(|client| self.parent != Some(client.token));
            let first = others.min_by_key(|client| (client.waits(), client.heard));
            if let Some(token) = first.map(|client| client.token) {
                self.drop_client(reactor, token);
            }
        }
        if let Err(error) = self.watch(reactor, now, fd) {
            tracing::debug!(%error, "a control connection was lost while it was taken");
        }
    }

    /// The system has no descriptors left: clients that wait for nothing give some back, the oldest first.
    pub(super) fn relieve(&mut self, reactor: &mut Reactor, most: usize) {
        for _ in 0..most {
            let others = self
                .clients
                .iter()
                .filter(|client| self.parent != Some(client.token));
            let first = others
                .filter(|client| !client.waits())
                .min_by_key(|client| client.heard);
            let Some(token) = first.map(|client| client.token) else {
                return;
            };
            self.drop_client(reactor, token);
        }
    }

    fn drop_client(&mut self, reactor: &mut Reactor, token: Token) {
        if let Some(at) = self.clients.iter().position(|client| client.token == token) {
            reactor.forget(&self.clients.remove(at).fd);
        }
    }

    pub(super) fn answer(&mut self, reactor: &mut Reactor, token: Token, result: Result<String, String>) {
        let Some(client) = self.clients.iter_mut().find(|client| client.token == token) else {
            return;
        };
        let mut text = match result {
            Ok(text) if text.is_empty() => "ok".to_owned(),
            Ok(text) => format!("ok {text}"),
            Err(text) => format!("error {text}"),
        };
        text.truncate(text.floor_char_boundary(MAX_PACKET));
        client.served = true;
        let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
        // A client that does not take its answers has no use for more of them.
        if socket::send(client.fd.as_raw_fd(), text.as_bytes(), flags).is_err() && self.parent != Some(token)
        {
            self.drop_client(reactor, token);
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.listener.as_ref()?.0.poll_timeout()
    }

    /// A turn is over.
    pub(super) fn due(&mut self, reactor: &mut Reactor, now: Instant) {
        self.left = ORDERS_A_TURN;
        if let Some((acceptor, _)) = &mut self.listener {
            acceptor.handle_timeout(reactor, now);
        }
    }
}

impl Client {
    /// It asked something and has had no answer yet.
    fn waits(&self) -> bool {
        let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
        !self.served && matches!(socket::recv(self.fd.as_raw_fd(), &mut [0; 1], flags), Ok(1..))
    }
}
