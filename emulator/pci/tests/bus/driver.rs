//! A few lines of driver over [`vfio_user::Client`]: what the stock driver does, step by step.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use driver_sys::hw::raw::addr_ctrl_blk;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::memfd::{MFdFlags, memfd_create};
use vfio_user::Client;
use zerocopy::{FromBytes, IntoBytes};

/// Where the driver's memory begins on the bus, and how long it is.
pub(crate) const MEMORY: u64 = 0x10_0000;
pub(crate) const MEMORY_LEN: u64 = 4 << 20;
/// What lies where in it.
pub(crate) const BUFFER: u64 = MEMORY;
pub(crate) const REQUESTS: u64 = MEMORY + 0x1_0000;
pub(crate) const RESPONSES: u64 = MEMORY + 0x2_0000;
pub(crate) const SHADOW: u64 = MEMORY + 0x3_0000;
pub(crate) const DATA: u64 = MEMORY + 0x10_0000;
/// Lengths of the rings.
pub(crate) const REQUEST_LEN: u16 = 32;
pub(crate) const RESPONSE_LEN: u16 = 8;

pub(crate) const CTRL_STATUS: u64 = 0x28;
pub(crate) const INTR_MASK: u64 = 0x2C;
pub(crate) const NVRAM: u64 = 0x30;
pub(crate) const SEMAPHORE: u64 = 0x34;
pub(crate) const REQ_Q_IN: u64 = 0x38;
pub(crate) const RSP_Q_OUT: u64 = 0x3C;
pub(crate) const PROCESSOR_INTR: u32 = 0x20;
pub(crate) const COMPLETION_INTR: u32 = 0x10;

const BAR: u32 = 1;
const LIMIT: Duration = Duration::from_secs(20);

/// Sets bits of a register whose upper half is a mask.
pub(crate) const fn set(bits: u32) -> u32 {
    bits << 16 | bits
}

/// Memory that may shrink.
pub(crate) fn memfd(len: u64) -> File {
    let flags = MFdFlags::MFD_ALLOW_SEALING | MFdFlags::MFD_CLOEXEC;
    let memory = File::from(memfd_create("guest", flags).unwrap());
    memory.set_len(len).unwrap();
    memory
}

pub(crate) struct Driver {
    pub(crate) client: Client,
    pub(crate) memory: File,
    pub(crate) interrupt: EventFd,
    request_in: u16,
    response_out: u16,
    /// Events that came meanwhile.
    pub(crate) events: Vec<[u32; 8]>,
}

