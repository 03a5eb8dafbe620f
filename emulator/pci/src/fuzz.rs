//! Fuzz body: a client and a guest's driver that do anything, on both functions of a card.
//!
//! Compiled for tests and under `cfg(fuzzing)` only; the fuzzer stands outside the workspace (`fuzz/`), its corpus is replayed here.
//! Whatever comes: no panic, nothing that is always due, and after a reset the port boots and takes a mailbox command.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use isp4xxx::chip::ISP4032;
use isp4xxx::flash::{Identity, MemoryStore, factory_default};
use isp4xxx::fw::{Card, CardConfig};
use isp4xxx::regs::{Adapter, ISP40XX_PAGE_0};
use nix::sys::eventfd::EventFd;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::ftruncate;

use crate::descriptor::{Foreign, Waiting};
use crate::device::Device;
use crate::memory::DmaMap;
use crate::message;

/// Where guest memory lies, and how much of it there is.
const MEMORY: u64 = 0x1_0000;
const MEMORY_LEN: u64 = 0x4_0000;
/// What the driver puts where: a control block, the rings and the shadow registers.
const BLOCK: u64 = MEMORY;
const REQUESTS: u64 = MEMORY + 0x1_0000;
const BLOCK_LEN: usize = 0x300;
const BAR: u32 = 1;
/// `DEVICE_SET_IRQS`.
const SET_IRQS: u16 = 8;
const CTRL_STATUS: u64 = 0x28;
const REQ_Q_IN: u64 = 0x38;
/// Most timeouts that are due at one instant.
const MAX_DUE: usize = 512;

struct World {
    adapter: Adapter<DmaMap>,
    devices: [Device; 2],
    memory: OwnedFd,
    eventfd: EventFd,
    now: Instant,
}

/// The body.
pub fn client(input: &[u8]) {
    let Some(mut world) = World::new() else { return };
    let mut rest = input;
    let mut take = |max: usize| {
        let (piece, after) = rest.split_at(max.min(rest.len()));
        rest = after;
        piece
    };
    while let Some(&[what, number]) = take(2).first_chunk() {
        let port = usize::from(what >> 7);
        match what & 0x07 {
            // A message: command and body as they come.
            0 | 1 => {
                let body = take(usize::from(what >> 3 & 0x0F) * 4);
                world.message(port, u16::from(number), body);
            }
            // A register, all bits or the mask and its bits.
            2 => {
                let value = word(take(4));
                world.write(port, u64::from(number & 0x3F) * 4, value);
            }
            3 => {
                let bits = u32::from(number) | u32::from(what >> 3 & 0x0F) << 12;
                world.write(port, CTRL_STATUS, bits << 16 | bits);
            }
            // A mailbox command.
            4 => {
                for mailbox in (1..6).rev() {
                    world.write(port, mailbox * 4, parameter(take(2)));
                }
                world.write(port, 0, number.into());
                world.write(port, CTRL_STATUS, 0x0040_0040);
                world.read(port, CTRL_STATUS);
            }
            // Something in the request ring.
            5 => {
                let entry = take(64);
                let slot = u64::from(number & 0x1F);
                world.put(port, REQUESTS + slot * 64, entry);
                world.write(port, REQ_Q_IN, (slot as u32 + 1) % 32);
            }
            // A control block that names the rings, as the driver writes it; bytes on top of it.
            6 => world.initialize(port, usize::from(number) * 2, take(16)),
            _ => world.pass(Duration::from_millis(u64::from(number) * 20)),
        }
        world.settle();
    }
    for port in 0..2 {
        world.write(port, CTRL_STATUS, 0x8000_8000);
        world.write(port, CTRL_STATUS, 0x0080_0080);
        assert_eq!(world.read(port, 0), 0x4000, "port {port} does not boot");
        world.write(port, CTRL_STATUS, 0x0020_0020);
        world.write(port, 0, 0x69);
        world.write(port, CTRL_STATUS, 0x0040_0040);
        world.pass(Duration::from_millis(5));
        assert_eq!(world.read(port, 0), 0x4000, "port {port} does not answer");
    }
}

fn word(bytes: &[u8]) -> u32 {
    bytes
        .iter()
        .rev()
        .fold(0, |all, byte| all << 8 | u32::from(*byte))
}

/// Mostly what a driver means: small numbers and addresses; now and then anything.
fn parameter(bytes: &[u8]) -> u32 {
    let [how, value] = *bytes.first_chunk().unwrap_or(&[0, 0]);
    let value = u32::from(value);
    match how & 7 {
        0 | 1 => value,
        2 => BLOCK as u32 + value * 16,
        3 => 0x0200_0000 + (u32::from(how >> 3) << 24) + value * 4,
        4 => value << 8,
        5 => u32::MAX - value,
        _ => (MEMORY + MEMORY_LEN) as u32 - value,
    }
}

