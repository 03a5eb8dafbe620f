//! A card: its flash, its EEPROM and its ports, on one clock.
//!
//! Owns the ports and routes calls to them. It must not know what a port does. Links, pings and events carry the port's
//! number, so that one shell and one front end serve them all.

use std::io::IoSlice;
use std::net::SocketAddr;
use std::time::Instant;

use iscsi::LinkLoss;
use iscsi::chap::ChapAlgorithm;

use super::outbox::Outbox;
use super::port::{Ctx, Port};
use super::rom::Rom;
use super::{
    Command, DhcpLease, Effect, Event, Io, IoTag, LinkId, LoginFailure, MboxError, Network, Passthrough,
    PingId, PingStatus, Reply,
};
use crate::chip::Chip;
use crate::flash::{FlashError, FlashStore};

/// What a card is made of.
#[derive(Clone)]
pub struct CardConfig {
    /// Which chip.
    pub chip: &'static Chip,
    /// How many ports, 1 to [`Chip::max_ports`].
    pub ports: usize,
    /// Randomness: CHAP challenges follow from it. Never shown.
    pub seed: [u8; 32],
    /// The cables are in at power-on.
    pub link_up: bool,
    /// What a DHCP server on the ports' network would give; `None`: there is no server.
    pub lease: Option<DhcpLease>,
}

impl std::fmt::Debug for CardConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CardConfig")
            .field("chip", &self.chip.name)
            .field("ports", &self.ports)
            .field("link_up", &self.link_up)
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}

/// What the firmware of these cards offers in CHAP_A (docs/decisions/0014-chap-algorithms.md).
pub const FIRMWARE_CHAP: [ChapAlgorithm; 1] = [ChapAlgorithm::Md5];

/// A card.
pub struct Card {
    config: CardConfig,
    rom: Rom,
    ports: Vec<Port>,
    out: Outbox,
    /// CHAP algorithms that its firmware offers, best first.
    chap: Vec<ChapAlgorithm>,
    /// The flash was bad at the last power cycle.
    dead: bool,
}

/// Runs `$body` with the port and its context.
macro_rules! with_port {
    ($card:expr, $now:expr, $number:expr, |$port:ident, $cx:ident| $body:expr) => {{
        let card = $card;
        let mut context = Ctx {
            now: $now,
            rom: &mut card.rom,
            out: &mut card.out,
            chap: &card.chap,
        };
        let $cx = &mut context;
        card.ports.get_mut($number).map(|$port| $body)
    }};
}

impl Card {
    /// Switches a card on: reads and checks its flash. Ports wait for INITIALIZE_FIRMWARE.
    ///
    /// # Errors
    /// What is wrong with the flash. Nothing was written.
    pub fn power_on(
        config: CardConfig,
        store: Box<dyn FlashStore>,
        now: Instant,
    ) -> Result<Self, FlashError> {
        let rom = Rom::load(config.chip, config.ports, store)?;
        let network = Network {
            lease: config.lease,
            router: None,
        };
        let new = |port| Port::new(config.chip, port, &rom, config.link_up, network, now);
        Ok(Self {
            ports: (0..config.ports).map(new).collect(),
            out: Outbox::new(config.seed),
            chap: FIRMWARE_CHAP.to_vec(),
            dead: false,
            config,
            rom,
        })
    }

