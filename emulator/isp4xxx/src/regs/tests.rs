//! The register file, without a PCI bus.

use std::cell::{Cell, RefCell};
use std::time::Instant;

use super::{Adapter, BadAddress, GuestMemory, ISP40XX_PAGE_0};
use crate::chip::ISP4032;
use crate::flash::{Identity, MemoryStore, factory_default};
use crate::fw::{Card, CardConfig};

const CTRL_STATUS: u64 = 0x28;
const REQ_Q_IN: u64 = 0x38;
/// What lies where.
const BLOCK: u64 = 0x1000;
const SHADOW: u64 = 0x2000;
const RESPONSES: u64 = 0x1_0000;
const REQUESTS: u64 = 0x20_0000;
const DATA: u64 = 0x40_0000;
const END: u64 = 0x50_0000;
const RESPONSE_LEN: u16 = 0x2000;

/// Guest memory that counts what is read of it.
struct Counted {
    bytes: RefCell<Vec<u8>>,
    read: Cell<usize>,
}

impl Counted {
    fn range(at: u64, len: usize) -> Result<std::ops::Range<usize>, BadAddress> {
        let bad = BadAddress { at, len: len as u64 };
        let start = usize::try_from(at).map_err(|_| bad)?;
        let end = start
            .checked_add(len)
            .filter(|end| *end as u64 <= END)
            .ok_or(bad)?;
        Ok(start..end)
    }
}

impl GuestMemory for Counted {
    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), BadAddress> {
        let range = Self::range(at, into.len())?;
        self.read.set(self.read.get() + into.len());
        into.copy_from_slice(&self.bytes.borrow()[range]);
        Ok(())
    }
    fn write(&self, at: u64, from: &[u8]) -> Result<(), BadAddress> {
        let range = Self::range(at, from.len())?;
        self.bytes.borrow_mut()[range].copy_from_slice(from);
        Ok(())
    }
    fn check(&self, at: u64, len: u64, _: bool) -> Result<(), BadAddress> {
        Self::range(at, usize::try_from(len).unwrap_or(usize::MAX)).map(drop)
    }
}

struct World {
    adapter: Adapter<Counted>,
    now: Instant,
}

impl World {
    /// A started port whose request ring has this many entries.
    #[expect(clippy::disallowed_methods, reason = "an instant to begin with")]
    fn new(ring: u16) -> Self {
        let now = Instant::now();
        let config = CardConfig {
            chip: &ISP4032,
            ports: 1,
            seed: [7; 32],
            link_up: true,
            lease: None,
        };
        let store = MemoryStore::new(factory_default(&ISP4032, 1, Identity { seed: 1 }));
        let card = Card::power_on(config, Box::new(store), now).unwrap();
        let memory = |_| Counted {
            bytes: RefCell::new(vec![0; END as usize]),
            read: Cell::new(0),
        };
        let mut world = Self {
            adapter: Adapter::new(&ISP40XX_PAGE_0, card, memory),
            now,
        };
        let fields: [(u64, &[u8]); 6] = [
            (0x14, &ring.to_le_bytes()),
            (0x16, &RESPONSE_LEN.to_le_bytes()),
            (0x18, &REQUESTS.to_le_bytes()),
            (0x20, &RESPONSES.to_le_bytes()),
            (0x28, &SHADOW.to_le_bytes()),
            (0x50, &[127, 0, 0, 31]),
        ];
        for (at, field) in fields {
            world.put(BLOCK + at, field);
        }
        world.write(CTRL_STATUS, 0x8000_8000);
        world.write(CTRL_STATUS, 0x0080_0080);
        for (mailbox, value) in [(4, 0x300), (3, 0), (2, BLOCK as u32), (1, 0), (0, 0x60)] {
            world.write(mailbox * 4, value);
        }
        world.write(CTRL_STATUS, 0x0040_0040);
        world.adapter.memory_mut(0).unwrap().read.set(0);
        world
    }

    fn write(&mut self, offset: u64, value: u32) {
        self.adapter.write(self.now, 0, offset, &value.to_le_bytes());
    }

    fn put(&mut self, at: u64, bytes: &[u8]) {
        self.adapter.memory_mut(0).unwrap().write(at, bytes).unwrap();
    }

    /// How far requests were taken.
    fn taken(&mut self) -> u32 {
        let mut word = [0; 4];
        self.adapter
            .memory_mut(0)
            .unwrap()
            .read(SHADOW, &mut word)
            .unwrap();
        u32::from_le_bytes(word)
    }

    fn read(&mut self) -> usize {
        self.adapter.memory_mut(0).unwrap().read.get()
    }
}

#[test]
fn requests_are_taken_so_many_in_a_turn() {
    let mut world = World::new(2000);
    let mut marker = [0; 64];
    (marker[0], marker[3]) = (0x04, 1);
    world.put(REQUESTS, &marker.repeat(2000));
    world.write(REQ_Q_IN, 600);
    assert_eq!(world.taken(), 256);
    assert_eq!(world.adapter.poll_timeout(), Some(world.now), "the rest is due");
    // Who rings meanwhile does not get a turn for it.
    for end in 601..700 {
        world.write(REQ_Q_IN, end);
    }
    assert_eq!(world.taken(), 256);
    world.adapter.handle_timeout(world.now);
    assert_eq!(world.taken(), 512);
    world.adapter.handle_timeout(world.now);
    assert_eq!(world.taken(), 699);
    assert_ne!(
        world.adapter.poll_timeout(),
        Some(world.now),
        "nothing more is due"
    );
    // A reset forgets the rest.
    world.write(REQ_Q_IN, 1999);
    assert_eq!(world.taken(), 955);
    world.write(CTRL_STATUS, 0x8000_8000);
    assert_eq!(world.adapter.poll_timeout(), None);
    world.adapter.handle_timeout(world.now);
    assert_eq!(world.taken(), 955);
}

#[test]
fn payload_is_fetched_so_much_in_a_turn() {
    const LEN: usize = 256 << 10;
    let mut world = World::new(128);
    // Nobody is logged in: each is fetched and comes back at once.
    let mut entry = [0u8; 64];
    (entry[0], entry[3]) = (0x3A, 1);
    entry[16..24].copy_from_slice(&DATA.to_le_bytes());
    entry[24..28].copy_from_slice(&(LEN as u32).to_le_bytes());
    world.put(REQUESTS, &entry.repeat(128));
    for turn in 1..=7usize {
        match turn {
            1 => world.write(REQ_Q_IN, 100),
            _ => world.adapter.handle_timeout(world.now),
        }
        let expected = (turn * 16).min(100);
        assert_eq!(world.taken() as usize, expected, "turn {turn}");
        let bytes = world.read();
        let fetched = bytes - bytes % LEN;
        assert!(fetched <= expected * LEN, "{bytes} bytes were read");
    }
}

#[test]
fn a_transfer_that_is_too_long_is_refused_before_a_byte_of_it_is_fetched() {
    let mut world = World::new(128);
    let mut entry = [0u8; 64];
    (entry[0], entry[3], entry[0x0C]) = (0x19, 1, 0x20);
    entry[0x2E] = 1;
    entry[0x30..0x34].copy_from_slice(&(17u32 << 20).to_le_bytes());
    entry[0x34..0x3C].copy_from_slice(&DATA.to_le_bytes());
    entry[0x3C..0x40].copy_from_slice(&(17u32 << 20).to_le_bytes());
    world.put(REQUESTS, &entry.repeat(16));
    world.write(REQ_Q_IN, 16);
    assert_eq!(world.taken(), 16);
    assert!(world.read() < 1 << 20, "payload was fetched");
}
