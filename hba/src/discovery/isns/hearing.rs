//! Hearing of changes: an initiator that is registered at an iSNS server, and the server's connections to it.
//!
//! Owns the sockets, how many connections there may be, and that the registration lasts. What is heard is a reason to ask again, never an
//! answer: anybody who reaches the port can say it. Must not know what is done about a change.
//!
//! Source: RFC 4171 sections 5.6.5.5, 5.6.5.8 and 6.2.6.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use iscsi::IscsiName;
use iscsi::isns::{
    Done, Failure, Inquiries, Listener, NodeType, Notice, RegisteredAs, Registration, Request, ScnBitmap,
    Served,
};
use nix::poll::PollFlags;

use super::failure::{of_connecting, of_request};
use super::link::{Came, Link, send, wait};
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Result, Status};

/// Connections of servers at once; one more takes the place of the oldest.
const CALLERS: usize = 8;
/// Bytes that are read at once.
const CHUNK: usize = 16 << 10;
/// The shortest time between two words to the server.
const REFRESH_MIN: Duration = Duration::from_secs(1);

/// Where changes are heard.
#[derive(Debug, Clone)]
pub struct Hearing {
    /// Where to listen; any address means the one that leads to the server, port 0 lets the system choose.
    pub at: SocketAddr,
    /// What people call the initiator.
    pub alias: Option<String>,
    /// Seconds between the server's inquiries; `None`: none are asked for.
    pub inquiries: Option<u32>,
}

/// An initiator that hears of changes.
#[derive(Debug)]
pub struct Watch {
    initiator: IscsiName,
    tried: String,
    link: Link,
    listener: TcpListener,
    callers: VecDeque<Caller>,
    notices: VecDeque<Notice>,
    registered: RegisteredAs,
    /// When the server is to get a word, so that the registration lasts.
    refresh: Option<Instant>,
}

/// A connection of a server.
#[derive(Debug)]
struct Caller {
    stream: TcpStream,
    heard: Listener,
}

/// Registers `initiator` at the server and asks for state change notifications of its targets. Every wait ends at the deadline.
///
/// # Errors
/// As [`super::query()`]; [`Status::IsnsRegistration`] where the server takes no registration.
pub fn watch(
    server: SocketAddr,
    initiator: &IscsiName,
    hearing: &Hearing,
    deadline: Deadline,
) -> Result<Watch> {
    let tried = format!("hear from the iSNS server {server} what changes");
    let link = Link::connect(server, initiator, &tried, deadline)?;
    let mut at = hearing.at;
    if at.ip().is_unspecified()
        && let Some(local) = link.local()
    {
        at.set_ip(local.ip());
    }
    let failed = |why: io::Error| Error::io(&tried, &why).answered(format!("cannot listen on {at}: {why}"));
    let listener = TcpListener::bind(at).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let at = listener.local_addr().map_err(failed)?;
    let portal = Served {
        notices: Some(at.port()),
        inquiries: hearing.inquiries.map(|interval| Inquiries {
            interval,
            port: at.port(),
        }),
        ..Served::at(at)
    };
    let registration = Registration {
        entity: None,
        kind: NodeType::INITIATOR,
        alias: hearing.alias.clone(),
        period: None,
        portals: vec![portal],
    };
    let mut this = Watch {
        initiator: initiator.clone(),
        tried,
        listener,
        callers: VecDeque::new(),
        notices: VecDeque::new(),
        registered: RegisteredAs::default(),
        refresh: None,
        link,
    };
    let work = deadline.with_clean_up();
    if let Done::Registered(registered) = this.ask(Request::Register(registration), work)? {
        this.registered = registered;
    }
    if let Err(why) = this.ask(Request::Subscribe(ScnBitmap::OF_TARGETS), work) {
        // Nothing is to be left there that nobody keeps up.
        let _ = this.ask(this.out(), work.for_clean_up());
        return Err(why);
    }
    this.refreshed(Instant::now());
    Ok(this)
}

impl Watch {
    /// Where changes are heard.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// What the server registered.
    #[must_use]
    pub const fn registered(&self) -> &RegisteredAs {
        &self.registered
    }

    /// What is heard next; `None` when the deadline passes first.
    ///
    /// # Errors
    /// The server ended its connection ([`Status::IsnsUnavailable`]), so that nobody knows what is registered: begin again with [`watch`].
    /// [`Kind::Interrupted`] when somebody asked for the end.
    pub fn next(&mut self, deadline: Deadline) -> Result<Option<Notice>> {
        loop {
            if self.notices.is_empty() {
                self.turn(Instant::now())?;
            }
            if let Some(notice) = self.notices.pop_front() {
                return Ok(Some(notice));
            }
            if deadline.stopped() {
                return Err(Error::new(Kind::Interrupted, &self.tried).answered("the end was asked for"));
            }
            if deadline.expired() {
                return Ok(None);
            }
            self.wait(deadline)?;
        }
    }