impl Driver {
    /// Connects, maps memory as QEMU has it (a memfd that cannot shrink) and the interrupt.
    pub(crate) fn attach(socket: &Path) -> Self {
        let memory = memfd(MEMORY_LEN);
        fcntl(&memory, FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_SHRINK)).unwrap();
        Self::attach_with(socket, memory)
    }

    /// As [`Driver::attach`], with memory that is not sealed.
    pub(crate) fn attach_unsealed(socket: &Path) -> Self {
        Self::attach_with(socket, memfd(MEMORY_LEN))
    }

    /// As [`Driver::attach`], with a page whose file cannot be written and holds nothing to be read any more.
    pub(crate) fn attach_with_rom(socket: &Path, at: u64) -> Self {
        let mut driver = Self::attach(socket);
        let file = memfd(4096);
        let nothing = File::open(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap();
        driver.client.dma_map(0, at, 4096, nothing.as_raw_fd()).unwrap();
        file.set_len(0).unwrap();
        driver
    }

    fn attach_with(socket: &Path, memory: File) -> Self {
        let mut client = Client::new(socket).unwrap();
        client.dma_map(0, MEMORY, MEMORY_LEN, memory.as_raw_fd()).unwrap();
        let interrupt = EventFd::from_flags(EfdFlags::EFD_NONBLOCK).unwrap();
        // Data is an eventfd, the action is to trigger.
        client
            .set_irqs(0, 1 << 2 | 1 << 5, 0, 1, &[interrupt.as_raw_fd()])
            .unwrap();
        Self {
            client,
            memory,
            interrupt,
            request_in: 0,
            response_out: 0,
            events: Vec::new(),
        }
    }

    pub(crate) fn read(&mut self, offset: u64) -> u32 {
        let mut word = [0; 4];
        self.client.region_read(BAR, offset, &mut word).unwrap();
        u32::from_le_bytes(word)
    }

    pub(crate) fn write(&mut self, offset: u64, value: u32) {
        self.client
            .region_write(BAR, offset, &value.to_le_bytes())
            .unwrap();
    }

    pub(crate) fn put(&self, at: u64, bytes: &[u8]) {
        self.memory.write_all_at(bytes, at - MEMORY).unwrap();
    }

    pub(crate) fn get(&self, at: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.memory.read_exact_at(&mut bytes, at - MEMORY).unwrap();
        bytes
    }

    pub(crate) fn word(&self, at: u64) -> u32 {
        u32::from_le_bytes(self.get(at, 4).try_into().unwrap())
    }

    /// Soft reset, boot.
    pub(crate) fn boot(&mut self) {
        self.write(CTRL_STATUS, set(0x8000));
        self.wait("the reset", |d| (d.read(CTRL_STATUS) & 0x8000 == 0).then_some(()));
        assert_eq!(self.read(0), 0, "nothing runs after a reset");
        self.write(0x1C, 0x1234_5678);
        self.write(0x18, 2);
        self.write(CTRL_STATUS, set(0x80));
        self.wait("the boot", |d| (d.read(0) & 0xFFFF == 0x4000).then_some(()));
        self.write(CTRL_STATUS, set(PROCESSOR_INTR));
    }

    /// A mailbox command, polled; the out-mailboxes.
    pub(crate) fn mailbox(&mut self, command: [u32; 6]) -> [u32; 8] {
        for (number, value) in command.iter().enumerate().rev() {
            self.write(number as u64 * 4, *value);
        }
        self.write(CTRL_STATUS, set(0x40));
        self.read(CTRL_STATUS);
        self.wait("a completion", |d| {
            let out = d.event()?;
            if out[0] >> 12 == 4 {
                return Some(out);
            }
            d.events.push(out);
            None
        })
    }

    /// What the out-mailboxes hold, acknowledged.
    pub(crate) fn event(&mut self) -> Option<[u32; 8]> {
        if self.read(CTRL_STATUS) & PROCESSOR_INTR == 0 {
            return None;
        }
        let out = std::array::from_fn(|number| self.read(number as u64 * 4));
        self.write(CTRL_STATUS, set(PROCESSOR_INTR));
        Some(out)
    }

    /// Waits for an event of that code.
    pub(crate) fn wait_event(&mut self, code: u32) -> [u32; 8] {
        if let Some(at) = self.events.iter().position(|event| event[0] == code) {
            return self.events.remove(at);
        }
        self.wait("an event", |d| {
            let event = d.event()?;
            if event[0] == code {
                return Some(event);
            }
            d.events.push(event);
            None
        })
    }

    /// Reset, boot, INITIALIZE_FIRMWARE with rings and this IPv4 address.
    pub(crate) fn start(&mut self, address: [u8; 4]) {
        self.start_with(address, |_| {});
    }

    /// As [`Driver::start`], with a control block that `change` has changed.
    pub(crate) fn start_with(&mut self, address: [u8; 4], change: impl FnOnce(&mut addr_ctrl_blk)) {
        self.boot();
        let answer = self.mailbox([0x61, 0, BUFFER as u32, 0, size_of::<addr_ctrl_blk>() as u32, 0]);
        assert_eq!(answer[0], 0x4000);
        let mut block =
            addr_ctrl_blk::read_from_bytes(&self.get(BUFFER, size_of::<addr_ctrl_blk>())).unwrap();
        block.rqq_len.set(REQUEST_LEN);
        block.compq_len.set(RESPONSE_LEN);
        block.rqq_addr_lo.set(REQUESTS as u32);
        block.compq_addr_lo.set(RESPONSES as u32);
        block.shdwreg_addr_lo.set(SHADOW as u32);
        block.ipv4_addr = address;
        block.ipv4_subnet = [255, 0, 0, 0];
        change(&mut block);
        self.put(BUFFER, block.as_bytes());
        self.put(SHADOW, &[0; 8]);
        for slot in 0..u64::from(RESPONSE_LEN) {
            self.put(RESPONSES + slot * 64 + 60, &0xDEAD_DEAD_u32.to_le_bytes());
        }
        (self.request_in, self.response_out) = (0, 0);
        self.write(REQ_Q_IN, 0);
        self.write(RSP_Q_OUT, 0);
        let answer = self.mailbox([0x60, 0, BUFFER as u32, 0, size_of::<addr_ctrl_blk>() as u32, 0]);
        assert_eq!(answer[0], 0x4000);
        self.wait("the firmware to be ready", |d| {
            (d.mailbox([0x69, 0, 0, 0, 0, 0])[1] == 0).then_some(())
        });
    }

    /// Puts entries into the request ring and tells the adapter.
    pub(crate) fn queue(&mut self, entries: &[[u8; 64]]) {
        for entry in entries {
            self.put(REQUESTS + u64::from(self.request_in) * 64, entry);
            self.request_in = (self.request_in + 1) % REQUEST_LEN;
        }
        self.write(REQ_Q_IN, self.request_in.into());
    }

    /// Waits for the next response and takes it.
    pub(crate) fn response(&mut self) -> Vec<u8> {
        let at = RESPONSES + u64::from(self.response_out) * 64;
        let entry = self.wait("a response", |d| {
            (d.word(at + 60) != 0xDEAD_DEAD).then(|| d.get(at, 64))
        });
        self.put(at + 60, &0xDEAD_DEAD_u32.to_le_bytes());
        self.response_out = (self.response_out + 1) % RESPONSE_LEN;
        self.write(RSP_Q_OUT, self.response_out.into());
        entry
    }

    pub(crate) fn wait<T>(&mut self, what: &str, mut probe: impl FnMut(&mut Self) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = probe(self) {
                return found;
            }
            assert!(begun.elapsed() < LIMIT, "waited for {what}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
