//! The served server as an actor: connections in, answers out, notifications by connections of its own.

use std::collections::{BTreeMap, HashMap};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use emu_net::accept::Acceptor;
use emu_net::link::{Link, Pumped};
use emu_net::pcap::{Capture, Opened};
use emu_net::reactor::{Reactor, Ready, Token};
use emu_net::run::Actor;
use iscsi::isns::{Attributes, Flags, Function, Message, NodeType, Status};

use super::config::IsnsConfig;
use super::deliver::notices;
use super::fault::IsnsFault;
use super::register::Outcome;
use super::registry::{Changed, Registry};
use super::talk::Talk;
use crate::error::TargetError;

/// Connections at once; one more takes the place of the oldest.
const CONNECTIONS: usize = 256;
/// How long a notification may take to be answered.
const NOTICE_WITHIN: Duration = Duration::from_secs(10);

/// A server that listens.
#[derive(Debug)]
pub struct Isns {
    owner: u32,
    listener: Acceptor<TcpListener>,
    address: SocketAddr,
    config: IsnsConfig,
    registry: Registry,
    connections: BTreeMap<u64, Connection>,
    tokens: HashMap<Token, u64>,
    next: u64,
    xid: u16,
    capture: Option<Capture>,
}

/// A client's connection, or one of ours to a client.
#[derive(Debug)]
struct Connection {
    link: Link,
    talk: Talk,
    /// A notification that is to be told, and until when.
    notice: Option<(Message, Instant)>,
}

