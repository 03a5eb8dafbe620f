//! The actor: connections in, bytes moved, effects of one connection on the others.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use emu_net::link::Pumped;
use emu_net::pcap::Capture;
use emu_net::reactor::{Reactor, Ready, Token};
use emu_net::run::Actor;
use iscsi::address::TargetAddress;
use iscsi::chap::ChapAlgorithm;
use iscsi::target_node::Config;
use iscsi::{IscsiName, LinkLoss};
use scsi::AccessState;

use super::client::{Client, Core, Driver};
use super::directory::Policy;
use super::nexus::{Ports, Sessions};
use super::open::{engine_config, open_units};
use super::orders::{Order, Orders};
use super::portals::Portals;
use super::units::Units;
use super::world::{Spill, World};
use crate::config::TargetConfig;
use crate::error::TargetError;
use crate::portal::FIRST_GROUP;

/// A target with its portals open.
#[derive(Debug)]
pub struct Target {
    pub(super) owner: u32,
    pub(super) portals: Portals,
    pub(super) orders: Orders,
    pub(super) engine: Config,
    pub(super) policy: Arc<Mutex<Policy>>,
    pub(super) world: World,
    pub(super) units: Units,
    pub(super) clients: HashMap<u64, Client>,
    pub(super) tokens: HashMap<Token, u64>,
    pub(super) next_client: u64,
    /// No client's time comes before this; `None`: no client waits for any.
    pub(super) wake: Option<Instant>,
    pub(super) next_tsih: u16,
    pub(super) max_connections: usize,
    pub(super) max_half_open: usize,
    /// When a warning about too many connections was given last.
    pub(super) crowd_told: Option<Instant>,
    pub(super) capture: Option<Capture>,
    /// New connections are not answered.
    pub(super) silent: bool,
    /// The states of portal groups as configured.
    pub(super) access: Vec<(u16, AccessState)>,
    pub(super) drain: Duration,
    /// Stopping: when the last ones are dropped.
    pub(super) stopping: Option<Instant>,
    pub(super) finished: bool,
}

impl Target {
    /// Opens the logical units and the portals as actor `owner` of the reactor.
    ///
    /// # Errors
    /// [`TargetError`] names what cannot be opened.
    pub fn bind(reactor: &mut Reactor, owner: u32, config: TargetConfig) -> Result<Self, TargetError> {
        let mut names: Vec<String> = Vec::new();
        for name in std::iter::once(&config.iqn).chain(&config.extra_targets) {
            let parsed: IscsiName =
                name.parse()
                    .map_err(|error: iscsi::names::BadName| TargetError::Name {
                        name: name.clone(),
                        reason: error.to_string(),
                    })?;
            if let Some(remark) = parsed.remark() {
                tracing::warn!(%name, "served as it is, but some initiators will not take it: {remark}");
            }
            names.push(name.clone());
        }
        let engine = engine_config(&config);
        let (device, units) = open_units(&config)?;
        let sessions = Sessions::default();
        let ports = Ports::new(&names, config.listen.iter().map(|portal| portal.group));
        let mut world = World::new(device, ports, sessions.clone(), engine.pool.clone());
        for (group, state) in &config.access {
            if !world.device.set_access(*group, *state) {
                return Err(TargetError::Group(*group));
            }
        }
        world.trace = config.trace.map(|(_, told)| told);
        let portals = Portals::open(reactor, owner, &config.listen)?;
        let mut orders = Orders::new(owner);
        if let Some(path) = &config.control {
            let failed = |source| TargetError::Control {
                path: path.clone(),
                source,
            };
            orders.listen(reactor, path).map_err(failed)?;
        }
        let capture = match &config.pcap {
            Some(path) => Some(Capture::create(path).map_err(|source| TargetError::Capture {
                path: path.clone(),
                source,
            })?),
            None => None,
        };
        let policy = Policy {
            names,
            accounts: config.accounts.clone(),
            discovery_auth: config.discovery_auth,
            algorithms: match &config.chap_algorithms[..] {
                [] => ChapAlgorithm::ALL.to_vec(),
                some => some.to_vec(),
            },
            allow: config.allow.clone(),
            portals: portals.with_groups().collect(),
            announce: config.announce.iter().map(tagged).collect(),
            announce_only: config.announce_only,
            max_sessions: config.max_sessions,
            sessions,
            refuse: None,
            redirect: config.redirect,
            redirect_discovery: None,
            zone: None,
        };
        Ok(Self {
            owner,
            portals,
            orders,
            engine,
            policy: Arc::new(Mutex::new(policy)),
            world,
            units,
            clients: HashMap::new(),
            tokens: HashMap::new(),
            next_client: 0,
            wake: None,
            next_tsih: 0,
            max_connections: config.max_connections,
            max_half_open: config.max_half_open.clamp(1, config.max_connections),
            crowd_told: None,
            capture,
            silent: false,
            access: config.access,
            drain: config.drain,
            stopping: None,
            finished: false,
        })
    }

