//! An emulated kernel with one session, a network without delay, and a target that can be deaf to some things, all in virtual time.

use std::collections::BTreeMap;
use std::io::IoSlice;
use std::time::{Duration, Instant};

use driver_sys::hw::flash::{FLASH_OFFSET_DB_INFO, FLASH_SEGMENT_IFCB};
use driver_sys::hw::mailbox::FlashCommit;
use driver_sys::hw::raw::dev_db_entry;
use emu_net::hardware::{Effect, Hardware, LinkId};
use iscsi::LinkLoss;
use iscsi::chap::{ChapAccount, ChapSecret};
use iscsi::pdu::TmfResponseCode;
use iscsi::target_node::{
    Admission, Authentication, Completion as Answer, Config as TargetConfig, Connection, Directory,
    Event as TargetEvent, LoginAttempt, TargetRecord,
};
use isp4xxx::chip::ISP4032;
use isp4xxx::flash::{Identity, MemoryStore, factory_default};
use isp4xxx::fw::{Card, CardConfig, Command, Reply};
use nix::errno::Errno;
use zerocopy::IntoBytes as _;

use super::super::{ClientId, Kernel, Out, Waiting};
use crate::config::Config;
use crate::tree::Tree;

const TARGET: &str = "iqn.2026-01.example:disk";
const HOST: u32 = 6;

/// What the target does not answer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Deaf {
    pub(super) read: bool,
    pub(super) abort: bool,
    pub(super) lun: bool,
    pub(super) target: bool,
    pub(super) ready: bool,
    /// New connections.
    pub(super) portal: bool,
    pub(super) inquiry: bool,
}

struct Anybody;

impl Directory for Anybody {
    fn admit(&self, _: &LoginAttempt<'_>) -> Admission {
        Admission::Accept(Authentication::None)
    }
    fn secret(&self, _: &LoginAttempt<'_>, _: &str) -> Option<ChapSecret> {
        None
    }
    fn identity(&self, _: &LoginAttempt<'_>) -> Option<ChapAccount> {
        None
    }
    fn targets(&self, _: &str) -> Vec<TargetRecord> {
        Vec::new()
    }
}

/// Who writes attributes.
const WRITER: ClientId = ClientId(u64::MAX);

pub(super) struct World {
    dir: tempfile::TempDir,
    kernel: Kernel,
    now: Instant,
    peers: BTreeMap<LinkId, Connection>,
    clients: u64,
    answered: BTreeMap<u64, Vec<(u32, u32)>>,
    /// What writes were answered.
    stored: Vec<i32>,
    unit_attention: bool,
    pub(super) deaf: Deaf,
    /// What it answers to task management functions, if not that they are done.
    pub(super) refuses: Option<TmfResponseCode>,
    /// Task management functions that were sent.
    pub(super) functions: Vec<u8>,
    /// TEST UNIT READY commands that were answered.
    pub(super) tests: usize,
    pub(super) logins: u16,
    pub(super) sid: u32,
}