impl Isns {
    /// Listens as actor `owner` of the reactor.
    ///
    /// # Errors
    /// [`TargetError`]: the address or the capture file cannot be used.
    pub fn bind(reactor: &mut Reactor, owner: u32, config: IsnsConfig) -> Result<Self, TargetError> {
        let portal = config.listen;
        let failed = |source| TargetError::Listen { portal, source };
        let socket = TcpListener::bind(portal).map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        let listener = Acceptor::new(reactor, owner, socket).map_err(failed)?;
        let capture = match &config.pcap {
            Some(path) => Some(Capture::create(path).map_err(|source| TargetError::Capture {
                path: path.clone(),
                source,
            })?),
            None => None,
        };
        let mut registry = Registry::default();
        for (n, target) in config.targets.iter().enumerate() {
            // An entity each, but for the portals of one target.
            let id = registry
                .entity_of(target.name.as_str())
                .map_or_else(|| format!("isns:lab.{n}"), str::to_owned);
            if let Some(entity) = registry.entity(&id) {
                entity.portal_mut(target.at);
                if let Some((node, _)) = entity.node_mut(&target.name) {
                    node.kind = NodeType::TARGET;
                    node.set_group(target.at, target.tag.or(Some(1)));
                }
            }
        }
        Ok(Self {
            owner,
            listener,
            address,
            config,
            registry,
            connections: BTreeMap::new(),
            tokens: HashMap::new(),
            next: 0,
            xid: 0,
            capture,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    fn add(&mut self, reactor: &mut Reactor, mut link: Link, notice: Option<(Message, Instant)>) {
        if self.connections.len() >= CONNECTIONS
            && let Some(oldest) = self.connections.keys().next().copied()
        {
            self.forget(reactor, oldest);
        }
        if let Some(capture) = self.capture.as_ref().filter(|_| !link.is_connecting()) {
            link.capture(capture, Opened::There);
        }
        let id = self.next;
        self.next += 1;
        self.tokens.insert(link.token(), id);
        let talk = Talk::default();
        self.connections.insert(id, Connection { link, talk, notice });
    }

    fn forget(&mut self, reactor: &mut Reactor, id: u64) {
        if let Some(gone) = self.connections.remove(&id) {
            self.tokens.remove(&gone.link.token());
            gone.link.close(reactor);
        }
    }

    fn accept(&mut self, reactor: &mut Reactor, now: Instant) {
        for stream in self.listener.accept(reactor, now) {
            self.take_in(reactor, stream);
        }
    }

    fn take_in(&mut self, reactor: &mut Reactor, stream: TcpStream) {
        match Link::accepted(reactor, self.owner, stream) {
            Ok(link) => self.add(reactor, link, None),
            Err(error) => tracing::debug!(%error, "a connection is gone already"),
        }
    }

    /// Moves a connection's bytes and does what they ask.
    fn pump(&mut self, reactor: &mut Reactor, now: Instant, id: u64, mut readable: bool) {
        loop {
            let Some(connection) = self.connections.get_mut(&id) else {
                return;
            };
            if connection.link.is_connecting() {
                if let Err(error) = connection.link.finish_connect(reactor) {
                    tracing::info!(%error, "nobody hears a notification");
                    return self.forget(reactor, id);
                }
                if let Some(capture) = &self.capture {
                    connection.link.capture(capture, Opened::Here);
                }
                if let Some((message, _)) = &connection.notice {
                    connection.talk.say(message);
                }
            }
            connection.talk.due(now);
            let pumped = connection.link.pump(reactor, &mut connection.talk, now, readable);
            let heard: Vec<Message> = std::iter::from_fn(|| connection.talk.next()).collect();
            let mut changed = Vec::new();
            let idle = heard.is_empty();
            let mut confirmed = false;
            for message in heard {
                if message.function.is_response() {
                    confirmed = true;
                    continue;
                }
                changed.append(&mut self.serve(now, id, &message));
            }
            self.notify(reactor, now, &changed);
            let told = confirmed && self.connections.get(&id).is_some_and(|c| c.notice.is_some());
            if told || !matches!(pumped, Pumped::Open) {
                return self.forget(reactor, id);
            }
            if idle {
                return;
            }
            readable = false;
        }
    }

    /// Answers a request; gives who has changed.
    fn serve(&mut self, now: Instant, id: u64, asked: &Message) -> Vec<Changed> {
        let faults = &self.config.faults;
        if faults.contains(&IsnsFault::Silent) {
            return Vec::new();
        }
        let refusal = faults.iter().find_map(|fault| match fault {
            IsnsFault::Refuse(status) if asked.function == Function::DEV_ATTR_QRY => Some(*status),
            _ => None,
        });
        let outcome = match (refusal, asked.function) {
            (Some(status), _) => Err(status),
            (_, Function::DEV_ATTR_REG) => {
                let update = !faults.contains(&IsnsFault::NoUpdate);
                self.registry.register(asked, update)
            }
            (_, Function::DEV_ATTR_QRY) => self.registry.query(asked, self.config.registered_only),
            (_, Function::DEV_GET_NEXT) => {
                let circle = faults.contains(&IsnsFault::Circle);
                self.registry.next(asked, circle)
            }
            (_, Function::DEV_DEREG) => self.registry.deregister(asked),
            (_, Function::SCN_REG | Function::SCN_DEREG) => self.registry.subscribe(asked),
            _ => Err(Status::NOT_SUPPORTED),
        };
        let Outcome {
            status,
            body,
            changed,
        } = outcome.unwrap_or_else(Outcome::from);
        tracing::debug!(function = %asked.function, %status, "answered");
        let answer = asked.answered(Flags::SERVER, status, body);
        let of_queries: &[IsnsFault] = match asked.function {
            Function::DEV_ATTR_QRY => faults,
            _ => &[],
        };
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.talk.answer(now, answer, of_queries);
        }
        changed
    }

    fn notify(&mut self, reactor: &mut Reactor, now: Instant, changed: &[Changed]) {
        if changed.is_empty() {
            return;
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        for (to, body) in notices(&self.registry, changed, since.as_secs()) {
            self.tell(reactor, now, to, body);
        }
    }

    fn tell(&mut self, reactor: &mut Reactor, now: Instant, to: SocketAddr, body: Attributes) {
        self.xid = self.xid.wrapping_add(1);
        let mut message = Message::request(Function::SCN, self.xid, body);
        message.flags = Flags::SERVER;
        match Link::connect(reactor, self.owner, to, None) {
            Ok(link) => self.add(reactor, link, Some((message, now + NOTICE_WITHIN))),
            Err(error) => tracing::info!(%error, %to, "nobody hears a notification"),
        }
    }
}

impl Actor for Isns {
    fn ready(&mut self, reactor: &mut Reactor, now: Instant, ready: Ready) {
        if ready.token == self.listener.token() {
            self.accept(reactor, now);
        } else if let Some(id) = self.tokens.get(&ready.token).copied() {
            self.pump(reactor, now, id, ready.readable);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let due = |c: &Connection| c.notice.as_ref().map(|(_, until)| *until).or(c.talk.deadline());
        let connections = self.connections.values().filter_map(due);
        connections.chain(self.listener.poll_timeout()).min()
    }

    fn tick(&mut self, reactor: &mut Reactor, now: Instant) {
        self.listener.handle_timeout(reactor, now);
        let late = |c: &Connection| c.notice.as_ref().is_some_and(|(_, until)| *until <= now);
        let slow = |c: &Connection| c.talk.deadline().is_some_and(|at| at <= now);
        let mut ids = Vec::new();
        for (id, connection) in &self.connections {
            if late(connection) || slow(connection) {
                ids.push((*id, late(connection)));
            }
        }
        for (id, late) in ids {
            if late {
                self.forget(reactor, id);
            } else {
                self.pump(reactor, now, id, false);
            }
        }
    }
}