    /// The portals with their real ports, in the order of the configuration.
    #[must_use]
    pub fn portals(&self) -> &[SocketAddr] {
        self.portals.addresses()
    }

    /// Normal sessions in the full feature phase.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.world.sessions()
    }

    /// Closes the portals, asks every initiator to log out, and finishes when all are gone or the drain time is over.
    pub fn stop(&mut self, reactor: &mut Reactor, now: Instant) {
        self.portals.close(reactor);
        if self.stopping.is_some() {
            return;
        }
        self.stopping = Some(now + self.drain);
        let seconds = u16::try_from(self.drain.as_secs()).unwrap_or(u16::MAX);
        self.for_each(reactor, now, |core| {
            if !core.connection.request_logout(now, seconds) {
                core.connection.drop_now(now);
            }
        });
        self.settle(now);
    }

    pub(crate) fn take_orders(&mut self, reactor: &mut Reactor, fd: OwnedFd) -> io::Result<()> {
        self.orders.adopt(reactor, Instant::now(), fd)
    }

    fn order(&mut self, reactor: &mut Reactor, now: Instant, text: &str) -> Result<String, String> {
        if text == "status" {
            let portals: Vec<String> = self.portals().iter().map(ToString::to_string).collect();
            return Ok(format!(
                "\nsessions {}\nconnections {}\nmemory {}\nportals {}\n",
                self.sessions(),
                self.clients.len(),
                self.engine.pool.lent(),
                portals.join(" ")
            ));
        }
        if text.starts_with("unit-") {
            let order = text
                .parse()
                .map_err(|error: crate::unit_order::UnitOrderError| error.to_string())?;
            return self.unit_order(reactor, now, order);
        }
        let fault = text
            .parse()
            .map_err(|error: crate::fault::FaultError| error.to_string())?;
        self.fault(reactor, now, &fault).map(|()| String::new())
    }

    /// Moves a client's bytes.
    pub(super) fn pump(&mut self, reactor: &mut Reactor, now: Instant, id: u64, readable: bool) {
        let Some(client) = self.clients.get_mut(&id) else {
            return;
        };
        let mut driver = Driver {
            core: &mut client.core,
            world: &mut self.world,
        };
        let lost = match client.link.pump(reactor, &mut driver, now, readable) {
            Pumped::Open => {
                let deadline = client.core.deadline();
                self.wake_for(deadline);
                return;
            }
            Pumped::Done => LinkLoss::Local,
            Pumped::PeerClosed => LinkLoss::PeerClosed,
            Pumped::Failed(error) => loss(&error),
        };
        client.core.lost(now, lost, &mut self.world);
        self.forget(reactor, id);
    }

    pub(super) fn wake_for(&mut self, deadline: Option<Instant>) {
        self.wake = [self.wake, deadline].into_iter().flatten().min();
    }

    pub(super) fn forget(&mut self, reactor: &mut Reactor, id: u64) {
        if let Some(client) = self.clients.remove(&id) {
            self.tokens.remove(&client.link.token());
            client.link.close(reactor);
        }
    }

    /// Does something to every client and sends what comes of it.
    pub(super) fn for_each(&mut self, reactor: &mut Reactor, now: Instant, mut act: impl FnMut(&mut Core)) {
        let mut ids: Vec<u64> = self.clients.keys().copied().collect();
        ids.sort_unstable();
        for id in ids {
            if let Some(client) = self.clients.get_mut(&id) {
                act(&mut client.core);
                client.core.due(now, &mut self.world);
            }
            self.pump(reactor, now, id, false);
        }
    }

    /// Effects of one connection on the others.
    fn spill(&mut self, reactor: &mut Reactor, now: Instant) {
        while let Some(spill) = self.world.spill.pop() {
            match spill {
                Spill::Close(old) => {
                    if let Some(client) = self.clients.get_mut(&old) {
                        tracing::info!(client = old, "session reinstated by a newer login");
                        client.core.connection.drop_now(now);
                        client.core.due(now, &mut self.world);
                        self.pump(reactor, now, old, false);
                    }
                }
                Spill::AbortTasks { except, lun } => self.for_each(reactor, now, |core| {
                    if core.id != except {
                        core.connection.abort_tasks(lun);
                    }
                }),
                Spill::AbortTasksOf { client, lun } => self.for_each(reactor, now, |core| {
                    if core.id == client {
                        core.connection.abort_tasks(Some(lun));
                    }
                }),
                Spill::Answer { client, id, code } => {
                    if let Some(asked) = self.clients.get_mut(&client) {
                        asked.core.connection.complete_task_management(now, id, code);
                        asked.core.due(now, &mut self.world);
                        self.pump(reactor, now, client, false);
                    }
                }
                Spill::DropOthers { except } => self.for_each(reactor, now, |core| {
                    if core.id != except {
                        core.connection.drop_now(now);
                    }
                }),
            }
        }
    }

    /// Whether a stop is complete.
    fn settle(&mut self, now: Instant) {
        if let Some(at) = self.stopping
            && (self.clients.is_empty() || at <= now)
        {
            self.finished = true;
        }
    }
}