impl World {
    fn new() -> Option<Self> {
        let now = Instant::now();
        let config = CardConfig {
            chip: &ISP4032,
            ports: 2,
            seed: [7; 32],
            link_up: true,
            lease: None,
        };
        let store = MemoryStore::new(factory_default(&ISP4032, 2, Identity { seed: 1 }));
        let card = Card::power_on(config, Box::new(store), now).ok()?;
        let memory = memfd_create("guest", MFdFlags::MFD_CLOEXEC).ok()?;
        ftruncate(&memory, MEMORY_LEN as i64).ok()?;
        let mut world = Self {
            adapter: Adapter::new(&ISP40XX_PAGE_0, card, |_| DmaMap::default()),
            devices: [
                Device::new(&ISP4032, &ISP40XX_PAGE_0, 0),
                Device::new(&ISP4032, &ISP40XX_PAGE_0, 1),
            ],
            memory,
            eventfd: EventFd::new().ok()?,
            now,
        };
        for port in 0..2 {
            let map = [
                &32u32.to_le_bytes()[..],
                &3u32.to_le_bytes(),
                &0u64.to_le_bytes(),
                &MEMORY.to_le_bytes(),
                &MEMORY_LEN.to_le_bytes(),
            ]
            .concat();
            world.message(port, 2, &map);
            world.write(port, CTRL_STATUS, 0x8000_8000);
            world.write(port, CTRL_STATUS, 0x0080_0080);
            world.write(port, CTRL_STATUS, 0x0020_0020);
            world.initialize(port, 0, &[]);
        }
        Some(world)
    }

    fn message(&mut self, port: usize, command: u16, body: &[u8]) -> Vec<u8> {
        let request = message::decode(command, body);
        let fd = if command == SET_IRQS {
            self.eventfd.as_fd()
        } else {
            self.memory.as_fd()
        };
        let fds = fd
            .try_clone_to_owned()
            .into_iter()
            .map(|fd| Foreign::new(fd, Waiting::default()))
            .collect();
        let (now, adapter) = (self.now, &mut self.adapter);
        let device = &mut self.devices[port];
        request
            .and_then(|request| device.answer(adapter, now, &request, body, fds))
            .unwrap_or_default()
    }

    fn access(offset: u64, more: &[u8]) -> Vec<u8> {
        let mut body = offset.to_le_bytes().to_vec();
        body.extend(BAR.to_le_bytes());
        body.extend(4u32.to_le_bytes());
        body.extend(more);
        body
    }

    fn write(&mut self, port: usize, offset: u64, value: u32) {
        self.message(port, 10, &Self::access(offset, &value.to_le_bytes()));
    }

    fn read(&mut self, port: usize, offset: u64) -> u32 {
        let reply = self.message(port, 9, &Self::access(offset, &[]));
        word(reply.get(16..20).unwrap_or_default())
    }

    fn put(&mut self, port: usize, at: u64, bytes: &[u8]) {
        use isp4xxx::regs::GuestMemory as _;
        if let Some(memory) = self.adapter.memory_mut(port) {
            let _ = memory.write(at, bytes);
        }
    }

    /// INITIALIZE_FIRMWARE with rings and an IPv4 address (`ql4_fw.h` `struct addr_ctrl_blk`), changed from byte `at` on.
    fn initialize(&mut self, port: usize, at: usize, change: &[u8]) {
        let mut bytes = vec![0; BLOCK_LEN];
        let fields: [(usize, &[u8]); 6] = [
            (0x14, &32u16.to_le_bytes()),
            (0x16, &32u16.to_le_bytes()),
            (0x18, &REQUESTS.to_le_bytes()),
            (0x20, &(REQUESTS + 0x1000).to_le_bytes()),
            (0x28, &(REQUESTS + 0x2000).to_le_bytes()),
            (0x50, &[127, 0, 0, 31]),
        ];
        for (at, field) in fields {
            bytes[at..at + field.len()].copy_from_slice(field);
        }
        let len = bytes.len();
        for (old, new) in bytes.iter_mut().skip(at % len).zip(change) {
            *old = *new;
        }
        self.put(port, BLOCK, &bytes);
        for (mailbox, value) in [(4, len as u32), (3, 0), (2, BLOCK as u32), (1, 0), (0, 0x60)] {
            self.write(port, mailbox * 4, value);
        }
        self.write(port, CTRL_STATUS, 0x0040_0040);
    }

    /// What follows at once: links are not connected, echoes get no answer.
    fn settle(&mut self) {
        while self.adapter.card_mut().poll_effect().is_some() {}
        for due in 0.. {
            self.adapter.settle(self.now);
            if self.adapter.poll_timeout().is_none_or(|at| at > self.now) {
                break;
            }
            assert!(due < MAX_DUE, "always something due");
            self.adapter.handle_timeout(self.now);
        }
        for (port, device) in self.devices.iter_mut().enumerate() {
            device.level(self.adapter.interrupt(port));
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.settle();
    }
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod corpus;

#[cfg(test)]
mod tests {

    /// A generator of bytes that is the same everywhere.
    fn noise(seed: u64, len: usize) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        (0..len).map(|_| next()).collect()
    }

    #[test]
    fn a_client_that_does_anything_harms_nobody() {
        for seed in 0..300 {
            let input = noise(seed, 600);
            let outcome = std::panic::catch_unwind(|| super::client(&input));
            assert!(outcome.is_ok(), "seed {seed}");
        }
    }

    #[test]
    fn clients_of_the_corpus_harm_nobody() {
        super::corpus::replay("pci", super::client);
    }
}
