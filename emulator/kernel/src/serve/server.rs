//! The server: an actor that drives the emulated kernel from its sockets.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Instant;

use emu_net::adapter::AdapterLinks;
use emu_net::flash_file::FlashFile;
use emu_net::pcap::Capture;
use emu_net::reactor::{Reactor, Ready, Token};
use emu_net::run::Actor;
use isp4xxx::flash::{FlashStore, Identity, factory_default};
use isp4xxx::fw::{Card, CardConfig};
use nix::unistd::Gid;

use super::client::Client;
use super::clients::most_clients;
use super::l2::{Ring, rings};
use super::listen::{Kind, Listener};
use super::place::Place;
use crate::config::Config;
use crate::driver::bnx2i::Bnx2i;
use crate::driver::tcp::Tcp;
use crate::error::{ServeError, io_error};
use crate::kernel::{ClientId, Kernel, LowLevelDriver, Out};
use crate::socket::socket_at;
use crate::tree::Tree;

/// A running emulated kernel: an actor on the reactor.
pub struct Server {
    pub(super) config: Config,
    pub(super) owner: u32,
    pub(super) kernel: Kernel,
    /// The links of each driver, by its place among them.
    pub(super) links: Vec<AdapterLinks>,
    /// By host.
    pub(super) rings: BTreeMap<u32, Ring>,
    pub(super) listeners: HashMap<Token, Listener>,
    pub(super) clients: HashMap<ClientId, Client>,
    pub(super) tokens: HashMap<Token, ClientId>,
    pub(super) next_client: u64,
    pub(super) quit: bool,
    /// Listeners that found no descriptor for a connection.
    pub(super) resting: BTreeSet<Token>,
    /// Clients that the system had no memory for.
    pub(super) unsent: BTreeSet<ClientId>,
    /// Most clients at once.
    pub(super) most_clients: usize,
    /// Somebody was turned away since there was room the last time.
    pub(super) full: bool,
    /// Bytes that wait for all clients.
    pub(super) owed: usize,
    // Last: the sockets are unlinked through it.
    place: Place,
}

impl Server {
    /// As [`Server::start_with`], with the flash in the file that the configuration names; a missing one is made, as the
    /// factory would deliver it.
    ///
    /// # Errors
    /// As [`Server::start_with`]; the flash file has another size, or another process uses it.
    pub fn start(config: Config, reactor: &mut Reactor, owner: u32) -> Result<Self, ServeError> {
        if config.ports == 0 {
            let place = Place::take(&config.dir, &config.flash, config.group())?;
            let others = drivers(&config)?;
            return Self::start_in(place, config, None, others, reactor, owner);
        }
        let chip = config.chip()?;
        let place = Place::take(&config.dir, &config.flash, config.group())?;
        let open = if config.flash.exists() {
            FlashFile::open(&config.flash, chip, config.ports)
        } else {
            let mut seed = [0u8; 8];
            random(&mut seed)?;
            if let Some(parent) = config.flash.parent() {
                let mut builder = fs::DirBuilder::new();
                builder.recursive(true).mode(0o700);
                builder.create(parent).map_err(io_error("create", parent))?;
            }
            let contents = factory_default(
                chip,
                config.ports,
                Identity {
                    seed: u64::from_ne_bytes(seed),
                },
            );
            FlashFile::create(&config.flash, chip, config.ports, &contents)
        };
        let store = open.map_err(|e| ServeError::Store {
            path: config.flash.clone(),
            source: e,
        })?;
        let store = if config.sync { store } else { store.without_sync() };
        let others = drivers(&config)?;
        Self::start_in(place, config, Some(Box::new(store)), others, reactor, owner)
    }

    /// Takes the directory, switches the card on, loads the driver and opens the sockets. `owner` is this actor's number on
    /// the reactor, `store` keeps the flash.
    ///
    /// # Errors
    /// The directory is served already, cannot be written, or the flash is not this card's. Nothing of the flash is changed.
    pub fn start_with(
        config: Config,
        store: Box<dyn FlashStore>,
        reactor: &mut Reactor,
        owner: u32,
    ) -> Result<Self, ServeError> {
        let place = Place::take(&config.dir, &config.flash, config.group())?;
        let others = drivers(&config)?;
        Self::start_in(place, config, Some(store), others, reactor, owner)
    }

    /// As [`Server::start_with`], with other drivers beside that of the card, or instead of it when there is no flash.
    #[cfg(test)]
    pub(crate) fn start_beside(
        others: Vec<Box<dyn LowLevelDriver>>,
        config: Config,
        store: Option<Box<dyn FlashStore>>,
        reactor: &mut Reactor,
    ) -> Result<Self, ServeError> {
        let place = Place::take(&config.dir, &config.flash, config.group())?;
        Self::start_in(place, config, store, others, reactor, 0)
    }