impl World {
    /// One session from flash, its unit found.
    pub(super) fn logged_in() -> Self {
        let dir = tempfile::tempdir_in("/dev/shm")
            .or_else(|_| tempfile::tempdir())
            .expect("directory");
        let now = Instant::now();
        let store = MemoryStore::new(factory_default(&ISP4032, 1, Identity { seed: 1 }));
        let config = CardConfig {
            chip: &ISP4032,
            ports: 1,
            seed: [7; 32],
            link_up: true,
            lease: None,
        };
        let mut card = Card::power_on(config, Box::new(store), now).expect("a card");
        let Ok(Reply::Acb(mut block)) = card.command(now, 0, Command::GetInitFwCtrlBlock) else {
            panic!("no control block")
        };
        block.ipv4_addr = [10, 0, 0, 2];
        block.ipv4_subnet = [255, 0, 0, 0];
        let entry = entry();
        for (offset, data) in [
            (FLASH_SEGMENT_IFCB, block.as_bytes()),
            (FLASH_OFFSET_DB_INFO + 2 * 512, entry.as_bytes()),
        ] {
            let write = Command::WriteFlash {
                offset,
                data: data.to_vec(),
                options: FlashCommit::RmwCommit,
            };
            card.command(now, 0, write).expect("written");
        }
        card.power_cycle(now).expect("on again");
        let mut config = Config::new(dir.path());
        (config.ports, config.first_host) = (1, HOST);
        std::fs::create_dir(dir.path().join("sg")).expect("directory");
        let tree = Tree::create(dir.path()).expect("tree");
        let kernel = Kernel::load(config, tree, Some(card), Vec::new(), now).expect("loaded");
        let mut world = Self {
            dir,
            kernel,
            now,
            peers: BTreeMap::new(),
            clients: 0,
            answered: BTreeMap::new(),
            stored: Vec::new(),
            unit_attention: false,
            deaf: Deaf::default(),
            refuses: None,
            functions: Vec::new(),
            tests: 0,
            logins: 0,
            sid: 1,
        };
        world.pass(Duration::from_secs(10));
        assert_eq!(world.sessions(), [1]);
        assert_eq!(world.device_state(), "running");
        world.tests = 0;
        world
    }