    /// The chip.
    #[must_use]
    pub fn chip(&self) -> &'static Chip {
        self.config.chip
    }

    /// How many ports.
    #[must_use]
    pub fn ports(&self) -> usize {
        self.config.ports
    }

    /// Has the firmware offer other CHAP algorithms than [`FIRMWARE_CHAP`], best first; with an empty list those again. It counts from
    /// the next login on.
    pub fn offer_chap(&mut self, algorithms: &[ChapAlgorithm]) {
        let list = if algorithms.is_empty() {
            &FIRMWARE_CHAP[..]
        } else {
            algorithms
        };
        self.chap = list.to_vec();
    }

    /// Connects a port to another network: a DHCP server and an IPv6 router of its own. It counts from the port's next
    /// INITIALIZE_FIRMWARE on.
    pub fn set_network(&mut self, port: usize, network: Network) {
        if let Some(port) = self.ports.get_mut(port) {
            port.set_network(network);
        }
    }

    /// The EEPROM image.
    #[must_use]
    pub fn nvram(&self) -> &[u8] {
        self.rom.nvram()
    }

    /// Executes a mailbox command on a port.
    ///
    /// # Errors
    /// The command was refused; nothing happened.
    pub fn command(&mut self, now: Instant, port: usize, command: Command) -> Result<Reply, MboxError> {
        self.alive(port)?;
        with_port!(self, now, port, |port, cx| port.command(cx, command))
            .unwrap_or_else(|| Err(no_port(port)))
    }

    /// Starts a SCSI command. A DDB that is not logged in completes it at once.
    ///
    /// # Errors
    /// The port takes no commands; the I/O comes back.
    pub fn submit_io(&mut self, now: Instant, port: usize, io: Io) -> Result<IoTag, (MboxError, Io)> {
        if let Err(error) = self.alive(port) {
            return Err((error, io));
        }
        if port >= self.ports.len() {
            return Err((no_port(port), io));
        }
        let mut io = Some(io);
        let done = with_port!(self, now, port, |port, cx| io
            .take()
            .map(|io| port.submit_io(cx, io)));
        match (done.flatten(), io) {
            (Some(done), _) => done,
            // Not reached: the port is there.
            (None, Some(io)) => Err((no_port(port), io)),
            (None, None) => Ok(IoTag(0)),
        }
    }

    /// Starts a pass-through PDU.
    ///
    /// # Errors
    /// The PDU was refused.
    pub fn submit_passthrough(
        &mut self,
        now: Instant,
        port: usize,
        pdu: Passthrough,
    ) -> Result<(), MboxError> {
        self.alive(port)?;
        with_port!(self, now, port, |port, cx| port.submit_passthrough(cx, pdu))
            .unwrap_or_else(|| Err(no_port(port)))
    }

    /// The next thing a port has to say: `(port, event)`.
    pub fn poll_event(&mut self) -> Option<(usize, Event)> {
        self.out.poll_event()
    }

    /// The next order to the shell.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        let effect = self.out.poll_effect()?;
        if let Effect::Send { link } = effect
            && let Some((port, ddb)) = self.out.link(link)
            && let Some(session) = self
                .ports
                .get_mut(port)
                .and_then(|port| port.session_of(ddb, link))
        {
            session.pump_told();
        }
        Some(effect)
    }

    /// The shell connected a link.
    pub fn connected(&mut self, now: Instant, link: LinkId, local: SocketAddr) {
        if let Some((port, ddb)) = self.out.link(link) {
            with_port!(self, now, port, |port, cx| port.connected(cx, ddb, link, local));
        }
    }

    /// The shell could not connect a link; its name is not used again.
    pub fn connect_failed(&mut self, now: Instant, link: LinkId, why: LinkLoss) {
        self.closed(now, link, why);
    }

    /// Where the next incoming bytes of a link go; empty when the link is not known (any more).
    pub fn read_slot(&mut self, link: LinkId) -> &mut [u8] {
        let Some((port, ddb)) = self.out.link(link) else {
            return &mut [];
        };
        let session = self
            .ports
            .get_mut(port)
            .and_then(|port| port.session_of(ddb, link));
        session.map_or(&mut [], |session| session.read_slot())
    }

    /// `n` bytes of the slot are filled.
    pub fn received(&mut self, now: Instant, link: LinkId, n: usize) {
        if let Some((port, ddb)) = self.out.link(link) {
            with_port!(self, now, port, |port, cx| port.received(cx, ddb, link, n));
        }
    }

    /// The link is gone; its name is not used again.
    pub fn closed(&mut self, now: Instant, link: LinkId, why: LinkLoss) {
        if let Some((port, ddb)) = self.out.link(link) {
            with_port!(self, now, port, |port, cx| port.link_lost(cx, ddb, link, why));
        }
    }

    /// Everything the link has to send, in order.
    pub fn write_slices<'a>(&'a self, link: LinkId, out: &mut Vec<IoSlice<'a>>) {
        if let Some(session) = self.session(link) {
            session.write_slices(out);
        }
    }

    /// `n` bytes of those slices were taken.
    pub fn sent(&mut self, now: Instant, link: LinkId, n: usize) {
        if let Some((port, ddb)) = self.out.link(link) {
            with_port!(self, now, port, |port, cx| port.sent(cx, ddb, link, n));
        }
    }

    /// The link is to be closed after the last byte.
    #[must_use]
    pub fn wants_close(&self, link: LinkId) -> bool {
        self.session(link)
            .is_none_or(super::session::Session::wants_close)
    }

    /// An echo came back, or did not.
    pub fn ping_done(&mut self, now: Instant, ping: PingId, status: PingStatus) {
        let _ = now;
        if let Some((port, handle)) = self.out.take_ping(ping) {
            self.out.event(port, Event::PingDone { handle, status });
        }
    }

    /// When [`Card::handle_timeout`] is wanted at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.ports.iter().filter_map(Port::poll_timeout).min()
    }

    /// Time has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        for port in 0..self.ports.len() {
            with_port!(&mut *self, now, port, |port, cx| port.handle_timeout(cx));
        }
    }

    /// Resets one port as the driver does (soft reset): sessions are gone without logout, RAM is lost; the port waits for
    /// INITIALIZE_FIRMWARE.
    pub fn reset(&mut self, now: Instant, port: usize) {
        with_port!(self, now, port, |port, cx| port.reset(cx));
    }

    /// Takes power away and gives it back: the store is read again and every port is reset.
    ///
    /// # Errors
    /// What is wrong with the flash; the card stays dead until a power cycle succeeds.
    pub fn power_cycle(&mut self, now: Instant) -> Result<(), FlashError> {
        let read = self.rom.reload();
        self.dead = read.is_err();
        for port in 0..self.ports.len() {
            self.reset(now, port);
        }
        read
    }

    /// Pulls or plugs the cable of a port. Without it every session of the port fails at once.
    pub fn set_link(&mut self, now: Instant, port: usize, up: bool) {
        with_port!(self, now, port, |port, cx| port.set_link(cx, up));
    }

    /// Tears the TCP connection of a DDB's session (fault injection); `false` when it has none.
    pub fn drop_session(&mut self, now: Instant, port: usize, ddb: u16) -> bool {
        with_port!(self, now, port, |port, cx| {
            let has = port.ddbs.get(ddb).is_some_and(|ddb| ddb.session.is_some());
            if has {
                port.end(cx, ddb, LoginFailure::Connection, None);
            }
            has
        })
        .unwrap_or(false)
    }

    /// Kills the firmware of a port (fault injection): AEN 0x8002; only a reset helps.
    pub fn crash(&mut self, now: Instant, port: usize) {
        with_port!(self, now, port, |port, cx| port.crash(cx));
    }

    fn session(&self, link: LinkId) -> Option<&super::session::Session> {
        let (port, ddb) = self.out.link(link)?;
        let session = self.ports.get(port)?.ddbs.get(ddb)?.session.as_deref()?;
        (session.link() == link).then_some(session)
    }

    fn alive(&self, port: usize) -> Result<(), MboxError> {
        if self.dead {
            return Err(MboxError::command(format!(
                "port {port} is dead: its flash cannot be read"
            )));
        }
        Ok(())
    }
}

fn no_port(port: usize) -> MboxError {
    MboxError::parameter(format!("there is no port {port}"))
}

impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Card")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
