//! A hostile target: the login is real or not, then anything. The initiator never panics, never stops taking bytes without closing,
//! and every task and every request ends exactly once.

use std::{
    collections::BTreeSet,
    io::IoSlice,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    books::{Books, INITIATOR, TARGET, account},
    script::Script,
};
use crate::{
    Isid, LinkLoss,
    buffer::NoBuffers,
    digest::Digest,
    framer::{Data, Transmitter},
    initiator::{Auth, Command, Config, Direction, Event, Initiator, TaskTag},
    pdu::{Bhs, Lun, NopIn, TaskAttribute, TmfFunction},
    target_node::{self, Connection},
};

struct World {
    initiator: Initiator,
    now: Instant,
    /// Tags of everything that has not ended.
    open: BTreeSet<TaskTag>,
    tags: Vec<TaskTag>,
    ended: bool,
}

/// The body.
pub fn initiator(input: &[u8]) {
    let mut script = Script::new(input);
    #[allow(clippy::disallowed_methods, reason = "an origin for virtual time")]
    let now = Instant::now();
    let setup = script.byte();
    let target_name = (setup & 1 == 0).then(|| TARGET.parse().unwrap());
    let mut config = Config::new(
        INITIATOR.parse().unwrap(),
        target_name,
        Isid([0, 2, 0x3d, 0, 0, 1]),
        [3; 32],
    );
    let chap = setup & 2 != 0;
    if chap {
        config.auth = Auth::Chap {
            outgoing: account("user"),
            incoming: (setup & 4 != 0).then(|| account("identity")),
            algorithms: Vec::new(),
            optional: false,
        };
    }
    config.logout_on_request = setup & 8 == 0;
    config.offer.params.initial_r2t = setup & 16 == 0;
    config.offer.params.max_outstanding_r2t = 4;
    if setup & 32 != 0 {
        config.offer.header_digests = vec![Digest::Crc32c];
        config.offer.data_digests = vec![Digest::Crc32c];
    }
    let mut world = World {
        initiator: Initiator::new(config, now),
        now,
        open: BTreeSet::new(),
        tags: Vec::new(),
        ended: false,
    };
    if setup & 64 != 0 {
        world.log_in(chap);
    }
    let mut wire = Transmitter::new();
    if setup & 128 != 0 {
        let params = world.initiator.params();
        wire.set_digests(params.header_digest, params.data_digest);
    }
    while !script.is_empty() && !world.initiator.wants_close() {
        match script.byte() % 8 {
            0 => world.feed(script.piece()),
            1 | 2 => {
                let (bhs, data) = script.pdu();
                world.pdu(&mut wire, bhs, data);
            }
            // An answer to something that was asked.
            3 | 4 => {
                let (mut bhs, data) = script.pdu();
                if let Some(tag) = world
                    .tags
                    .get(usize::from(script.byte()) % world.tags.len().max(1))
                {
                    bhs.itt = tag.0.into();
                }
                world.pdu(&mut wire, bhs, data);
            }
            5 => world.ask(&mut script),
            6 => world.pass(script.flag()),
            _ => drop(world.drain(usize::from(script.short()))),
        }
        world.events();
    }
    world.initiator.closed(world.now, LinkLoss::PeerClosed);
    world.events();
    assert!(world.initiator.wants_close());
    assert!(world.ended, "the end was not told");
    assert!(world.open.is_empty(), "never ended: {:?}", world.open);
    assert_eq!(world.initiator.outstanding(), 0);
}