    /// Takes back the request for notifications and everything that was registered.
    ///
    /// # Errors
    /// As [`watch`].
    pub fn end(mut self, deadline: Deadline) -> Result<()> {
        let subscribed = self.ask(Request::Unsubscribe, deadline);
        let registered = self.ask(self.out(), deadline);
        subscribed.and(registered).map(drop)
    }

    fn out(&self) -> Request {
        Request::Deregister {
            entity: self.registered.entity.clone(),
        }
    }

    fn ask(&mut self, request: Request, deadline: Deadline) -> Result<Done> {
        match self.link.ask(request, &self.tried, deadline)? {
            Came::Done(done) => Ok(done),
            Came::Failed(why) => Err(of_request(&self.tried, Status::IsnsRegistration, why)),
        }
    }

    /// The registration has been kept up just now.
    fn refreshed(&mut self, now: Instant) {
        let period = self.registered.period.filter(|seconds| *seconds != 0);
        self.refresh = period.and_then(|seconds| {
            let soon = Duration::from_secs(seconds.into()) / 3;
            now.checked_add(soon.max(REFRESH_MIN))
        });
    }

    /// Moves what there is to move, without waiting.
    fn turn(&mut self, now: Instant) -> Result<()> {
        if self.refresh.is_some_and(|at| at <= now) {
            self.link.submit(now, Request::Refresh);
            self.refreshed(now);
        }
        let open = self.link.carry(now);
        self.link.gather();
        self.notices.append(&mut self.link.notices);
        if !open && self.notices.is_empty() {
            return Err(of_request(&self.tried, Status::IsnsUnavailable, Failure::Closed));
        }
        self.accept()?;
        let notices = &mut self.notices;
        self.callers.retain_mut(|caller| caller.turn(now, notices));
        Ok(())
    }

    fn accept(&mut self) -> Result<()> {
        for _ in 0..CALLERS {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(why) if is_passing(&why) => return Ok(()),
                Err(why) => return Err(of_connecting(&self.tried, self.here(), &why)),
            };
            if stream.set_nonblocking(true).is_err() {
                continue;
            }
            if self.callers.len() >= CALLERS {
                self.callers.pop_front();
            }
            self.callers.push_back(Caller {
                stream,
                heard: Listener::new(self.initiator.clone()),
            });
        }
        Ok(())
    }

    fn here(&self) -> SocketAddr {
        self.address()
            .unwrap_or_else(|_| SocketAddr::new(IpAddr::from([0; 4]), 0))
    }

    fn wait(&self, deadline: Deadline) -> Result<()> {
        let mut limit = self.link.limit(deadline);
        let due = self
            .callers
            .iter()
            .filter_map(|caller| caller.heard.poll_timeout());
        if let Some(at) = due.chain(self.refresh).min() {
            limit = limit.at_most(at.saturating_duration_since(Instant::now()));
        }
        let mut sockets: Vec<(&dyn AsFd, PollFlags)> = vec![
            (self.link.socket(), self.link.interest()),
            (&self.listener, PollFlags::POLLIN),
        ];
        for caller in &self.callers {
            let mut flags = PollFlags::POLLIN;
            flags.set(PollFlags::POLLOUT, !caller.heard.output().is_empty());
            sockets.push((&caller.stream, flags));
        }
        wait(&sockets, limit).map_err(|errno| Error::io(&self.tried, &errno.into()))
    }
}

impl Caller {
    /// Moves what there is to move; `false` once the connection is over.
    fn turn(&mut self, now: Instant, notices: &mut VecDeque<Notice>) -> bool {
        let mut chunk = [0; CHUNK];
        self.heard.handle_timeout(now);
        // One chunk a turn: a caller that floods does not keep the others from being heard.
        let open = match self.stream.read(&mut chunk) {
            Ok(0) => false,
            Ok(count) => {
                self.heard
                    .handle_input(now, chunk.get(..count).unwrap_or_default());
                true
            }
            Err(why) => matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        };
        notices.extend(std::iter::from_fn(|| self.heard.poll()));
        match send(&mut self.stream, self.heard.output()) {
            Ok(count) => self.heard.sent(count),
            Err(_) => return false,
        }
        open && !self.heard.is_over()
    }
}

/// Whether the next connection may be taken all the same: nobody waits, or who did is gone.
fn is_passing(why: &io::Error) -> bool {
    matches!(
        why.kind(),
        ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::ConnectionAborted
    )
}
