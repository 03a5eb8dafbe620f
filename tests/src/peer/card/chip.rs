//! The chip's side of the L2 ring that cnic gives up.
//!
//! Owns descriptors, doorbells and the status block. A frame that comes waits until a buffer is free, as in the chip's own memory; one
//! that is longer than a buffer is dropped. Source: `cnic.c` (`cnic_init_bnx2_tx_ring`, `cnic_init_bnx2_rx_ring`), `bnx2.h`
//! (`struct l2_fhdr`, `struct status_block`, `BNX2_EMAC_MAC_MATCH4`), `bnx2.c` (`bnx2_set_mac_addr`).

use anyhow::{Result, ensure};

use super::memory::Memory;

/// Where the card's memory is for the chip.
const BUS: u64 = 0x7_4000_0000;
/// Bytes of a buffer; the first one is sent from, the others are received into.
const BUFFER: usize = 0x400;
const RECEIVING: usize = 3;
const PAGE: usize = 4096;
const DESCRIPTOR: usize = 16;

/// Registers, and what they say: a BCM5709 without MSI-X.
const MISC_ID: (usize, u32) = (0x808, 0x5709_2000);
const MAC_MATCH4: usize = 0x1420;
const MAC_MATCH5: usize = 0x1424;
const TX_INDEX: usize = 0x10000 + 20 * 0x100 + 0x88;
const TX_SEQUENCE: usize = 0x10000 + 20 * 0x100 + 0x90;
const RX_INDEX: usize = 0x10000 + 2 * 0x100 + 4;
const RX_SEQUENCE: usize = 0x10000 + 2 * 0x100 + 8;

/// Words of the status block whose upper half is the index.
const STATUS_TX2: usize = 12;
const STATUS_RX2: usize = 20;

const TX_VLAN: u32 = 1 << 3;
const TX_WHOLE: u32 = 1 << 6 | 1 << 7;
const RX_VLAN: u32 = 1 << 6;
/// Bytes of what stands before a received frame.
const HEADER: usize = 18;
const FCS: usize = 4;
/// Bytes of the shortest frame on a cable.
const SHORTEST: usize = 60;
const TPID: [u8; 2] = [0x81, 0];

/// One port.
#[derive(Debug)]
pub(super) struct Chip {
    memory: Memory,
    mac: [u8; 6],
    rx: u16,
    /// Frames that were received.
    received: u32,
    tx: u16,
    /// Bytes that were sent.
    sent: u32,
}

impl Chip {
    pub(super) const fn new(memory: Memory, mac: [u8; 6]) -> Self {
        Self {
            memory,
            mac,
            rx: 0,
            received: 0,
            tx: 0,
            sent: 0,
        }
    }

    /// Somebody opens the device: cnic lays the rings out.
    pub(super) fn open(&mut self) -> Result<()> {
        (self.rx, self.received, self.tx, self.sent) = (0, 0, 0, 0);
        let Memory {
            registers,
            status,
            rings,
            buffers,
        } = &self.memory;
        for map in [registers, status, rings, buffers] {
            map.write(0, &vec![0; map.len()])?;
        }
        let [a, b, c, d, e, f] = self.mac;
        registers.write32(MISC_ID.0, MISC_ID.1)?;
        registers.write32(MAC_MATCH4, u32::from_be_bytes([0, 0, a, b]))?;
        registers.write32(MAC_MATCH5, u32::from_be_bytes([c, d, e, f]))?;
        for entry in 0..255 {
            self.descriptor(entry * DESCRIPTOR, 0)?;
            let at = PAGE + entry * DESCRIPTOR;
            self.descriptor(at, entry % RECEIVING + 1)?;
            rings.write32(at + 8, u32::try_from(BUFFER)?)?;
            rings.write32(at + 12, 0xc)?;
        }
        Ok(())
    }

    /// The device is closed: cnic takes the rings back.
    pub(super) fn close(&self) -> Result<()> {
        let rings = &self.memory.rings;
        Ok(rings.write(0, &vec![0; rings.len()])?)
    }

    fn descriptor(&self, at: usize, buffer: usize) -> Result<()> {
        let address = BUS + u64::try_from(buffer * BUFFER)?;
        let rings = &self.memory.rings;
        rings.write32(at, u32::try_from(address >> 32)?)?;
        Ok(rings.write32(at + 4, (address & u64::from(u32::MAX)) as u32)?)
    }

