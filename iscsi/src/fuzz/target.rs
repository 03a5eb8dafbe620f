//! A hostile initiator: logged in properly, or not at all, then anything. The target never panics, never stops taking bytes without
//! closing, keeps its limits, and answers only what it was asked.

use std::{collections::VecDeque, io::IoSlice, sync::Arc, time::Instant};

use super::{
    books::{Books, INITIATOR, TARGET},
    script::Script,
};
use crate::{
    LinkLoss,
    digest::Digest,
    framer::{Data, Transmitter},
    pdu::{Bhs, LoginFlags, LoginRequest, Lun, Opcode, OpcodeByte, ScsiCommand, TmfResponseCode},
    pool::{Pool, SHARE},
    target_node::{Completion, Config, Connection, Event, TaskId},
    text::TextWriter,
};

/// CmdSN of the login; the wrap is near.
const FIRST: u32 = u32::MAX - 4;
/// Memory for data, beside the connection's own share: little, so that it is short.
const POOL: usize = 64 << 10;

struct World {
    target: Connection,
    now: Instant,
    held: VecDeque<TaskId>,
    closed: usize,
    limit: usize,
    pool: Pool,
}

/// The body.
pub fn target(input: &[u8]) {
    let mut script = Script::new(input);
    #[allow(clippy::disallowed_methods, reason = "an origin for virtual time")]
    let now = Instant::now();
    let setup = script.byte();
    let books = Books {
        chap: setup & 1 != 0,
        redirect: setup & 6 == 6,
        targets: if setup & 8 != 0 { 300 } else { 1 },
    };
    let pool = Pool::with_limit(POOL);
    let config = Config {
        max_transfer: 64 << 10,
        max_buffered: 256 << 10,
        max_queued: 256 << 10,
        window: 8,
        pool: pool.clone(),
        nop_interval: (setup & 16 != 0).then_some(std::time::Duration::from_secs(5)),
        ..Config::default()
    };
    let limit = (config.max_queued + config.max_transfer) * 2 + (8 << 20);
    let mut world = World {
        target: Connection::new(config, Arc::new(books), [7; 32], now),
        now,
        held: VecDeque::new(),
        closed: 0,
        limit,
        pool,
    };
    let mut wire = Transmitter::new();
    if setup & 32 != 0 {
        let discovery = setup & 64 != 0;
        world.log_in(&mut wire, discovery);
    }
    let mut cmd_sn = FIRST;
    let header = if setup & 128 != 0 {
        Digest::Crc32c
    } else {
        Digest::None
    };
    wire.set_digests(header, Digest::None);
    while !script.is_empty() && !world.target.wants_close() {
        match script.byte() % 8 {
            0 => world.feed(script.piece()),
            1 => {
                let (bhs, data) = script.pdu();
                world.pdu(&mut wire, bhs, data);
            }
            // As an initiator would number it, with tags that meet each other.
            2 | 3 => {
                let (bhs, data) = script.pdu();
                let mut pdu = ScsiCommand::from_bhs(&bhs);
                pdu.itt = u32::from(script.byte() % 16).into();
                pdu.cmd_sn = cmd_sn.into();
                if !bhs.opcode.is_immediate() && bhs.opcode.opcode() != Opcode::DATA_OUT {
                    cmd_sn = cmd_sn.wrapping_add(1);
                }
                world.pdu(&mut wire, pdu.to_bhs(), data);
            }
            4 => world.complete(&mut script),
            5 => world.pass(script.flag()),
            6 => world.drain(usize::from(script.short())),
            _ => match script.byte() % 4 {
                0 => drop(world.target.request_logout(world.now, 3)),
                1 => drop(world.target.announce_drop(world.now, 3)),
                2 => drop(world.target.scsi_event(Lun::flat(0), script.piece())),
                _ => world.target.abort_tasks(script.flag().then(|| Lun::flat(0))),
            },
        }
        world.events();
    }
    world.target.closed(world.now, LinkLoss::PeerClosed);
    world.events();
    assert!(world.target.wants_close());
    assert_eq!(world.closed, 1, "a connection ends once");
}

impl World {
    fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.target.wants_close() {
            let slot = self.target.read_slot();
            assert!(!slot.is_empty(), "no room although open");
            let n = slot.len().min(bytes.len());
            slot.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            self.target.received(self.now, n);
            bytes = bytes.get(n..).unwrap_or_default();
        }
    }

    fn pdu(&mut self, wire: &mut Transmitter, bhs: Bhs, data: &[u8]) {
        let data = if data.is_empty() {
            Data::None
        } else {
            Data::Bytes(data)
        };
        wire.push(bhs, &[], data, &crate::buffer::NoBuffers);
        let mut bytes = Vec::new();
        {
            let mut slices: Vec<IoSlice<'_>> = Vec::new();
            wire.write_slices(&crate::buffer::NoBuffers, &mut slices);
            slices.iter().for_each(|slice| bytes.extend_from_slice(slice));
        }
        wire.sent(bytes.len());
        self.feed(&bytes);
    }

    fn log_in(&mut self, wire: &mut Transmitter, discovery: bool) {
        let mut text = TextWriter::new();
        text.push("InitiatorName", INITIATOR);
        if discovery {
            text.push("SessionType", "Discovery");
        } else {
            text.push("TargetName", TARGET);
        }
        let pdu = LoginRequest {
            opcode: OpcodeByte::immediate(LoginRequest::OPCODE),
            flags: LoginFlags::from_bits_retain(0x87),
            cmd_sn: FIRST.into(),
            ..LoginRequest::default()
        };
        self.pdu(wire, pdu.to_bhs(), text.as_bytes());
        self.events();
    }

    fn events(&mut self) {
        while let Some(event) = self.target.poll_event() {
            assert_eq!(self.closed, 0, "an event after the end");
            match event {
                Event::Command(command) => self.held.push_back(command.task),
                Event::Aborted(task) => self.held.retain(|held| *held != task),
                Event::TaskManagement(request) => {
                    self.target
                        .complete_task_management(self.now, request.id, TmfResponseCode::COMPLETE);
                }
                Event::Closed(_) => self.closed += 1,
                _ => {}
            }
        }
        let lent = self.pool.lent();
        assert!(lent <= POOL + 2 * SHARE, "{lent} bytes of memory held");
        assert!(
            self.target.queued() <= self.limit,
            "{} bytes queued",
            self.target.queued()
        );
    }

    fn complete(&mut self, script: &mut Script<'_>) {
        let Some(task) = self.held.pop_front() else { return };
        let data = vec![0x5a; usize::from(script.byte()) * 64];
        let completion = Completion {
            transfer: data.len() as u64,
            sense: script.take(4).to_vec(),
            data: Some(Box::new(data)),
            ..Completion::status(script.byte())
        };
        self.target.complete(task, completion);
    }

    fn pass(&mut self, far: bool) {
        if let Some(at) = self.target.poll_timeout() {
            self.now = self.now.max(at);
        }
        if far {
            self.now += std::time::Duration::from_secs(60);
        }
        self.target.handle_timeout(self.now);
    }

    fn drain(&mut self, max: usize) {
        let n = {
            let mut slices: Vec<IoSlice<'_>> = Vec::new();
            self.target.write_slices(&mut slices);
            slices.iter().map(|slice| slice.len()).sum::<usize>().min(max)
        };
        if n > 0 {
            self.target.sent(self.now, n);
        }
    }
}