    /// Lets everything happen that happens without time passing.
    fn run(&mut self) {
        for _ in 0..10_000 {
            let mut busy = false;
            while let Some(effect) = self.card().poll_effect() {
                busy = true;
                self.effect(&effect);
            }
            for link in self.peers.keys().copied().collect::<Vec<_>>() {
                busy |= self.pump(link);
            }
            self.kernel.settle(self.now);
            while let Some(out) = self.kernel.poll_out() {
                if let Out::To(WRITER, bytes) = &out {
                    let errno = bytes.first_chunk().expect("an errno");
                    self.stored.push(i32::from_ne_bytes(*errno));
                } else if let Out::To(client, bytes) = out {
                    let word =
                        |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
                    assert_eq!(word(0), 0, "errno");
                    let answers = self.answered.entry(client.0).or_default();
                    answers.push((word(8), word(4)));
                }
            }
            if !busy {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    /// Time passes, in steps of what the kernel asks for.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        self.run();
        for _ in 0..1_000_000 {
            let next = self.kernel.deadline().filter(|at| *at <= end).unwrap_or(end);
            self.now = self.now.max(next);
            self.kernel.tick(self.now);
            self.run();
            if self.now >= end {
                return;
            }
        }
        panic!("time stands still");
    }

    /// A client reads a block; it hears of it within `patience` or gets an error.
    pub(super) fn read(&mut self, patience: Duration) -> ClientId {
        self.clients += 1;
        let client = ClientId(self.clients);
        let waiting = Waiting {
            client,
            lun: 0,
            cdb: vec![0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0],
            direction: 2,
            data: vec![0; 512],
            until: self.now + patience,
        };
        self.kernel.sg(self.now, &self.unit(), waiting);
        self.run();
        client
    }

    pub(super) fn leave(&mut self, client: ClientId) {
        self.kernel.client_gone(client);
    }

    /// Host byte and SCSI status of the only answer.
    pub(super) fn answer(&self, client: ClientId) -> Option<(u32, u32)> {
        let answers = self.answered.get(&client.0)?;
        assert_eq!(answers.len(), 1);
        answers.first().copied()
    }

    pub(super) fn answers(&self, client: ClientId) -> usize {
        self.answered.get(&client.0).map_or(0, Vec::len)
    }

    pub(super) fn sessions(&self) -> Vec<u32> {
        self.kernel.class.sessions()
    }

    pub(super) fn scanning(&self) -> bool {
        self.kernel.class.scsi.scanning()
    }

    fn unit(&self) -> String {
        self.kernel.class.scsi.first_unit(self.sid).expect("a unit")
    }

    pub(super) fn attr(&self, path: &str) -> String {
        let path = self.dir.path().join("sys").join(path);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        text.trim_end().to_owned()
    }

    pub(super) fn device_attr(&self, name: &str) -> String {
        self.attr(&format!("class/scsi_device/{}/device/{name}", self.unit()))
    }

    pub(super) fn device_state(&self) -> String {
        self.device_attr("state")
    }

    pub(super) fn host_state(&self) -> String {
        self.attr(&format!("class/scsi_host/host{HOST}/state"))
    }

    /// A write, with a newline as a shell's; good while it lasts.
    pub(super) fn store(&mut self, path: &str, value: &str) -> Result<(), Errno> {
        let answers = self.stored.len();
        let value = format!("{value}\n");
        assert!(self.kernel.store(self.now, WRITER, path, value.as_bytes()));
        self.run();
        match self.stored.get(answers) {
            None | Some(0) => Ok(()),
            Some(errno) => Err(Errno::from_raw(*errno)),
        }
    }

    /// How many writes have been answered.
    pub(super) fn stores_answered(&self) -> usize {
        self.stored.len()
    }

    pub(super) fn store_device(&mut self, name: &str, value: &str) -> Result<(), Errno> {
        let path = format!("class/scsi_device/{}/device/{name}", self.unit());
        self.store(&path, value)
    }

    pub(super) fn store_host(&mut self, name: &str, value: &str) -> Result<(), Errno> {
        self.store(&format!("class/scsi_host/host{HOST}/{name}"), value)
    }

    /// What the shell would serve.
    fn card(&mut self) -> &mut dyn Hardware {
        self.kernel.hardware(0).expect("the driver has a card")
    }

    fn effect(&mut self, effect: &Effect) {
        let now = self.now;
        match effect {
            Effect::Connect { link, .. } if self.deaf.portal => {
                self.card().connect_failed(now, *link, LinkLoss::Reset);
            }
            Effect::Connect { link, .. } => {
                self.logins += 1;
                let config = TargetConfig {
                    tsih: self.logins,
                    ..TargetConfig::default()
                };
                let seed = [self.logins as u8; 32];
                let connection = Connection::new(config, std::sync::Arc::new(Anybody), seed, now);
                self.peers.insert(*link, connection);
                let local = "10.0.0.2:40000".parse().expect("address");
                self.card().connected(now, *link, local);
            }
            Effect::Close { link } => {
                self.peers.remove(link);
            }
            _ => {}
        }
    }

    fn pump(&mut self, link: LinkId) -> bool {
        let now = self.now;
        let Some(mut peer) = self.peers.remove(&link) else {
            return false;
        };
        let card = self.card();
        let out = flatten(|slices| card.write_slices(link, slices));
        card.sent(now, link, out.len());
        let mut busy = !out.is_empty();
        for pdu in pdus(&out) {
            // Immediate, so that no sequence number is missed.
            if pdu[0] == 0x42 {
                let function = pdu[1] & 0x7f;
                self.functions.push(function);
                let deaf = match function {
                    1 => self.deaf.abort,
                    5 => self.deaf.lun,
                    _ => self.deaf.target,
                };
                if deaf {
                    continue;
                }
            }
            let mut rest = pdu;
            while !rest.is_empty() {
                let slot = peer.read_slot();
                let n = slot.len().min(rest.len());
                slot[..n].copy_from_slice(&rest[..n]);
                peer.received(now, n);
                rest = &rest[n..];
            }
        }
        busy |= self.serve(&mut peer);
        let mut out = flatten(|slices| peer.write_slices(slices));
        peer.sent(now, out.len());
        // Whatever the engine says: the first PDU's opcode and response.
        if let (Some(code), Some([0x22, _, response, ..])) = (self.refuses, out.first_chunk_mut::<48>()) {
            *response = code.0;
        }
        busy |= !out.is_empty();
        let over = peer.wants_close() && peer.queued() == 0;
        let card = self.card();
        let mut rest = &out[..];
        while !rest.is_empty() {
            let slot = card.read_slot(link);
            let n = slot.len().min(rest.len());
            if n == 0 {
                break;
            }
            slot[..n].copy_from_slice(&rest[..n]);
            card.received(now, link, n);
            rest = &rest[n..];
        }
        if over {
            card.closed(now, link, LinkLoss::PeerClosed);
            return true;
        }
        self.peers.insert(link, peer);
        busy
    }

    fn serve(&mut self, peer: &mut Connection) -> bool {
        let mut busy = false;
        while let Some(event) = peer.poll_event() {
            busy = true;
            match event {
                TargetEvent::Command(command) => {
                    let cdb = command.cdb;
                    let held = match cdb[0] {
                        0x00 => self.deaf.ready,
                        0x12 => self.deaf.inquiry,
                        0x28 => self.deaf.read,
                        _ => false,
                    };
                    if held {
                        continue;
                    }
                    self.tests += usize::from(cdb[0] == 0);
                    let attention = cdb[0] == 0 && std::mem::take(&mut self.unit_attention);
                    let data = match (cdb[0], cdb[1] & 1) {
                        (0x00, _) if !attention => Some(Vec::new()),
                        (0x12, 0) => {
                            let mut data = vec![0; 36];
                            (data[2], data[4]) = (5, 31);
                            Some(data)
                        }
                        (0xa0, _) => Some([&[0, 0, 0, 8][..], &[0; 12]].concat()),
                        (0x25, _) => Some(vec![0, 0, 0, 99, 0, 0, 2, 0]),
                        (0x28, _) => Some(vec![0x5a; 512]),
                        _ => None,
                    };
                    let answer = match data {
                        Some(data) if data.is_empty() => Answer::status(0),
                        Some(data) => Answer {
                            transfer: data.len() as u64,
                            data: Some(Box::new(data)),
                            ..Answer::status(0)
                        },
                        None => {
                            let key = if attention { 6 } else { 5 };
                            let sense = [0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29, 0, 0, 0, 0, 0];
                            Answer {
                                sense: sense.to_vec(),
                                ..Answer::status(2)
                            }
                        }
                    };
                    peer.complete(command.task, answer);
                }
                TargetEvent::TaskManagement(asked) => {
                    self.unit_attention = true;
                    peer.complete_task_management(self.now, asked.id, TmfResponseCode::COMPLETE);
                }
                _ => {}
            }
        }
        busy
    }
}

/// The entry of the target in flash.
fn entry() -> dev_db_entry {
    let mut e = dev_db_entry::default();
    e.iscsi_name[..TARGET.len()].copy_from_slice(TARGET.as_bytes());
    e.ip_addr[..4].copy_from_slice(&[10, 0, 0, 9]);
    e.port.set(3260);
    e.isid = [0, 2, 0x3d, 1, 2, 3];
    e.cookie.set(driver_sys::hw::ddb::DDB_VALID_COOKIE);
    e.chap_tbl_idx.set(0xFFFF);
    e.ddb_link.set(0xFFFF);
    e
}

fn flatten<'a>(fill: impl FnOnce(&mut Vec<IoSlice<'a>>)) -> Vec<u8> {
    let mut slices = Vec::new();
    fill(&mut slices);
    slices.iter().flat_map(|slice| slice.iter().copied()).collect()
}

/// The PDUs of what the initiator sent; digests are off.
fn pdus(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    while bytes.len() >= 48 {
        let data = u32::from_be_bytes([0, bytes[5], bytes[6], bytes[7]]) as usize;
        let len = (48 + usize::from(bytes[4]) * 4 + data.next_multiple_of(4)).min(bytes.len());
        let (pdu, rest) = bytes.split_at(len);
        all.push(pdu);
        bytes = rest;
    }
    assert!(bytes.is_empty(), "half a PDU");
    all
}
