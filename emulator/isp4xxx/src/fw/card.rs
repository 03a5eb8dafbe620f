//! A card: its flash, its EEPROM and its ports, on one clock.
//!
//! Owns the ports and routes calls to them. It must not know what a port does. Links, pings and events carry the port's
//! number, so that one shell and one front end serve them all.

use std::io::IoSlice;
use std::net::SocketAddr;
use std::time::Instant;

use iscsi::LinkLoss;

use super::{Command, Effect, Event, Io, IoTag, LinkId, MboxError, Passthrough, PingId, PingStatus, Reply};
use crate::chip::Chip;
use crate::flash::{FlashError, FlashStore, Image, validate};

/// What a card is made of.
#[derive(Debug, Clone)]
pub struct CardConfig {
    /// Which chip.
    pub chip: &'static Chip,
    /// How many ports, 1 to [`Chip::max_ports`].
    pub ports: usize,
    /// Randomness: CHAP challenges follow from it. Never show it.
    pub seed: [u8; 32],
    /// The cables are in at power-on.
    pub link_up: bool,
}

/// A card.
pub struct Card {
    config: CardConfig,
    store: Box<dyn FlashStore>,
    image: Image,
    nvram: Vec<u8>,
}

impl Card {
    /// Switches a card on: reads and checks its flash. Ports wait for INITIALIZE_FIRMWARE.
    ///
    /// # Errors
    /// What is wrong with the flash. Nothing was written.
    pub fn power_on(
        config: CardConfig,
        mut store: Box<dyn FlashStore>,
        _now: Instant,
    ) -> Result<Self, FlashError> {
        let loaded = store.load()?;
        let (image, nvram) = validate::accept(config.chip, config.ports, &loaded)?;
        Ok(Self {
            config,
            store,
            image,
            nvram,
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

    /// Executes a mailbox command on a port.
    ///
    /// # Errors
    /// The command was refused; nothing happened.
    pub fn command(&mut self, now: Instant, port: usize, command: Command) -> Result<Reply, MboxError> {
        let _ = (now, port, &self.store, &self.image, &self.nvram);
        Err(MboxError::unsupported(format!("{command:?} is not known")))
    }

    /// Starts a SCSI command.
    ///
    /// # Errors
    /// The command was refused (no such session); the buffer comes back.
    pub fn submit_io(&mut self, now: Instant, port: usize, io: Io) -> Result<IoTag, (MboxError, Io)> {
        let _ = now;
        Err((MboxError::command(format!("port {port} has no session")), io))
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
        let _ = (now, pdu);
        Err(MboxError::command(format!("port {port} has no session")))
    }

    /// The next thing a port has to say: `(port, event)`.
    pub fn poll_event(&mut self) -> Option<(usize, Event)> {
        None
    }

    /// The next order to the shell.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        None
    }

    /// The shell connected a link.
    pub fn connected(&mut self, now: Instant, link: LinkId, local: SocketAddr) {
        let _ = (now, link, local);
    }

    /// The shell could not connect a link; its name is not used again.
    pub fn connect_failed(&mut self, now: Instant, link: LinkId, why: LinkLoss) {
        let _ = (now, link, why);
    }

    /// Where the next incoming bytes of a link go; empty when the link is not known (any more).
    pub fn read_slot(&mut self, link: LinkId) -> &mut [u8] {
        let _ = link;
        &mut []
    }

    /// `n` bytes of the slot are filled.
    pub fn received(&mut self, now: Instant, link: LinkId, n: usize) {
        let _ = (now, link, n);
    }

    /// The link is gone; its name is not used again.
    pub fn closed(&mut self, now: Instant, link: LinkId, why: LinkLoss) {
        let _ = (now, link, why);
    }

    /// Everything the link has to send, in order.
    pub fn write_slices<'a>(&'a self, link: LinkId, out: &mut Vec<IoSlice<'a>>) {
        let _ = (link, out);
    }

    /// `n` bytes of those slices were taken.
    pub fn sent(&mut self, now: Instant, link: LinkId, n: usize) {
        let _ = (now, link, n);
    }

    /// The link is to be closed after the last byte.
    #[must_use]
    pub fn wants_close(&self, link: LinkId) -> bool {
        let _ = link;
        true
    }

    /// An echo came back, or did not.
    pub fn ping_done(&mut self, now: Instant, ping: PingId, status: PingStatus) {
        let _ = (now, ping, status);
    }

    /// When [`Card::handle_timeout`] is wanted at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Time has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    /// Resets one port as the driver does (soft reset): sessions are gone without logout, RAM is lost, flash is read again;
    /// the port waits for INITIALIZE_FIRMWARE.
    pub fn reset(&mut self, now: Instant, port: usize) {
        let _ = (now, port);
    }

    /// Takes power away and gives it back: [`Card::reset`] of every port, after reading the store again.
    ///
    /// # Errors
    /// What is wrong with the flash; the card stays dead until a power cycle succeeds.
    pub fn power_cycle(&mut self, now: Instant) -> Result<(), FlashError> {
        let _ = now;
        let loaded = self.store.load()?;
        (self.image, self.nvram) = validate::accept(self.config.chip, self.config.ports, &loaded)?;
        Ok(())
    }

    /// Pulls or plugs the cable of a port.
    pub fn set_link(&mut self, now: Instant, port: usize, up: bool) {
        let _ = (now, port, up);
    }

    /// Tears the TCP connection of a DDB's session (fault injection); `false` when it has none.
    pub fn drop_session(&mut self, now: Instant, port: usize, ddb: u16) -> bool {
        let _ = (now, port, ddb);
        false
    }

    /// Kills the firmware of a port (fault injection): AEN 0x8002; only a reset helps.
    pub fn crash(&mut self, now: Instant, port: usize) {
        let _ = (now, port);
    }
}

impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Card")
            .field("chip", &self.config.chip.name)
            .field("ports", &self.config.ports)
            .finish_non_exhaustive()
    }
}
