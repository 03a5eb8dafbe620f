//! A connection to an iSNS server: bytes between a socket and a [`Client`].
//!
//! Owns the socket and every wait on it. Must not know what is asked.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use iscsi::IscsiName;
use iscsi::isns::{Client, Config, Done, Event, Failure, Notice, Request};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrStorage};

use super::failure::{of_connecting, of_waiting};
use crate::deadline::Deadline;
use crate::error::{Error, Result};

/// How long one answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Bytes that are read at once, and how often before somebody looks at the time again.
const CHUNK: usize = 64 << 10;
const CHUNKS: usize = 64;
/// Notices that are kept.
const NOTICES: usize = 1024;

/// A connection.
#[derive(Debug)]
pub(super) struct Link {
    stream: TcpStream,
    client: Client,
    /// What the server said unasked.
    pub(super) notices: VecDeque<Notice>,
}

/// What a request came to.
pub(super) enum Came {
    Done(Done),
    Failed(Failure),
}

impl Link {
    /// Connects, at most until the deadline.
    pub(super) fn connect(
        server: SocketAddr,
        initiator: &IscsiName,
        tried: &str,
        deadline: Deadline,
    ) -> Result<Self> {
        let failed = |why: io::Error| of_connecting(tried, server, &why);
        let stream = begin(server).map_err(failed)?;
        loop {
            wait(&[(&stream, PollFlags::POLLOUT)], deadline).map_err(|why| failed(why.into()))?;
            if let Some(why) = stream.take_error().map_err(failed)? {
                return Err(failed(why));
            }
            if stream.peer_addr().is_ok() {
                break;
            }
            if deadline.expired() {
                return Err(of_waiting(tried, "a connection", deadline.stopped()));
            }
        }
        stream.set_nodelay(true).map_err(failed)?;
        let mut seed = [0; 2];
        // Any number will do where there is no chance to be had.
        let _ = getrandom::fill(&mut seed);
        let config = Config::new(initiator.clone(), ANSWER_WITHIN, u16::from_ne_bytes(seed));
        Ok(Self {
            stream,
            client: Client::new(config),
            notices: VecDeque::new(),
        })
    }

    /// This side's address.
    pub(super) fn local(&self) -> Option<SocketAddr> {
        self.stream.local_addr().ok()
    }

    /// Asks, and waits for the end of it.
    ///
    /// # Errors
    /// The deadline passed, or somebody asked for the end; what the server does is [`Came::Failed`].
    pub(super) fn ask(&mut self, request: Request, tried: &str, deadline: Deadline) -> Result<Came> {
        let ticket = self.client.submit(Instant::now(), request);
        loop {
            self.carry(Instant::now());
            while let Some(event) = self.client.poll() {
                match event {
                    Event::Notice(notice) => self.heard(notice),
                    Event::Ended(of, result) if of == ticket => {
                        return Ok(result.map_or_else(Came::Failed, Came::Done));
                    }
                    Event::Ended(..) => {}
                }
            }
            if deadline.expired() {
                return Err(of_waiting(tried, "the server's answer", deadline.stopped()));
            }
            let limit = self.limit(deadline);
            wait(&[(&self.stream, self.interest())], limit)
                .map_err(|errno| Error::io(tried, &errno.into()))?;
        }
    }

    /// The earlier of the deadline and what the client waits for.
    pub(super) fn limit(&self, deadline: Deadline) -> Deadline {
        match self.client.poll_timeout() {
            Some(at) => deadline.at_most(at.saturating_duration_since(Instant::now())),
            None => deadline,
        }
    }

    /// What the connection is waited for.
    pub(super) fn interest(&self) -> PollFlags {
        if self.client.output().is_empty() {
            PollFlags::POLLIN
        } else {
            PollFlags::POLLIN | PollFlags::POLLOUT
        }
    }

    pub(super) fn socket(&self) -> &TcpStream {
        &self.stream
    }

    /// Moves what there is to move, without waiting; `false` once the connection is over.
    pub(super) fn carry(&mut self, now: Instant) -> bool {
        self.client.handle_timeout(now);
        let mut chunk = vec![0; CHUNK];
        for _ in 0..CHUNKS {
            if self.client.is_over() {
                break;
            }
            match send(&mut self.stream, self.client.output()) {
                Ok(0) => {}
                Ok(count) => self.client.sent(count),
                Err(_) => self.client.closed(),
            }
            match self.stream.read(&mut chunk) {
                Ok(0) => self.client.closed(),
                Ok(count) => self
                    .client
                    .handle_input(now, chunk.get(..count).unwrap_or_default()),
                Err(why) if why.kind() == ErrorKind::Interrupted => {}
                Err(why) if why.kind() == ErrorKind::WouldBlock => {
                    // What came may have been answered.
                    match send(&mut self.stream, self.client.output()) {
                        Ok(count) => self.client.sent(count),
                        Err(_) => self.client.closed(),
                    }
                    break;
                }
                Err(_) => self.client.closed(),
            }
        }
        !self.client.is_over()
    }

    /// What came of what was not waited for.
    pub(super) fn gather(&mut self) {
        while let Some(event) = self.client.poll() {
            if let Event::Notice(notice) = event {
                self.heard(notice);
            }
        }
    }

    /// Each is a reason to ask again; of very many some will do.
    fn heard(&mut self, notice: Notice) {
        if self.notices.len() < NOTICES {
            self.notices.push_back(notice);
        }
    }

    /// Asks without waiting.
    pub(super) fn submit(&mut self, now: Instant, request: Request) {
        self.client.submit(now, request);
    }
}

/// How much of it could be sent at once.
pub(super) fn send(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    if bytes.is_empty() {
        return Ok(0);
    }
    match stream.write(bytes) {
        Err(why) if matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(0),
        other => other,
    }
}

/// Waits until one of them is ready, the deadline passes or the end is asked for.
pub(super) fn wait(sockets: &[(&dyn AsFd, PollFlags)], deadline: Deadline) -> std::result::Result<(), Errno> {
    let mut fds: Vec<PollFd<'_>> = sockets
        .iter()
        .map(|(socket, flags)| PollFd::new(socket.as_fd(), *flags))
        .collect();
    let stop = deadline.until().stop;
    fds.extend(stop.map(|stop| PollFd::new(stop.as_fd(), PollFlags::POLLIN)));
    // One millisecond more, so that the last round does not spin.
    let left = deadline.remaining().saturating_add(Duration::from_millis(1));
    match poll(&mut fds, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

fn begin(server: SocketAddr) -> io::Result<TcpStream> {
    let family = if server.is_ipv4() {
        AddressFamily::Inet
    } else {
        AddressFamily::Inet6
    };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let fd: OwnedFd = socket::socket(family, SockType::Stream, flags, None)?;
    match socket::connect(fd.as_raw_fd(), &SockaddrStorage::from(server)) {
        Ok(()) | Err(Errno::EINPROGRESS) => Ok(TcpStream::from(fd)),
        Err(errno) => Err(errno.into()),
    }
}