    fn buffer(&self, at: usize) -> Result<usize> {
        let rings = &self.memory.rings;
        let address = u64::from(rings.read32(at)?) << 32 | u64::from(rings.read32(at + 4)?);
        let offset = address.checked_sub(BUS).and_then(|at| usize::try_from(at).ok());
        let inside = offset.filter(|at| at + BUFFER <= self.memory.buffers.len());
        inside.ok_or_else(|| anyhow::anyhow!("a descriptor points to {address:#x}"))
    }

    /// Sends what the doorbell says. The sequence is what starts the chip: until it has come, there is nothing.
    pub(super) fn transmit(&mut self) -> Result<Vec<Vec<u8>>> {
        let mut frames = Vec::new();
        let upto = self.memory.registers.read16(TX_INDEX)?;
        let (mut tx, mut sent) = (self.tx, self.sent);
        while tx != upto && frames.len() < 255 {
            let at = usize::from(tx & 255) * DESCRIPTOR;
            let length = self.memory.rings.read32(at + 8)?;
            let flags = self.memory.rings.read32(at + 12)?;
            ensure!(
                flags & TX_WHOLE == TX_WHOLE,
                "a descriptor is not a frame: {flags:#x}"
            );
            ensure!(length as usize <= BUFFER, "a frame of {length} bytes");
            let mut frame = vec![0; length as usize];
            self.memory.buffers.read(self.buffer(at)?, &mut frame)?;
            if flags & TX_VLAN != 0 && frame.len() >= 12 {
                let tci = ((flags >> 16) as u16).to_be_bytes();
                frame.splice(12..12, TPID.into_iter().chain(tci));
            }
            frame.resize(frame.len().max(SHORTEST), 0);
            frames.push(frame);
            sent = sent.wrapping_add(length);
            tx = next(tx);
        }
        if frames.is_empty() || self.memory.registers.read32(TX_SEQUENCE)? != sent {
            return Ok(Vec::new());
        }
        (self.tx, self.sent) = (tx, sent);
        self.memory.status.write32(STATUS_TX2, u32::from(tx) << 16)?;
        Ok(frames)
    }

    /// Whether a buffer is free for a frame.
    pub(super) fn has_room(&self) -> Result<bool> {
        let registers = &self.memory.registers;
        let given = registers.read16(RX_INDEX)?;
        let free = (LAPS + ordinal(given) - ordinal(self.rx)) % LAPS;
        // Index and sequence are two stores: between them, there is no buffer yet.
        let bytes = self
            .received
            .wrapping_add(free)
            .wrapping_mul(u32::try_from(BUFFER)?);
        Ok(free > 0 && registers.read32(RX_SEQUENCE)? == bytes)
    }

    /// A frame from the cable.
    pub(super) fn receive(&mut self, frame: &[u8]) -> Result<()> {
        let (tci, frame) = strip(frame);
        if frame.len() + HEADER + FCS > BUFFER {
            return Ok(());
        }
        let buffer = self.buffer(PAGE + usize::from(self.rx & 255) * DESCRIPTOR)?;
        let buffers = &self.memory.buffers;
        buffers.write32(buffer, if tci.is_some() { RX_VLAN } else { 0 })?;
        let length = u32::try_from(frame.len() + FCS)?;
        buffers.write32(buffer + 8, length << 16 | u32::from(tci.unwrap_or(0)))?;
        buffers.write(buffer + HEADER, &frame)?;
        self.rx = next(self.rx);
        self.received = self.received.wrapping_add(1);
        std::sync::atomic::fence(std::sync::atomic::Ordering::Release);
        Ok(self.memory.status.write32(STATUS_RX2, u32::from(self.rx) << 16)?)
    }
}

/// The index after this one; the last descriptor of a page points to its first one.
const fn next(index: u16) -> u16 {
    index.wrapping_add(if index & 255 == 254 { 2 } else { 1 })
}

/// So many descriptors later, an index is the same again.
const LAPS: u32 = 256 * 255;

/// The how manieth descriptor an index is.
const fn ordinal(index: u16) -> u32 {
    (index >> 8) as u32 * 255 + (index & 255) as u32
}

/// The tag of a frame, and the frame without it.
fn strip(frame: &[u8]) -> (Option<u16>, Vec<u8>) {
    match frame.split_at_checked(12) {
        Some((head, [0x81, 0, a, b, rest @ ..])) => {
            (Some(u16::from_be_bytes([*a, *b])), [head, rest].concat())
        }
        _ => (None, frame.to_vec()),
    }
}
