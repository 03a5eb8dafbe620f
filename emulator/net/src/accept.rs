//! Taking connections in: bounded in a turn, calm when the system has no descriptors left.
//!
//! Owns a listening socket, its place on the reactor, and when it rests. It must not know what a connection is for.
//! Source: accept(2), epoll(7): readiness is level-triggered, so a connection that cannot be taken is reported for ever.
//!
//! How an owner uses it (any number of them, TCP and unix, SOCK_SEQPACKET included):
//!
//! - [`Acceptor::new`] with the bound socket; [`Acceptor::token`] tells its readiness from others';
//! - [`Acceptor::accept`] when that token is ready: at most [`BATCH`] connections, the rest is reported again in the next turn;
//! - [`Acceptor::poll_timeout`] belongs into `Actor::deadline`, [`Acceptor::handle_timeout`] into `Actor::tick`;
//! - [`Acceptor::close`] at the end. Unlinking a path is the owner's matter.
//!
//! On EMFILE, ENFILE, ENOBUFS, ENOMEM (and on whatever else does not pass by itself) the socket is not watched for [`REST`],
//! then tried again: callers wait in the backlog meanwhile, and the loop sleeps. An episode is logged once when it begins and once
//! when the backlog is empty again.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::{Duration, Instant};

use nix::errno::Errno;

use crate::reactor::{Interest, Reactor, Token};

/// Connections taken in one turn.
pub const BATCH: usize = 64;
/// How long a listener rests after an error that waiting may cure.
pub const REST: Duration = Duration::from_millis(100);

/// A socket that connections are taken from.
pub trait Listen: AsFd {
    /// A connection.
    type Stream;

    /// The next connection, without waiting.
    ///
    /// # Errors
    /// What accept(2) answers; `WouldBlock` when nobody waits.
    fn accept_one(&self) -> io::Result<Self::Stream>;

    /// Makes [`Listen::accept_one`] return at once.
    ///
    /// # Errors
    /// What fcntl(2) answers.
    fn never_wait(&self) -> io::Result<()>;
}

impl Listen for TcpListener {
    type Stream = TcpStream;

    fn accept_one(&self) -> io::Result<TcpStream> {
        self.accept().map(|(stream, _)| stream)
    }

    fn never_wait(&self) -> io::Result<()> {
        self.set_nonblocking(true)
    }
}

/// The standard library's listener accepts from any unix socket, packet-preserving ones included.
impl Listen for UnixListener {
    type Stream = UnixStream;

    fn accept_one(&self) -> io::Result<UnixStream> {
        self.accept().map(|(stream, _)| stream)
    }

    fn never_wait(&self) -> io::Result<()> {
        self.set_nonblocking(true)
    }
}

/// A listening socket on the reactor.
#[derive(Debug)]
pub struct Acceptor<L> {
    socket: L,
    token: Token,
    /// Not watched until then.
    resting: Option<Instant>,
    /// Connections could not be taken, and the backlog has not been empty since.
    short: bool,
}

impl<L: Listen> Acceptor<L> {
    /// Watches a listening socket for `owner`.
    ///
    /// # Errors
    /// As [`Reactor::watch`].
    pub fn new(reactor: &mut Reactor, owner: u32, socket: L) -> io::Result<Self> {
        socket.never_wait()?;
        let token = reactor.watch(owner, &socket, Interest::READ)?;
        Ok(Self {
            socket,
            token,
            resting: None,
            short: false,
        })
    }

    /// The token its readiness is reported under.
    #[must_use]
    pub const fn token(&self) -> Token {
        self.token
    }

    /// The socket itself, for its address.
    #[must_use]
    pub const fn socket(&self) -> &L {
        &self.socket
    }

    /// The connections that wait, [`BATCH`] at most. What goes wrong is logged and cured by a rest.
    pub fn accept(&mut self, reactor: &mut Reactor, now: Instant) -> Vec<L::Stream> {
        let mut taken = Vec::new();
        let mut passing = None;
        if self.resting.is_some() {
            return taken;
        }
        for _ in 0..BATCH {
            match self.socket.accept_one() {
                Ok(stream) => taken.push(stream),
                Err(error) => match kind(&error) {
                    Kind::Empty => {
                        if std::mem::take(&mut self.short) {
                            tracing::info!("connections are accepted again");
                        }
                        return taken;
                    }
                    Kind::Passing => passing = Some(error),
                    Kind::Lasting => {
                        self.rest(reactor, now, &error);
                        return taken;
                    }
                },
            }
        }
        // What passes does not come so often in a row.
        if let Some(error) = passing.filter(|_| taken.is_empty()) {
            self.rest(reactor, now, &error);
        }
        taken
    }

