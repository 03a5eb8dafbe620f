//! One PCI function: its registers, its rings, and the commands it has under way.
//!
//! Owns the state of one port's register file and the translation between it and the firmware's vocabulary. It must not know
//! other functions, except through the shared semaphores. Bad rings or descriptors end as on hardware: a failed command, or a
//! transfer error event after which the driver resets the adapter. Source: `ql4_init.c`, `ql4_isr.c`, `ql4_iocb.c`, `ql4_os.c`
//! (`qla4xxx_soft_reset`).

use std::collections::BTreeMap;
use std::time::Instant;

use driver_sys::hw::mailbox::MboxStatus;

use super::csr::{Csr, FUNCTION, SCSI_INTR_ENABLE};
use super::eeprom::{Eeprom, Program};
use super::mailroom::{Mailboxes, Mailroom};
use super::map::{self, Access};
use super::memory::{GuestMemory, Segment};
use super::queues::{Queues, RingError};
use super::request::{self, Ping, Request, Scsi};
use super::semaphore::Semaphores;
use super::{mailbox, response};
use crate::fw::{
    Card, Command, Completion, Direction, Event, Io, IoDone, IoTag, Passthrough, PassthroughDone, Reply,
};

/// `MBOX_ASTS_REQUEST_TRANSFER_ERROR`: requests cannot be fetched.
const REQUEST_TRANSFER_ERROR: u32 = 0x8003;
/// `MBOX_ASTS_RESPONSE_TRANSFER_ERROR`: responses cannot be delivered.
const RESPONSE_TRANSFER_ERROR: u32 = 0x8004;

/// A SCSI command under way.
#[derive(Debug)]
struct Active {
    handle: u32,
    /// Where the payload is to be copied to when it has come; nowhere when it comes in place.
    segments: Vec<Segment>,
    /// Bytes of memory of our own that it holds.
    copied: usize,
}

/// Most memory of our own that payload of one function takes; a driver that wants more hears that the queue is full.
const MAX_COPIED: usize = 64 << 20;
/// Most pass-through PDUs of one function under way.
const MAX_PASSTHROUGHS: usize = 256;

/// One PCI function.
pub(super) struct Function<M> {
    port: usize,
    pub(super) memory: M,
    /// Registers without a life of their own, by index.
    plain: [u32; map::REGISTER_FILE_LEN as usize / 4],
    csr: Csr,
    mailboxes_in: Mailboxes,
    mailroom: Mailroom,
    eeprom: Eeprom,
    booted: bool,
    queues: Option<Queues>,
    /// A ring was found broken: silence until the next reset.
    broken: bool,
    active: BTreeMap<IoTag, Active>,
    passthroughs: BTreeMap<(u16, u32), Segment>,
    /// The next response is to be lost (fault injection).
    pub(super) lose_response: bool,
}

impl<M: GuestMemory> Function<M> {
    pub(super) fn new(port: usize, memory: M) -> Self {
        Self {
            port,
            memory,
            plain: [0; map::REGISTER_FILE_LEN as usize / 4],
            csr: Csr::default(),
            mailboxes_in: [0; 8],
            mailroom: Mailroom::default(),
            eeprom: Eeprom::default(),
            booted: false,
            queues: None,
            broken: false,
            active: BTreeMap::new(),
            passthroughs: BTreeMap::new(),
            lose_response: false,
        }
    }

