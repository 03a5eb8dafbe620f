//! The server: an actor that serves a card's PCI functions on their sockets.
//!
//! Owns the sockets, one client each, and the order of work: requests, then the firmware's orders, then interrupt lines.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::time::Instant;

use emu_net::adapter::AdapterLinks;
use emu_net::flash_file::FlashFile;
use emu_net::reactor::{Reactor, Ready};
use emu_net::run::Actor;
use iscsi::chap::ChapAlgorithm;
use isp4xxx::Chip;
use isp4xxx::flash::{Identity, factory_default};
use isp4xxx::fw::{Card, CardConfig};
use isp4xxx::regs::{Adapter, Face};
use nix::libc;
use nix::sys::socket::SockType;

use crate::connection::{Connection, Received};
use crate::control::Control;
use crate::descriptor::{Foreign, Waiting};
use crate::device::Device;
use crate::error::{PciError, ProtocolError};
use crate::listen::Listener;
use crate::memory::DmaMap;
use crate::message::{self, Request};
use crate::order::{self, Order};
use crate::wire::{Header, MAJOR};

/// What to serve.
#[derive(Debug, Clone)]
pub struct Config {
    /// The chip, one that has a [`Face`].
    pub chip: &'static Chip,
    /// Ports of the card.
    pub ports: usize,
    /// A socket for each port, in order; ports beyond have none.
    pub sockets: Vec<PathBuf>,
    /// The flash file; made if it is missing.
    pub flash: PathBuf,
    /// Wait for the disk after flash writes.
    pub sync: bool,
    /// A socket that takes faults.
    pub control: Option<PathBuf>,
    /// CHAP algorithms that the firmware offers, best first; empty: what firmware of these cards does.
    pub chap_algorithms: Vec<ChapAlgorithm>,
}

/// Most messages of one client in a row.
const BURST: usize = 64;

/// One function: its socket, its client, its PCI side.
#[derive(Debug)]
struct Slot {
    listener: Listener,
    connection: Option<Connection>,
    device: Device,
    /// Versions are agreed.
    agreed: bool,
    /// Descriptors of its clients, those that have left included.
    waiting: Waiting,
}

/// A served card.
pub struct Server {
    owner: u32,
    adapter: Adapter<DmaMap>,
    links: AdapterLinks,
    slots: Vec<Slot>,
    control: Option<Control>,
    quit: bool,
}

impl Server {
    /// Switches the card on and opens the sockets. `owner` is this actor's number on the reactor.
    ///
    /// # Errors
    /// The chip has no such model, the flash cannot be used, a socket cannot be opened.
    pub fn start(config: &Config, reactor: &mut Reactor, owner: u32) -> Result<Self, PciError> {
        let chip = config.chip;
        let face = chip.face.ok_or_else(|| PciError::Chip(chip.name.to_owned()))?;
        if config.sockets.is_empty() || config.sockets.len() > config.ports || config.ports > chip.max_ports {
            return Err(PciError::Sockets {
                sockets: config.sockets.len(),
                ports: config.ports,
            });
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| PciError::Random(error.to_string()))?;
        let card_config = CardConfig {
            chip,
            ports: config.ports,
            seed,
            link_up: true,
            lease: None,
        };
        let store = Box::new(flash(config)?);
        let mut card =
            Card::power_on(card_config, store, Instant::now()).map_err(|source| PciError::Flash {
                path: config.flash.clone(),
                source,
            })?;
        card.offer_chap(&config.chap_algorithms);
        Self::serve(config, face, card, reactor, owner)
    }

    fn serve(
        config: &Config,
        face: &'static Face,
        card: Card,
        reactor: &mut Reactor,
        owner: u32,
    ) -> Result<Self, PciError> {
        let chip = config.chip;
        let slots = config.sockets.iter().enumerate().map(|(port, path)| {
            Ok(Slot {
                listener: Listener::bind(reactor, owner, path, SockType::Stream)?,
                connection: None,
                device: Device::new(chip, face, port),
                agreed: false,
                waiting: Waiting::default(),
            })
        });
        let slots = slots.collect::<Result<_, PciError>>()?;
        let control = config.control.as_deref();
        let control = control.map(|path| Control::bind(reactor, owner, path));
        Ok(Self {
            owner,
            control: control.transpose()?,
            quit: false,
            slots,
            adapter: Adapter::new(face, card, |_| DmaMap::default()),
            links: AdapterLinks::new(owner),
        })
    }

    fn accept(&mut self, reactor: &mut Reactor, now: Instant, port: usize) {
        // A client that died just now makes room for the next one.
        self.serve_client(reactor, now, port);
        let Some(slot) = self.slots.get_mut(port) else {
            return;
        };
        for stream in slot.listener.accept(reactor, now) {
            if slot.connection.is_some() {
                tracing::warn!(port, "a second client was turned away");
                continue;
            }
            match Connection::new(reactor, self.owner, stream, slot.waiting.clone()) {
                Ok(connection) => {
                    tracing::info!(port, "client connected");
                    slot.connection = Some(connection);
                }
                Err(error) => tracing::warn!(port, %error, "a client was turned away"),
            }
        }
    }

    /// Answers what a client has sent.
    fn serve_client(&mut self, reactor: &mut Reactor, now: Instant, port: usize) {
        for _ in 0..BURST {
            let Some(connection) = self.slots.get_mut(port).and_then(|slot| slot.connection.as_mut()) else {
                return;
            };
            match connection.receive() {
                Ok(Received::Nothing) => return,
                Ok(Received::Closed) => {
                    tracing::info!(port, "client gone");
                    return self.drop_client(reactor, now, port);
                }
                Ok(Received::Message(header, body, fds)) => {
                    if let Err(error) = self.message(reactor, now, port, &header, &body, fds) {
                        tracing::warn!(port, %error, "client disconnected");
                        return self.drop_client(reactor, now, port);
                    }
                }
                Err(error) => {
                    tracing::warn!(port, %error, "client disconnected");
                    return self.drop_client(reactor, now, port);
                }
            }
        }
    }