    fn start_in(
        place: Place,
        config: Config,
        store: Option<Box<dyn FlashStore>>,
        others: Vec<Box<dyn LowLevelDriver>>,
        reactor: &mut Reactor,
        owner: u32,
    ) -> Result<Self, ServeError> {
        config.check()?;
        let now = Instant::now();
        let card = store.map(|store| power_on(&config, store, now)).transpose()?;
        // From here on the directory is the one that was looked at, whatever its name leads to.
        let root = place.root().to_owned();
        let tree = Tree::create(&root).map_err(io_error("write the sysfs tree in", &config.dir))?;
        make_dirs(&root, config.group())
            .map_err(io_error("make the directories of sockets in", &config.dir))?;
        let of_kernel = Config {
            dir: root,
            ..config.clone()
        };
        let kernel = Kernel::load(of_kernel, tree, card, others, now)
            .map_err(io_error("write the sysfs tree in", &config.dir))?;
        let rings = rings(&config, reactor, owner)?;
        let mut links: Vec<AdapterLinks> = Vec::new();
        links.resize_with(kernel.drivers(), || AdapterLinks::new(owner));
        if let Some(path) = &config.pcap {
            let capture = Capture::create(path).map_err(io_error("capture to", path))?;
            links
                .iter_mut()
                .for_each(|of_driver| of_driver.capture(capture.clone()));
        }
        let mut server = Self {
            links,
            rings,
            config,
            owner,
            kernel,
            listeners: HashMap::new(),
            clients: HashMap::new(),
            tokens: HashMap::new(),
            next_client: 0,
            quit: false,
            resting: BTreeSet::new(),
            unsent: BTreeSet::new(),
            most_clients: most_clients(),
            full: false,
            owed: 0,
            place,
        };
        server.open_sockets(reactor)?;
        server.flush(reactor, now);
        Ok(server)
    }

    /// The configuration that it was started with.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Whether every host has finished its probe; until then discoveries and boot logins are under way.
    pub fn is_ready(&self) -> bool {
        self.kernel.ready()
    }

    fn open_sockets(&mut self, reactor: &mut Reactor) -> Result<(), ServeError> {
        self.listen(reactor, Kind::Netlink, "netlink")?;
        self.listen(reactor, Kind::Store, "store")?;
        self.listen(reactor, Kind::Uevent, "uevent")?;
        self.listen(reactor, Kind::Control, "control")?;
        for no in self.rings.keys().copied().collect::<Vec<_>>() {
            self.listen(reactor, Kind::L2(no), &format!("l2/iscsi_host{no}"))?;
        }
        for no in self.kernel.bsg_hosts() {
            self.listen(reactor, Kind::Bsg(no), &format!("bsg/iscsi_host{no}"))?;
        }
        Ok(())
    }

    fn listen(&mut self, reactor: &mut Reactor, kind: Kind, name: &str) -> Result<(), ServeError> {
        let path = self.place.root().join(name);
        let listener = socket_at(&path, self.config.group())
            .and_then(|socket| Listener::adopt(reactor, self.owner, kind, socket, &path))
            .map_err(io_error("listen on", &self.config.dir.join(name)))?;
        self.listeners.insert(listener.token(), listener);
        Ok(())
    }

    /// Carries out what the hardware of every driver wants.
    fn settle_links(&mut self, reactor: &mut Reactor, now: Instant) {
        for (driver, links) in self.links.iter_mut().enumerate() {
            if let Some(hardware) = self.kernel.hardware(driver) {
                links.settle(reactor, hardware, now);
            }
        }
    }

    /// A descriptor of a link or an echo is ready.
    fn link_ready(&mut self, reactor: &mut Reactor, now: Instant, ready: Ready) {
        for (driver, links) in self.links.iter_mut().enumerate() {
            if let Some(hardware) = self.kernel.hardware(driver)
                && links.ready(reactor, hardware, now, ready)
            {
                return;
            }
        }
    }

    /// Lets kernel and hardware talk until both are silent, then hands out what is to be sent.
    fn flush(&mut self, reactor: &mut Reactor, now: Instant) {
        self.settle_links(reactor, now);
        self.kernel.settle(now);
        self.settle_links(reactor, now);
        self.frames_in(reactor, now);
        while let Some(out) = self.kernel.poll_out() {
            match out {
                Out::To(id, packet) => {
                    if !self.with_client(id, |client, _| client.answer(reactor, now, packet)) {
                        self.close(reactor, id);
                    }
                    self.cut_off(reactor);
                }
                Out::Group(group, packet) => {
                    let mask = 1 << (group - 1);
                    self.broadcast(reactor, now, packet, |c| c.groups & mask != 0);
                }
                Out::Uevent(packet) => self.broadcast(reactor, now, packet, |c| c.kind == Kind::Uevent),
                Out::SgOpen(name, socket) => {
                    let path = self.place.root().join("sg").join(&name);
                    match Listener::adopt(reactor, self.owner, Kind::Sg(name), socket, &path) {
                        Ok(listener) => {
                            self.listeners.insert(listener.token(), listener);
                        }
                        Err(error) => tracing::error!(%error, "no sg socket"),
                    }
                }
                Out::SgClose(name) => self.close_sg(reactor, &name),
            }
        }
    }