impl Actor for Target {
    fn ready(&mut self, reactor: &mut Reactor, now: Instant, ready: Ready) {
        if let Some(id) = self.tokens.get(&ready.token).copied() {
            self.pump(reactor, now, id, ready.readable);
            self.spill(reactor, now);
        } else if let Some((portal, streams)) = self.portals.accept(reactor, now, ready.token) {
            for stream in streams {
                self.accept(reactor, now, portal, stream);
            }
            if self.portals.deadline().is_some() {
                self.relieve(reactor, now);
            }
        } else if let Some(order) = self.orders.ready(reactor, now, ready.token) {
            match order {
                Order::Nothing => {}
                Order::Short => self.relieve(reactor, now),
                Order::Orphaned => self.finished = true,
                Order::Line(from, text) => {
                    let result = self.order(reactor, now, &text);
                    self.spill(reactor, now);
                    self.orders.answer(reactor, from, result);
                }
            }
        }
    }

    fn deadline(&self) -> Option<Instant> {
        [
            self.wake,
            self.portals.deadline(),
            self.orders.deadline(),
            self.stopping,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn tick(&mut self, reactor: &mut Reactor, now: Instant) {
        self.portals.due(reactor, now);
        self.orders.due(reactor, now);
        if self.wake.is_some_and(|at| at <= now) {
            let late = |client: &&Client| client.core.deadline().is_some_and(|at| at <= now);
            let due: Vec<u64> = self
                .clients
                .values()
                .filter(late)
                .map(|client| client.core.id)
                .collect();
            for id in due {
                if let Some(client) = self.clients.get_mut(&id) {
                    client.core.due(now, &mut self.world);
                    self.pump(reactor, now, id, false);
                }
            }
            let deadlines = self.clients.values().filter_map(|client| client.core.deadline());
            self.wake = deadlines.min();
        }
        self.spill(reactor, now);
        self.settle(now);
    }

    fn finished(&self) -> bool {
        self.finished
    }
}

/// A portal without a tag is in the first group.
fn tagged(portal: &TargetAddress) -> TargetAddress {
    TargetAddress {
        tag: portal.tag.or(Some(FIRST_GROUP)),
        ..portal.clone()
    }
}

fn loss(error: &io::Error) -> LinkLoss {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => LinkLoss::Reset,
        io::ErrorKind::TimedOut => LinkLoss::TimedOut,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => LinkLoss::Unreachable,
        _ => LinkLoss::Os(error.raw_os_error().unwrap_or(0)),
    }
}
