//! One PCI function: its registers, and how writes to them work.
//!
//! Owns the state of one port's register file. What mailbox commands do stands in [`super::doorbell`], what goes through the
//! rings in [`super::traffic`]. It must not know other functions, except through the shared semaphores. Source: `ql4_init.c`,
//! `ql4_isr.c`, `ql4_os.c` (`qla4xxx_soft_reset`).

use std::collections::BTreeMap;
use std::time::Instant;

use driver_sys::hw::mailbox::MboxStatus;

use super::csr::{self, Csr, SCSI_INTR_ENABLE};
use super::doorbell::Managing;
use super::eeprom::{Eeprom, Touched};
use super::mailroom::{Mailboxes, Mailroom};
use super::map::{self, Access, Face};
use super::memory::GuestMemory;
use super::queues::Queues;
use super::semaphore::Semaphores;
use super::traffic::{Active, Passing};
use crate::fw::{Card, Event, IoTag};

/// One PCI function.
pub(super) struct Function<M> {
    face: &'static Face,
    pub(super) port: usize,
    /// Its number on the bus.
    number: u8,
    pub(super) memory: M,
    /// Registers without a life of their own, by index.
    plain: Box<[u32]>,
    pub(super) csr: Csr,
    pub(super) mailboxes_in: Mailboxes,
    pub(super) mailroom: Mailroom,
    eeprom: Eeprom,
    /// What the driver did with the EEPROM's pins since the last boot.
    touched: Option<Touched>,
    booted: bool,
    pub(super) queues: Option<Queues>,
    /// A ring was found broken: silence until the next reset.
    pub(super) broken: bool,
    pub(super) active: BTreeMap<IoTag, Active>,
    pub(super) passthroughs: Vec<Passing>,
    /// Requests wait for the next turn, since then.
    pub(super) again: Option<Instant>,
    /// A task management function that the mailbox command under way waits for.
    pub(super) managing: Option<Managing>,
    /// Task management functions that have not ended, those that the driver has given up included.
    pub(super) managements: usize,
    /// The next response is to be lost (fault injection).
    pub(super) lose_response: bool,
}

impl<M: GuestMemory> Function<M> {
    pub(super) fn new(face: &'static Face, port: usize, number: u8, memory: M) -> Self {
        Self {
            face,
            number,
            port,
            memory,
            plain: vec![0; face.len as usize / 4].into(),
            csr: Csr::default(),
            mailboxes_in: [0; 8],
            mailroom: Mailroom::default(),
            eeprom: Eeprom::default(),
            touched: None,
            booted: false,
            queues: None,
            broken: false,
            active: BTreeMap::new(),
            passthroughs: Vec::new(),
            again: None,
            managing: None,
            managements: 0,
            lose_response: false,
        }
    }

    /// Everything but guest memory is as after power-on. The caller resets the firmware.
    pub(super) fn clear(&mut self) {
        self.plain.fill(0);
        self.csr = Csr::default();
        self.mailboxes_in = [0; 8];
        self.mailroom = Mailroom::default();
        self.eeprom = Eeprom::default();
        self.booted = false;
        self.queues = None;
        self.broken = false;
        self.active.clear();
        self.passthroughs.clear();
        self.again = None;
        self.managing = None;
        self.managements = 0;
    }

    /// The level of the interrupt line.
    pub(super) fn interrupt(&self) -> bool {
        let enabled = self.interrupts_on() && self.status().intersects(Csr::INTERRUPTS);
        enabled || self.csr.contains(Csr::FATAL_ERROR)
    }

    fn interrupts_on(&self) -> bool {
        self.plain(map::INTR_MASK) & SCSI_INTR_ENABLE != 0
    }

    fn status(&self) -> Csr {
        let mut status = self.csr;
        status.set(Csr::PROCESSOR_INTR, self.mailroom.raised());
        status
    }

    fn plain(&self, offset: u32) -> u32 {
        self.plain.get(offset as usize / 4).copied().unwrap_or(0)
    }

    fn set_plain(&mut self, offset: u32, value: u32) {
        if let Some(register) = self.plain.get_mut(offset as usize / 4) {
            *register = value;
        }
    }