    /// When [`Acceptor::handle_timeout`] is wanted.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<Instant> {
        self.resting
    }

    /// Watches again when the rest is over.
    pub fn handle_timeout(&mut self, reactor: &mut Reactor, now: Instant) {
        if self.resting.is_none_or(|at| at > now) {
            return;
        }
        match reactor.change(self.token, &self.socket, Interest::READ) {
            Ok(()) => self.resting = None,
            Err(error) => {
                tracing::debug!(%error, "a listening socket cannot be watched just now");
                self.resting = Some(now + REST);
            }
        }
    }

    /// Takes the socket off the loop and closes it.
    pub fn close(self, reactor: &mut Reactor) {
        reactor.forget(&self.socket);
    }

    fn rest(&mut self, reactor: &mut Reactor, now: Instant, error: &io::Error) {
        if !std::mem::replace(&mut self.short, true) {
            tracing::warn!(%error, "connections cannot be accepted just now; they wait");
        }
        match reactor.change(self.token, &self.socket, Interest::NONE) {
            Ok(()) => self.resting = Some(now + REST),
            Err(error) => tracing::error!(%error, "a listening socket cannot be left alone"),
        }
    }
}

enum Kind {
    /// Nobody waits.
    Empty,
    /// It concerns this one connection: the next may be well.
    Passing,
    /// The next one would fail, too.
    Lasting,
}

/// What an error of accept(2) means. Linux hands network errors of the new connection over there.
fn kind(error: &io::Error) -> Kind {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EAGAIN) => Kind::Empty,
        Some(
            Errno::EINTR
            | Errno::ECONNABORTED
            | Errno::EPROTO
            | Errno::ENETDOWN
            | Errno::ENETUNREACH
            | Errno::ENOPROTOOPT
            | Errno::EHOSTDOWN
            | Errno::EHOSTUNREACH
            | Errno::ENONET
            | Errno::EOPNOTSUPP,
        ) => Kind::Passing,
        None if error.kind() == io::ErrorKind::WouldBlock => Kind::Empty,
        _ => Kind::Lasting,
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::VecDeque;
    use std::os::fd::BorrowedFd;

    use super::*;

    /// A listener whose answers are given, over a descriptor that is always ready.
    struct Scripted {
        ready: UnixStream,
        answers: RefCell<VecDeque<Result<u32, Errno>>>,
    }

    impl AsFd for Scripted {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.ready.as_fd()
        }
    }

    impl Listen for Scripted {
        type Stream = u32;

        fn accept_one(&self) -> io::Result<u32> {
            let next = self.answers.borrow_mut().pop_front();
            next.unwrap_or(Err(Errno::EAGAIN)).map_err(Into::into)
        }

        fn never_wait(&self) -> io::Result<()> {
            self.ready.set_nonblocking(true)
        }
    }

    /// The acceptor, the far end that keeps it ready, and the loop.
    fn acceptor(answers: Vec<Result<u32, Errno>>) -> (Reactor, Acceptor<Scripted>, UnixStream) {
        use std::io::Write as _;
        let mut reactor = Reactor::new().unwrap();
        let (ready, mut far) = UnixStream::pair().unwrap();
        far.write_all(b"x").unwrap();
        let answers = RefCell::new(answers.into());
        let acceptor = Acceptor::new(&mut reactor, 3, Scripted { ready, answers }).unwrap();
        (reactor, acceptor, far)
    }

    fn is_ready(reactor: &mut Reactor) -> bool {
        let mut ready = Vec::new();
        reactor.wait(Some(Instant::now()), &mut ready).unwrap();
        !ready.is_empty()
    }

    #[test]
    fn without_descriptors_the_listener_rests_and_comes_back() {
        for errno in [Errno::EMFILE, Errno::ENFILE, Errno::ENOBUFS, Errno::ENOMEM] {
            let (mut reactor, mut acceptor, _far) = acceptor(vec![Ok(1), Err(errno), Ok(2)]);
            let start = Instant::now();
            assert!(is_ready(&mut reactor));
            assert_eq!(acceptor.accept(&mut reactor, start), [1]);
            assert!(!is_ready(&mut reactor), "{errno}: the loop would spin");
            assert_eq!(acceptor.accept(&mut reactor, start), [], "{errno}: a late token");
            assert_eq!(acceptor.poll_timeout(), Some(start + REST));
            acceptor.handle_timeout(&mut reactor, start + REST / 2);
            assert!(!is_ready(&mut reactor));
            acceptor.handle_timeout(&mut reactor, start + REST);
            assert!(is_ready(&mut reactor));
            assert_eq!(acceptor.poll_timeout(), None);
            assert_eq!(acceptor.accept(&mut reactor, start + REST), [2]);
            assert!(!acceptor.short, "{errno}: the episode is over");
        }
    }

    #[test]
    fn what_concerns_one_connection_does_not_hold_up_the_next() {
        let (mut reactor, mut acceptor, _far) =
            acceptor(vec![Err(Errno::ECONNABORTED), Err(Errno::EINTR), Ok(7)]);
        assert_eq!(acceptor.accept(&mut reactor, Instant::now()), [7]);
        assert_eq!(acceptor.poll_timeout(), None);
    }

    #[test]
    fn a_turn_takes_so_many_and_leaves_the_rest_to_the_next() {
        let all = BATCH as u32 + 5;
        let (mut reactor, mut acceptor, _far) = acceptor((0..all).map(Ok).collect());
        let now = Instant::now();
        assert_eq!(acceptor.accept(&mut reactor, now).len(), BATCH);
        assert!(is_ready(&mut reactor));
        assert_eq!(acceptor.accept(&mut reactor, now).len(), 5);
    }
}
