//! The server: an actor that drives the emulated kernel from its sockets.

use std::collections::HashMap;
use std::fs;
use std::io;
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
use nix::fcntl::{Flock, FlockArg};

use super::client::{Client, Received};
use super::error::{ServeError, io_error};
use super::listen::{Kind, Listener};
use crate::config::Config;
use crate::kernel::{ClientId, Kernel, Out};
use crate::tree::Tree;

/// A running emulated kernel: an actor on the reactor.
pub struct Server {
    pub(super) config: Config,
    pub(super) owner: u32,
    pub(super) kernel: Kernel,
    pub(super) links: AdapterLinks,
    pub(super) listeners: HashMap<Token, Listener>,
    pub(super) clients: HashMap<ClientId, Client>,
    pub(super) tokens: HashMap<Token, ClientId>,
    pub(super) next_client: u64,
    pub(super) quit: bool,
    pub(super) _lock: Flock<fs::File>,
}

impl Server {
    /// As [`Server::start_with`], with the flash in the file that the configuration names; a missing one is made, as the
    /// factory would deliver it.
    ///
    /// # Errors
    /// As [`Server::start_with`]; the flash file has another size, or another process uses it.
    pub fn start(config: Config, reactor: &mut Reactor, owner: u32) -> Result<Self, ServeError> {
        let chip = config.chip()?;
        let open = if config.flash.exists() {
            FlashFile::open(&config.flash, config.ports, chip.nvram_size)
        } else {
            let mut seed = [0u8; 8];
            random(&mut seed)?;
            if let Some(parent) = config.flash.parent() {
                fs::create_dir_all(parent).map_err(io_error("create", parent))?;
            }
            let contents = factory_default(
                chip,
                config.ports,
                Identity {
                    seed: u64::from_ne_bytes(seed),
                },
            );
            FlashFile::create(&config.flash, config.ports, &contents)
        };
        let store = open.map_err(|e| ServeError::Store {
            path: config.flash.clone(),
            source: e,
        })?;
        let store = if config.sync { store } else { store.without_sync() };
        Self::start_with(config, Box::new(store), reactor, owner)
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
        let chip = config.chip()?;
        // The tree shows CHAP secrets, which a real kernel shows only to root.
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder
            .create(&config.dir)
            .map_err(io_error("create", &config.dir))?;
        let lock = lock(&config.dir)?;
        let mut seed = [0u8; 32];
        random(&mut seed)?;
        let now = Instant::now();
        let card_config = CardConfig {
            chip,
            ports: config.ports,
            seed,
            link_up: true,
            lease: None,
        };
        let mut card = Card::power_on(card_config, store, now).map_err(|source| ServeError::Flash {
            path: config.flash.clone(),
            source,
        })?;
        for (port, network) in config.networks.iter().enumerate() {
            card.set_network(port, *network);
        }
        let tree = Tree::create(&config.dir).map_err(io_error("write the sysfs tree in", &config.dir))?;
        make_dirs(&config.dir)?;
        let kernel = Kernel::load(config.clone(), tree, card, now)
            .map_err(io_error("write the sysfs tree in", &config.dir))?;
        let mut links = AdapterLinks::new(owner);
        if let Some(path) = &config.pcap {
            links.capture(Capture::create(path).map_err(io_error("capture to", path))?);
        }
        let mut server = Self {
            links,
            config,
            owner,
            kernel,
            listeners: HashMap::new(),
            clients: HashMap::new(),
            tokens: HashMap::new(),
            next_client: 0,
            quit: false,
            _lock: lock,
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
        for port in 0..self.config.ports {
            let no = self.config.first_host + port as u32;
            self.listen(reactor, Kind::Bsg(no), &format!("bsg/iscsi_host{no}"))?;
        }
        Ok(())
    }

    fn listen(&mut self, reactor: &mut Reactor, kind: Kind, name: &str) -> Result<(), ServeError> {
        let path = self.config.dir.join(name);
        let listener =
            Listener::bind(reactor, self.owner, kind, &path).map_err(io_error("listen on", &path))?;
        self.listeners.insert(listener.token(), listener);
        Ok(())
    }

    fn accept(&mut self, reactor: &mut Reactor, token: Token) {
        let Some(listener) = self.listeners.get(&token) else {
            return;
        };
        let kind = listener.kind().clone();
        while let Some(fd) = self.listeners.get(&token).and_then(Listener::accept) {
            self.next_client += 1;
            let id = ClientId(self.next_client);
            match Client::new(reactor, self.owner, kind.clone(), fd) {
                Ok(client) => {
                    self.tokens.insert(client.token(), id);
                    self.clients.insert(id, client);
                }
                Err(error) => tracing::warn!(%error, "a client was turned away"),
            }
        }
    }

    fn close(&mut self, reactor: &mut Reactor, id: ClientId) {
        if let Some(client) = self.clients.remove(&id) {
            self.tokens.remove(&client.token());
            client.close(reactor);
            self.kernel.client_gone(id);
            self.count_listeners();
        }
    }

    pub(super) fn count_listeners(&mut self) {
        self.kernel.listeners = self.clients.values().fold(0, |all, c| all | c.groups);
    }

    fn client_ready(&mut self, reactor: &mut Reactor, now: Instant, id: ClientId, ready: Ready) {
        if ready.writable
            && let Some(client) = self.clients.get_mut(&id)
            && !client.flush(reactor)
        {
            self.close(reactor, id);
            return;
        }
        if !ready.readable {
            return;
        }
        // One client may not starve the others: so many packets a turn.
        for _ in 0..64 {
            let Some(client) = self.clients.get_mut(&id) else {
                return;
            };
            match client.receive() {
                Received::Nothing => return,
                Received::Closed => {
                    self.close(reactor, id);
                    return;
                }
                Received::Packet(packet) => {
                    if !self.packet(now, id, &packet) {
                        self.close(reactor, id);
                        return;
                    }
                }
            }
        }
    }

    /// Lets kernel and card talk until both are silent, then hands out what is to be sent.
    fn flush(&mut self, reactor: &mut Reactor, now: Instant) {
        self.links.settle(reactor, self.kernel.card_mut(), now);
        self.kernel.settle(now);
        self.links.settle(reactor, self.kernel.card_mut(), now);
        while let Some(out) = self.kernel.poll_out() {
            match out {
                Out::To(id, packet) => self.send(reactor, id, packet, false),
                Out::Group(group, packet) => {
                    let mask = 1 << (group - 1);
                    self.broadcast(reactor, &packet, |c| c.groups & mask != 0);
                }
                Out::Uevent(packet) => self.broadcast(reactor, &packet, |c| c.kind == Kind::Uevent),
                Out::SgOpen(name, socket) => {
                    let path = self.config.dir.join("sg").join(&name);
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

    fn broadcast(&mut self, reactor: &mut Reactor, packet: &[u8], to: impl Fn(&Client) -> bool) {
        let ids: Vec<ClientId> = self
            .clients
            .iter()
            .filter(|(_, c)| to(c))
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            self.send(reactor, id, packet.to_vec(), true);
        }
    }

    fn send(&mut self, reactor: &mut Reactor, id: ClientId, packet: Vec<u8>, droppable: bool) {
        if let Some(client) = self.clients.get_mut(&id)
            && !client.send(reactor, packet, droppable)
        {
            self.close(reactor, id);
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
            self.accept(reactor, ready.token);
        } else if let Some(id) = self.tokens.get(&ready.token).copied() {
            self.client_ready(reactor, now, id, ready);
        } else {
            self.links.ready(reactor, self.kernel.card_mut(), now, ready);
        }
        self.flush(reactor, now);
    }

    fn deadline(&self) -> Option<Instant> {
        [self.kernel.deadline(), self.links.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    fn tick(&mut self, reactor: &mut Reactor, now: Instant) {
        if self.links.deadline().is_some_and(|at| at <= now) {
            self.links.handle_timeout(reactor, self.kernel.card_mut(), now);
        }
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

fn lock(dir: &Path) -> Result<Flock<fs::File>, ServeError> {
    let path = dir.join("lock");
    let file = fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(io_error("open", &path))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, errno)| match errno {
        nix::errno::Errno::EWOULDBLOCK => ServeError::Locked(dir.to_owned()),
        other => io_error("lock", &path)(other.into()),
    })
}

fn make_dirs(dir: &Path) -> Result<(), ServeError> {
    for sub in ["bsg", "sg"] {
        let path = dir.join(sub);
        match fs::remove_dir_all(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(io_error("remove", &path)(e)),
            _ => fs::create_dir(&path).map_err(io_error("create", &path))?,
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