    /// Reads the 32-bit register at an aligned offset.
    pub(super) fn read(&mut self, now: Instant, semaphores: &Semaphores, offset: u32) -> u32 {
        match self.face.at(offset).map(|register| register.access) {
            None => 0,
            Some(Access::Mailbox) => {
                let number = ((offset - map::MAILBOX) / 4) as usize;
                self.mailroom.out().get(number).copied().unwrap_or(0)
            }
            Some(_) if offset == map::CTRL_STATUS => {
                let status = self.status().bits() | csr::function(self.number);
                self.mailroom.looked(now);
                status
            }
            Some(_) if offset == map::NVRAM => {
                self.touched = Some(Touched::again(self.touched, now));
                self.eeprom.read()
            }
            Some(_) if offset == map::SEMAPHORE => semaphores.read(),
            Some(_) => self.plain(offset),
        }
    }

    /// Writes the 32-bit register at an aligned offset.
    pub(super) fn write(
        &mut self,
        now: Instant,
        card: &mut Card,
        semaphores: &mut Semaphores,
        offset: u32,
        value: u32,
    ) {
        let Some(register) = self.face.at(offset) else {
            tracing::debug!(port = self.port, offset, value, "write to no register");
            return;
        };
        match (offset, register.access) {
            (map::CTRL_STATUS, _) => self.control(now, card, semaphores, value),
            (map::NVRAM, Access::Masked(exists)) => {
                self.touched = Some(Touched::again(self.touched, now));
                let pins = map::masked(self.eeprom.read(), value, exists);
                let program = self
                    .eeprom
                    .write(pins, |at| super::eeprom::word(card.nvram(), at));
                if let Some(program) = program {
                    self.program(now, card, program);
                }
            }
            (map::SEMAPHORE, _) => semaphores.write(self.port, value),
            (map::REQ_Q_IN, _) => {
                self.set_plain(offset, value);
                self.requests(now, card, value);
            }
            (map::RSP_Q_OUT, _) => {
                self.set_plain(offset, value);
                self.taken(value);
            }
            (_, Access::ReadOnly) => {}
            (_, Access::Plain) => self.set_plain(offset, value),
            (_, Access::Masked(exists)) => {
                let value = map::masked(self.plain(offset), value, exists);
                self.set_plain(offset, value);
            }
            (_, Access::Mailbox) => {
                if let Some(mailbox) = self.mailboxes_in.get_mut(offset as usize / 4) {
                    *mailbox = value;
                }
            }
        }
    }

    fn control(&mut self, now: Instant, card: &mut Card, semaphores: &mut Semaphores, value: u32) {
        let set = Csr::from_bits_truncate(value & value >> 16);
        if set.intersects(Csr::SOFT_RESET | Csr::FORCE_SOFT_RESET) {
            tracing::debug!(port = self.port, "soft reset");
            card.reset(now, self.port);
            self.clear();
            semaphores.release(self.port);
            return;
        }
        if set.contains(Csr::PROCESSOR_INTR) {
            self.mailroom.acknowledged(now);
        }
        self.csr.remove(set & (Csr::RESET_INTR | Csr::FATAL_ERROR));
        if set.contains(Csr::COMPLETION_INTR) && !self.queues.as_ref().is_some_and(Queues::waiting) {
            self.csr.remove(Csr::COMPLETION_INTR);
        }
        if set.contains(Csr::BOOT_ENABLE) && !self.booted {
            self.booted = true;
            if let Some(touched) = self.touched.take() {
                let (accesses, ms) = (touched.accesses, touched.time.as_millis());
                tracing::debug!(port = self.port, accesses, ms, "EEPROM read");
            }
            let mut answer = [0; 8];
            answer[0] = MboxStatus::CommandComplete.raw().into();
            self.mailroom.booted(answer);
        }
        if set.contains(Csr::INTR_RISC) && self.booted {
            let answer = self.command(now, card);
            self.mailroom.command(now, answer);
        }
        self.advance(now);
    }

    /// The firmware has something to say.
    pub(super) fn event(&mut self, now: Instant, event: Event) {
        match event {
            Event::Aen(aen) => self.mailroom.event(aen.mailboxes()),
            Event::IoDone(done) => self.io_done(done),
            Event::PingDone { handle, status } => self.ping_done(handle, status),
            Event::TaskMgmtDone { ddb, tag, outcome } => self.managed(now, ddb, tag, outcome),
            Event::PassthroughDone(done) => self.passthrough_done(done),
        }
    }

    /// Raises what is due.
    pub(super) fn advance(&mut self, now: Instant) {
        let interrupts = self.interrupts_on();
        if self.booted {
            self.mailroom.advance(now, interrupts);
        }
    }

    /// When [`Function::turn`] and [`Function::advance`] are wanted.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let both = [self.mailroom.poll_timeout(), self.again];
        both.into_iter().flatten().min()
    }
}
