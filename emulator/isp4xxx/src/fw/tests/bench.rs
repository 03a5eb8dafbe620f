//! A card on a memory store with a clock of its own, and short ways to ask it things.

use super::*;

/// Some instant to count from.
#[expect(clippy::disallowed_methods, reason = "virtual time starts somewhere")]
pub(crate) fn epoch() -> Instant {
    Instant::now()
}

pub(crate) const TARGET: &str = "iqn.2026-01.example:disk";

/// A card on a memory store, its clock, and everything it said.
pub(crate) struct Bench {
    pub(crate) card: Card,
    pub(crate) store: MemoryStore,
    pub(crate) now: Instant,
}

impl Bench {
    pub(crate) fn new(chip: &'static Chip, ports: usize) -> Self {
        let store = MemoryStore::new(factory_default(chip, ports, Identity { seed: 1 }));
        Self::on(chip, ports, store)
    }

    pub(crate) fn on(chip: &'static Chip, ports: usize, store: MemoryStore) -> Self {
        let config = CardConfig {
            chip,
            ports,
            seed: [7; 32],
            link_up: true,
            lease: None,
        };
        let now = epoch();
        let card = Card::power_on(config, Box::new(store.clone()), now).unwrap();
        Self { card, store, now }
    }

    /// A card with an address, initialized in the mode asked for.
    pub(crate) fn ready(auto: bool) -> Self {
        let mut bench = Self::new(&ISP4032, 2);
        bench.initialize(auto);
        bench.events();
        bench
    }

    pub(crate) fn initialize(&mut self, auto: bool) {
        let mut block = self.acb();
        block.ipv4_addr = [10, 0, 0, 2];
        block.add_fw_options.set(if auto { 0 } else { 2 });
        self.ok(Command::InitializeFirmware(Box::new(block)));
    }

    pub(crate) fn command(&mut self, command: Command) -> Result<Reply, MboxError> {
        self.card.command(self.now, 0, command)
    }

    pub(crate) fn ok(&mut self, command: Command) -> Reply {
        self.command(command).unwrap()
    }

    pub(crate) fn acb(&mut self) -> addr_ctrl_blk {
        match self.ok(Command::GetInitFwCtrlBlock) {
            Reply::Acb(block) => *block,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn firmware_state(&mut self) -> FwState {
        match self.ok(Command::GetFirmwareState) {
            Reply::FirmwareState { state, .. } => state,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn ddb(&mut self, ddb: u16) -> DdbReply {
        match self.ok(Command::GetDatabaseEntry { ddb }) {
            Reply::Ddb(reply) => reply,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.card.poll_event())
            .map(|(_, event)| event)
            .collect()
    }

    pub(crate) fn aens(&mut self) -> Vec<Aen> {
        let aen = |event| match event {
            Event::Aen(aen) => Some(aen),
            _ => None,
        };
        self.events().into_iter().filter_map(aen).collect()
    }

    pub(crate) fn effects(&mut self) -> Vec<Effect> {
        std::iter::from_fn(|| self.card.poll_effect()).collect()
    }

    /// Sets a DDB and opens it; gives the link that is to be connected.
    pub(crate) fn open(&mut self, ddb: u16, entry: &dev_db_entry) -> LinkId {
        self.ok(Command::SetDatabaseEntry {
            ddb,
            entry: Box::new(*entry),
        });
        self.ok(Command::ConnOpen { ddb });
        self.connect_effect().0
    }

    pub(crate) fn connect_effect(&mut self) -> (LinkId, SocketAddr) {
        let effects = self.effects();
        let connect = effects.iter().find_map(|effect| match effect {
            Effect::Connect { link, to, .. } => Some((*link, *to)),
            _ => None,
        });
        connect.unwrap_or_else(|| panic!("no connect in {effects:?}"))
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.card.handle_timeout(self.now);
    }

    pub(crate) fn write_ddb(&mut self, index: u16, entry: &dev_db_entry) {
        self.ok(Command::WriteFlash {
            offset: FLASH_OFFSET_DB_INFO + u32::from(index) * 512,
            data: entry.as_bytes().to_vec(),
            options: FlashCommit::RmwCommit,
        });
    }
}

pub(crate) fn entry(name: &str) -> dev_db_entry {
    let mut entry = dev_db_entry::default();
    entry.iscsi_name[..name.len()].copy_from_slice(name.as_bytes());
    entry.ip_addr[..4].copy_from_slice(&[10, 0, 0, 9]);
    entry.port.set(3260);
    entry.iscsi_def_time2wait.set(2);
    entry.isid = [0, 2, 0x3d, 1, 2, 3];
    entry.cookie.set(DDB_VALID_COOKIE);
    entry.chap_tbl_idx.set(0xFFFF);
    entry.ddb_link.set(0xFFFF);
    entry
}