    /// Everything but guest memory is as after power-on. The caller resets the firmware.
    pub(super) fn clear(&mut self) {
        self.plain = [0; map::REGISTER_FILE_LEN as usize / 4];
        self.csr = Csr::default();
        self.mailboxes_in = [0; 8];
        self.mailroom = Mailroom::default();
        self.eeprom = Eeprom::default();
        self.booted = false;
        self.queues = None;
        self.broken = false;
        self.active.clear();
        self.passthroughs.clear();
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
        match map::at(offset).map(|register| register.access) {
            None => 0,
            Some(Access::Mailbox) => {
                let number = ((offset - map::MAILBOX) / 4) as usize;
                self.mailroom.out().get(number).copied().unwrap_or(0)
            }
            Some(_) if offset == map::CTRL_STATUS => {
                let status = self.status().bits() | FUNCTION.get(self.port).copied().unwrap_or(0);
                self.mailroom.looked(now);
                status
            }
            Some(_) if offset == map::NVRAM => self.eeprom.read(),
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
        let Some(register) = map::at(offset) else {
            tracing::debug!(port = self.port, offset, value, "write to no register");
            return;
        };
        match (offset, register.access) {
            (map::CTRL_STATUS, _) => self.control(now, card, semaphores, value),
            (map::NVRAM, Access::Masked(exists)) => {
                let pins = map::masked(self.eeprom.read(), value, exists);
                let program = self.eeprom.write(pins, |at| word(card.nvram(), at));
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

    /// Executes what the in-mailboxes hold.
    fn command(&mut self, now: Instant, card: &mut Card) -> Mailboxes {
        let m = self.mailboxes_in;
        let active = &self.active;
        let tag = |handle| {
            let found = active.iter().find(|(_, active)| active.handle == handle);
            found.map(|(tag, _)| *tag)
        };
        let done = mailbox::decode(&self.memory, &m, tag).and_then(|decoded| {
            let (command, to) = decoded.split();
            let name = format!("{command:?}");
            if let Command::InitializeFirmware(block) = &command {
                self.queues = Queues::new(block);
                self.broken = false;
                self.active.clear();
            }
            let reply = card.command(now, self.port, command);
            tracing::debug!(port = self.port, command = name, mailboxes = ?&m[1..6], ?reply, "mailbox");
            if matches!((&reply, m[0] & 0xFFFF), (Ok(Reply::Done), STOP_FW)) {
                self.queues = None;
            }
            mailbox::encode(&self.memory, to, reply?)
        });
        done.unwrap_or_else(|error| {
            tracing::debug!(port = self.port, code = m[0], %error, "mailbox command refused");
            mailbox::refused(&error)
        })
    }

    /// The EEPROM was written pin by pin. The checksum stays the writer's business, as on the chip; the card mends it.
    fn program(&mut self, now: Instant, card: &mut Card, program: Program) {
        let (offset, data) = match program {
            Program::Word(at, value) => (u32::from(at) * 2, value.to_le_bytes().to_vec()),
            Program::All(value) => (0, value.to_le_bytes().repeat(card.nvram().len() / 2)),
        };
        if let Err(error) = card.command(now, self.port, Command::SetNvram { offset, data }) {
            tracing::warn!(port = self.port, %error, "EEPROM not written");
        }
    }

    fn requests(&mut self, now: Instant, card: &mut Card, request_in: u32) {
        if self.broken {
            return;
        }
        // Before INITIALIZE_FIRMWARE the driver only zeroes the index.
        let Some(queues) = &mut self.queues else { return };
        let fetched = match queues.fetch(&self.memory, request_in) {
            Ok(fetched) => fetched,
            Err(error) => return self.ring_broke(error),
        };
        for entries in fetched {
            match request::decode(&self.memory, &entries) {
                Ok(Request::Scsi(scsi)) => self.scsi(now, card, scsi),
                Ok(Request::Passthrough(pdu, answer)) => self.passthrough(now, card, pdu, answer),
                Ok(Request::Ping(ping)) => self.ping(now, card, ping),
                Ok(Request::BadMailbox(handle, mut mailboxes)) => {
                    mailboxes[0] = MboxStatus::CommandError.raw().into();
                    self.respond(response::mailbox(handle, mailboxes));
                }
                Ok(Request::Marker) => {}
                Err(_) => return self.ring_broke(RingError::Request),
            }
        }
    }

    fn scsi(&mut self, now: Instant, card: &mut Card, scsi: Scsi) {
        let handle = scsi.handle;
        let Some(segments) = scsi.segments else {
            tracing::debug!(port = self.port, handle, "descriptors do not fit the byte count");
            return self.respond(response::refused(handle, Completion::Incomplete));
        };
        let in_place = self.memory.in_place(&segments, scsi.direction);
        let own = if in_place.is_none() {
            segments.iter().map(|segment| segment.len).sum()
        } else {
            0
        };
        let held: usize = self.active.values().map(|active| active.copied).sum();
        if self.active.len() >= card.chip().iocbs.into() || held.saturating_add(own) > MAX_COPIED {
            return self.respond(response::refused(handle, Completion::QueueFull));
        }
        let lent = in_place.map_or_else(|| self.memory.lend(&segments, scsi.direction), Ok);
        let buffer = match lent {
            Ok(buffer) => buffer,
            Err(error) => {
                tracing::debug!(port = self.port, handle, %error, "bad descriptor");
                return self.respond(response::refused(handle, Completion::Incomplete));
            }
        };
        let io = Io {
            ddb: scsi.ddb,
            lun: scsi.lun,
            cdb: scsi.cdb,
            direction: scsi.direction,
            buffer,
            attribute: scsi.attribute,
        };
        match card.submit_io(now, self.port, io) {
            Ok(tag) => {
                let segments = match scsi.direction {
                    Direction::Read if own > 0 => segments,
                    _ => Vec::new(),
                };
                let active = Active {
                    handle,
                    segments,
                    copied: own,
                };
                self.active.insert(tag, active);
            }
            Err((error, _)) => {
                tracing::debug!(port = self.port, handle, %error, "command refused");
                self.respond(response::refused(handle, Completion::DeviceUnavailable));
            }
        }
    }

    fn passthrough(&mut self, now: Instant, card: &mut Card, pdu: Passthrough, answer: Segment) {
        let (ddb, handle) = (pdu.ddb, pdu.handle);
        if self.passthroughs.len() >= MAX_PASSTHROUGHS {
            return self.respond(response::passthrough(handle, ddb, false, 0));
        }
        match card.submit_passthrough(now, self.port, pdu) {
            Ok(()) => {
                self.passthroughs.insert((ddb, handle), answer);
            }
            Err(error) => {
                tracing::debug!(port = self.port, ddb, %error, "pass-through refused");
                self.respond(response::passthrough(handle, ddb, false, 0));
            }
        }
    }

    fn ping(&mut self, now: Instant, card: &mut Card, ping: Ping) {
        let handle = ping.handle;
        let command = Command::Ping {
            source: ping.source,
            to: ping.to,
            size: ping.size,
            handle,
        };
        if let Err(error) = card.command(now, self.port, command) {
            tracing::debug!(port = self.port, %error, "echo refused");
            self.respond(response::ping(handle, crate::fw::PingStatus::InvalidDestination));
        }
    }

    /// The firmware has something to say.
    pub(super) fn event(&mut self, event: Event) {
        match event {
            Event::Aen(aen) => self.mailroom.event(aen.mailboxes()),
            Event::IoDone(done) => self.io_done(done),
            Event::PingDone { handle, status } => self.respond(response::ping(handle, status)),
            Event::TaskMgmtDone { ddb, tag, outcome } => {
                tracing::debug!(port = self.port, ddb, ?tag, ?outcome, "task management");
            }
            Event::PassthroughDone(done) => self.passthrough_done(done),
        }
    }

    fn io_done(&mut self, done: IoDone) {
        // What a reset took away is not the driver's any more.
        let Some(Active { handle, segments, .. }) = self.active.remove(&done.tag) else {
            return;
        };
        let mut entries = response::status(handle, &done);
        if !segments.is_empty()
            && let Err(error) = self.memory.give_back(&segments, done.buffer, done.transferred)
        {
            tracing::debug!(port = self.port, handle, %error, "payload lost");
            entries = vec![response::refused(handle, Completion::Incomplete)];
        }
        if std::mem::take(&mut self.lose_response) {
            tracing::info!(port = self.port, handle, "a response is lost on purpose");
            return;
        }
        for entry in entries {
            self.respond(entry);
        }
    }

    fn passthrough_done(&mut self, done: PassthroughDone) {
        let Some(room) = self.passthroughs.remove(&(done.ddb, done.handle)) else {
            return;
        };
        let (complete, unused) = match &done.answer {
            Ok((header, data)) => {
                let mut bytes = header.to_vec();
                bytes.extend_from_slice(data);
                bytes.truncate(room.len);
                let written = self.memory.write(room.at, &bytes).is_ok();
                (written, (room.len - bytes.len()) as u32)
            }
            Err(_) => (false, room.len as u32),
        };
        self.respond(response::passthrough(done.handle, done.ddb, complete, unused));
    }

    fn respond(&mut self, entry: super::iocb::Entry) {
        if self.broken {
            return;
        }
        let Some(queues) = &mut self.queues else { return };
        match queues.respond(&self.memory, entry) {
            Ok(()) => self.csr.insert(Csr::COMPLETION_INTR),
            Err(error) => self.ring_broke(error),
        }
    }

    fn taken(&mut self, response_out: u32) {
        if self.broken {
            return;
        }
        let Some(queues) = &mut self.queues else { return };
        match queues.taken(&self.memory, response_out) {
            Ok(()) => self.csr.set(Csr::COMPLETION_INTR, queues.waiting()),
            Err(error) => self.ring_broke(error),
        }
    }

    /// Nothing in the rings can be trusted; the driver is told and resets the adapter.
    fn ring_broke(&mut self, error: RingError) {
        tracing::warn!(port = self.port, ?error, "ring error");
        self.broken = true;
        let mut event = [0; 8];
        event[0] = match error {
            RingError::Request => REQUEST_TRANSFER_ERROR,
            RingError::Response => RESPONSE_TRANSFER_ERROR,
        };
        self.mailroom.event(event);
    }

    /// Raises what is due.
    pub(super) fn advance(&mut self, now: Instant) {
        let interrupts = self.interrupts_on();
        if self.booted {
            self.mailroom.advance(now, interrupts);
        }
    }

    /// When [`Function::advance`] is wanted.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.mailroom.poll_timeout()
    }
}

/// `MBOX_CMD_STOP_FW`.
const STOP_FW: u32 = 0x0014;

fn word(nvram: &[u8], at: u16) -> u16 {
    let at = usize::from(at) * 2;
    match nvram.get(at..at + 2) {
        Some(&[low, high]) => u16::from_le_bytes([low, high]),
        _ => 0xFFFF,
    }
}