    fn message(
        &mut self,
        reactor: &mut Reactor,
        now: Instant,
        port: usize,
        header: &Header,
        body: &[u8],
        fds: Option<Vec<Foreign>>,
    ) -> Result<(), ProtocolError> {
        let Some(slot) = self.slots.get_mut(port) else {
            return Ok(());
        };
        let request = message::decode(header.command, body);
        if let Ok(Request::Version { major, minor }) = &request {
            if *major != MAJOR {
                return Err(ProtocolError::Version(*major, *minor));
            }
            slot.agreed = true;
        } else if !slot.agreed {
            return Err(ProtocolError::TooEarly(header.command));
        }
        tracing::trace!(port, ?request, "vfio-user");
        let answer = request.and_then(|request| {
            // Without them it would mean something else.
            let fds = fds.ok_or(libc::EMFILE)?;
            slot.device.answer(&mut self.adapter, now, &request, body, fds)
        });
        // Before the reply: whoever hears that an interrupt is acknowledged may unmask it next.
        slot.device.level(self.adapter.interrupt(port));
        if let Err(errno) = answer {
            tracing::debug!(port, command = header.command, errno, "request refused");
        }
        if !header.no_reply()
            && let Some(connection) = &mut slot.connection
        {
            let reply = header.reply(answer.as_deref().map_err(|errno| *errno));
            connection
                .send(reactor, reply)
                .map_err(|_| ProtocolError::Stalled)?;
        }
        Ok(())
    }

    fn drop_client(&mut self, reactor: &mut Reactor, now: Instant, port: usize) {
        if let Some(slot) = self.slots.get_mut(port)
            && let Some(connection) = slot.connection.take()
        {
            connection.close(reactor);
            slot.agreed = false;
            slot.device.client_gone(&mut self.adapter, now);
        }
    }

    /// Executes the firmware's orders and sets the interrupt lines.
    fn flush(&mut self, reactor: &mut Reactor, now: Instant) {
        self.links.settle(reactor, self.adapter.card_mut(), now);
        self.adapter.settle(now);
        for (port, slot) in self.slots.iter_mut().enumerate() {
            slot.device.level(self.adapter.interrupt(port));
        }
    }
}

impl Actor for Server {
    fn ready(&mut self, reactor: &mut Reactor, now: Instant, ready: Ready) {
        let listener = |slot: &Slot| slot.listener.token() == ready.token;
        let client = |slot: &Slot| slot.connection.as_ref().map(Connection::token) == Some(ready.token);
        if let Some(port) = self.slots.iter().position(client) {
            let flushed = self.slots.get_mut(port).and_then(|slot| slot.connection.as_mut());
            if ready.writable && flushed.is_some_and(|connection| connection.flush(reactor).is_err()) {
                self.drop_client(reactor, now, port);
            }
            self.serve_client(reactor, now, port);
        } else if let Some(port) = self.slots.iter().position(listener) {
            self.accept(reactor, now, port);
        } else if !self.links.ready(reactor, self.adapter.card_mut(), now, ready)
            && let Some(control) = &mut self.control
            && let Some(line) = control.ready(reactor, now, self.owner, ready.token)
        {
            let answer = match order::execute(&mut self.adapter, &mut self.links, now, &line) {
                Ok(order) => {
                    self.quit |= order == Order::Quit;
                    "ok".to_owned()
                }
                Err(why) => format!("error {why}"),
            };
            control.answer(reactor, ready.token, &answer);
        }
        // What follows from it is done in the tick after the batch.
    }

    fn deadline(&self) -> Option<Instant> {
        let both = [self.adapter.poll_timeout(), self.links.deadline()];
        let listeners = self.slots.iter().map(|slot| slot.listener.poll_timeout());
        let control = self.control.as_ref().and_then(Control::poll_timeout);
        let all = both.into_iter().chain(listeners).chain([control]);
        all.flatten().min()
    }

    fn finished(&self) -> bool {
        self.quit
    }

    fn tick(&mut self, reactor: &mut Reactor, now: Instant) {
        if self.links.deadline().is_some_and(|at| at <= now) {
            self.links.handle_timeout(reactor, self.adapter.card_mut(), now);
        }
        for slot in &mut self.slots {
            slot.listener.handle_timeout(reactor, now);
        }
        if let Some(control) = &mut self.control {
            control.handle_timeout(reactor, now);
        }
        self.adapter.handle_timeout(now);
        self.flush(reactor, now);
    }
}

/// The flash file; a missing one is made, as the factory would deliver it.
fn flash(config: &Config) -> Result<FlashFile, PciError> {
    let failed = |source| PciError::Store {
        path: config.flash.clone(),
        source,
    };
    let store = if config.flash.exists() {
        FlashFile::open(&config.flash, config.chip, config.ports).map_err(failed)?
    } else {
        if let Some(parent) = config.flash.parent() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(parent)
                .map_err(|source| PciError::Io {
                    what: "create",
                    path: parent.to_owned(),
                    source,
                })?;
        }
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).map_err(|error| PciError::Random(error.to_string()))?;
        let identity = Identity {
            seed: u64::from_ne_bytes(seed),
        };
        let contents = factory_default(config.chip, config.ports, identity);
        FlashFile::create(&config.flash, config.chip, config.ports, &contents).map_err(failed)?
    };
    Ok(if config.sync { store } else { store.without_sync() })
}