impl World {
    fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.initiator.wants_close() {
            let slot = self.initiator.read_slot();
            assert!(!slot.is_empty(), "no room although open");
            let n = slot.len().min(bytes.len());
            slot.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
            self.initiator.received(self.now, n);
            bytes = bytes.get(n..).unwrap_or_default();
        }
    }

    fn pdu(&mut self, wire: &mut Transmitter, bhs: Bhs, data: &[u8]) {
        // A wrong StatSN ends everything: mostly it is the right one.
        let mut common = NopIn::from_bhs(&bhs);
        if common.stat_sn.get() & 7 != 7 {
            common.stat_sn = self.initiator.exp_stat_sn().into();
        }
        let bhs = common.to_bhs();
        let data = if data.is_empty() {
            Data::None
        } else {
            Data::Bytes(data)
        };
        wire.push(bhs, &[], data, &NoBuffers);
        let mut bytes = Vec::new();
        {
            let mut slices: Vec<IoSlice<'_>> = Vec::new();
            wire.write_slices(&NoBuffers, &mut slices);
            slices.iter().for_each(|slice| bytes.extend_from_slice(slice));
        }
        wire.sent(bytes.len());
        self.feed(&bytes);
    }

    /// The login, with a real target on the other side.
    fn log_in(&mut self, chap: bool) {
        let books = Books {
            chap,
            ..Books::default()
        };
        let mut peer = Connection::new(target_node::Config::default(), Arc::new(books), [5; 32], self.now);
        for _ in 0..32 {
            let mut bytes = self.drain(usize::MAX);
            while !bytes.is_empty() && !peer.wants_close() {
                let slot = peer.read_slot();
                let n = slot.len().min(bytes.len());
                slot.iter_mut()
                    .zip(bytes.drain(..n))
                    .for_each(|(to, from)| *to = from);
                peer.received(self.now, n);
            }
            while peer.poll_event().is_some() {}
            let mut bytes = Vec::new();
            {
                let mut slices: Vec<IoSlice<'_>> = Vec::new();
                peer.write_slices(&mut slices);
                slices.iter().for_each(|slice| bytes.extend_from_slice(slice));
            }
            peer.sent(self.now, bytes.len());
            self.feed(&bytes);
            self.events();
            if self.initiator.is_open() || self.initiator.wants_close() {
                return;
            }
        }
    }

    fn ask(&mut self, script: &mut Script<'_>) {
        let tag = match script.byte() % 8 {
            0 => self.initiator.nop(self.now),
            1 => self.initiator.send_targets(self.now),
            2 => {
                let function = TmfFunction(script.byte() % 10);
                let task = self
                    .tags
                    .get(usize::from(script.byte()) % self.tags.len().max(1))
                    .copied();
                self.initiator.task_management(
                    self.now,
                    function,
                    Lun::flat(u16::from(script.byte() & 3)),
                    task,
                )
            }
            3 => return self.initiator.logout(self.now),
            4 if script.byte() == 0 => return self.initiator.drop_connection(self.now),
            n => {
                let direction = [Direction::None, Direction::Read, Direction::Write][usize::from(n) % 3];
                let len = usize::from(script.short()) * 4;
                let expected = if direction == Direction::None { 0 } else { len };
                let command = Command {
                    lun: Lun::flat(u16::from(script.byte() & 3)),
                    cdb: vec![0; usize::from(script.byte() % 40)],
                    direction,
                    expected_length: expected as u32,
                    attribute: TaskAttribute::SIMPLE,
                    buffer: Box::new(vec![0x33; expected]),
                };
                self.initiator.submit(self.now, command)
            }
        };
        assert!(self.open.insert(tag), "{tag:?} is in use");
        self.tags.push(tag);
    }

    fn events(&mut self) {
        while let Some(event) = self.initiator.poll_event() {
            match event {
                Event::TaskDone { tag, .. }
                | Event::Targets { tag, .. }
                | Event::TmfDone { tag, .. }
                | Event::NopDone { tag, .. } => {
                    assert!(
                        self.open.remove(&tag),
                        "{tag:?} ended twice, or was never asked for"
                    );
                    self.tags.retain(|other| *other != tag);
                }
                Event::LoginFailed(_)
                | Event::Redirected { .. }
                | Event::LoggedOut { .. }
                | Event::Dropped(_) => {
                    assert!(!self.ended, "two ends");
                    self.ended = true;
                }
                _ => {}
            }
        }
    }

    fn pass(&mut self, far: bool) {
        if let Some(at) = self.initiator.poll_timeout() {
            self.now = self.now.max(at);
        }
        if far {
            self.now += Duration::from_secs(60);
        }
        self.initiator.handle_timeout(self.now);
    }

    fn drain(&mut self, max: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        {
            let mut slices: Vec<IoSlice<'_>> = Vec::new();
            self.initiator.write_slices(&mut slices);
            for slice in &slices {
                let n = slice.len().min(max - bytes.len());
                bytes.extend(slice.iter().take(n));
            }
        }
        if !bytes.is_empty() {
            self.initiator.sent(self.now, bytes.len());
        }
        bytes
    }
}