    fn close_sg(&mut self, reactor: &mut Reactor, name: &str) {
        let kind = Kind::Sg(name.to_owned());
        let token = self
            .listeners
            .iter()
            .find(|(_, l)| *l.kind() == kind)
            .map(|(t, _)| *t);
        if let Some(listener) = token.and_then(|t| self.listeners.remove(&t)) {
            listener.close(reactor);
        }
    }
}

impl Actor for Server {
    fn ready(&mut self, reactor: &mut Reactor, now: Instant, ready: Ready) {
        if self.listeners.contains_key(&ready.token) {
            self.accept(reactor, now, ready.token);
        } else if let Some(id) = self.tokens.get(&ready.token).copied() {
            self.client_ready(reactor, now, id, ready);
        } else if !self.tap_ready(reactor, ready.token) {
            self.link_ready(reactor, now, ready);
        }
        self.flush(reactor, now);
    }

    fn deadline(&self) -> Option<Instant> {
        let resting = self.resting.iter().filter_map(|token| self.listeners.get(token));
        let unsent = self.unsent.iter().filter_map(|id| self.clients.get(id));
        std::iter::once(self.kernel.deadline())
            .chain(self.links.iter().map(AdapterLinks::deadline))
            .chain(resting.map(Listener::poll_timeout))
            .chain(unsent.map(Client::poll_timeout))
            .flatten()
            .min()
    }

    fn tick(&mut self, reactor: &mut Reactor, now: Instant) {
        for (driver, links) in self.links.iter_mut().enumerate() {
            if links.deadline().is_some_and(|at| at <= now)
                && let Some(hardware) = self.kernel.hardware(driver)
            {
                links.handle_timeout(reactor, hardware, now);
            }
        }
        self.wake_listeners(reactor, now);
        self.wake_clients(reactor, now);
        self.kernel.tick(now);
        self.flush(reactor, now);
    }

    fn finished(&self) -> bool {
        self.quit
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whoever connects now shall hear that nobody serves, not wait.
        for listener in self.listeners.values() {
            listener.unlink();
        }
    }
}

/// The drivers beside that of the card.
fn drivers(config: &Config) -> Result<Vec<Box<dyn LowLevelDriver>>, ServeError> {
    let now = Instant::now();
    let mut drivers: Vec<Box<dyn LowLevelDriver>> = Vec::new();
    let mut seed = [0u8; 32];
    if !config.offload.is_empty() {
        random(&mut seed)?;
        drivers.push(Box::new(Bnx2i::new(&config.offload, config.quirks, seed, now)));
    }
    if config.tcp {
        random(&mut seed)?;
        drivers.push(Box::new(Tcp::new(config.first_host, seed, now)));
    }
    Ok(drivers)
}

/// Switches the card on.
fn power_on(config: &Config, store: Box<dyn FlashStore>, now: Instant) -> Result<Card, ServeError> {
    let mut seed = [0u8; 32];
    random(&mut seed)?;
    let of_card = CardConfig {
        chip: config.chip()?,
        ports: config.ports,
        seed,
        link_up: true,
        lease: None,
    };
    let mut card = Card::power_on(of_card, store, now).map_err(|source| ServeError::Flash {
        path: config.flash.clone(),
        source,
    })?;
    card.offer_chap(&config.chap_algorithms);
    for (port, network) in config.networks.iter().enumerate() {
        card.set_network(port, *network);
    }
    Ok(card)
}

/// `bsg`, `sg` and `l2`, empty.
fn make_dirs(root: &Path, group: Option<Gid>) -> std::io::Result<()> {
    for sub in ["bsg", "sg", "l2"] {
        let path = root.join(sub);
        match fs::remove_dir_all(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
            _ => fs::DirBuilder::new().mode(0o700).create(&path)?,
        }
        if let Some(group) = group {
            std::os::unix::fs::chown(&path, None, Some(group.as_raw()))?;
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o750))?;
        }
    }
    Ok(())
}

fn random(seed: &mut [u8]) -> Result<(), ServeError> {
    use std::io::Read as _;
    let path = Path::new("/dev/urandom");
    fs::File::open(path)
        .and_then(|mut f| f.read_exact(seed))
        .map_err(io_error("read", path))
}
