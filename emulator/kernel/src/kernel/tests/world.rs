//! An emulated kernel with one session, a network without delay, and a target that can be deaf to some things, all in virtual time.

mod target;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use driver_sys::hw::flash::{FLASH_OFFSET_DB_INFO, FLASH_SEGMENT_IFCB};
use driver_sys::hw::mailbox::FlashCommit;
use driver_sys::hw::raw::dev_db_entry;
use emu_net::hardware::{Hardware, LinkId};
use iscsi::pdu::TmfResponseCode;
use iscsi::target_node::Connection;
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
