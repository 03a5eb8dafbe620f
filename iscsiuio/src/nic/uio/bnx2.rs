//! The L2 ring that cnic gives up on 5706, 5708, 5709 and 5716.
//!
//! Not run on hardware: it is tried on a model of the ring in memory. Regions: 0 registers, 1 status block, 2 a page of transmit and a
//! page of receive descriptors, 3 buffers. Source: `cnic.c` (`cnic_init_uio`, `cnic_init_bnx2_tx_ring`, `cnic_init_bnx2_rx_ring`,
//! `cnic_shutdown_rings`), `bnx2.c` (`bnx2_rx_int`, `bnx2_set_rx_mode`), `bnx2.h` (`struct l2_fhdr`, `struct status_block`).

use std::sync::atomic::{Ordering, fence};

use super::lap::Lap;
use super::pool::Pool;
use super::ring::SHORTEST;
use super::{Memory, Ring, RingError, Taken, tag};

/// Bytes of a page of descriptors, as on every machine with pages of 4 KiB.
const PAGE: usize = 4096;
/// Bytes of a descriptor.
const DESCRIPTOR: usize = 16;
/// Descriptors of either ring; the last one points to the first.
const RING: Lap = Lap::new(256, 255);

/// Registers.
const MISC_ID: usize = 0x808;
const EMAC_RX_MODE: usize = 0x14c8;
const KEEP_VLAN_TAG: u32 = 1 << 10;
const RPM_SORT_USER2: usize = 0x1828;
const SORT_BROADCAST: u32 = 1 << 16;
const SORT_MULTICAST: u32 = 1 << 17;
const SORT_ANY_VLAN: u32 = 1 << 24;
const SORT_ENABLE: u32 = 1 << 31;
/// Of the port's four MAC addresses, the one that cnic gives to iSCSI.
const SORT_ISCSI: u32 = 4;
const TSCH_TSS_CFG: usize = 0x4c1c;
const CHIP_5709: u32 = 0x5709;

/// The mailbox of a connection ID, and what is in it.
const fn mailbox(cid: usize) -> usize {
    0x10000 + (cid << 8)
}
const TX_CID: usize = 20;
const RX_CID: usize = 2;
const TX_INDEX: usize = 0x88;
const TX_SEQUENCE: usize = 0x90;
const RX_INDEX: usize = 4;
const RX_SEQUENCE: usize = 8;

/// Status block: two indices in each word.
const STATUS_TX2: usize = 12;
const STATUS_RX2: usize = 20;

/// Transmit descriptor: length, then flags and tag.
const TX_LENGTH: usize = 8;
const TX_FLAGS: usize = 12;
const TX_VLAN: u32 = 1 << 3;
const TX_END: u32 = 1 << 6;
const TX_START: u32 = 1 << 7;

/// What stands before a received frame: status, hash, tag and length, checksums; then two bytes of nothing.
const HEADER: usize = 18;
const HEADER_TAG_LENGTH: usize = 8;
const STATUS_VLAN: u32 = 1 << 6;
/// Bad checksum, bad symbols, bad alignment, too short, too long.
const STATUS_BAD: u32 = 0x1f << 17;
const FCS: usize = 4;

/// The ring, in memory of any kind.
#[derive(Debug)]
pub struct Bnx2<M> {
    registers: M,
    status: M,
    ring: M,
    buffers: M,
    pool: Pool,
    keeps_tags: bool,
    rx_cons: u16,
    rx_prod: u16,
    rx_sequence: u32,
    /// What the status block said before the chip had anything to say of this ring.
    stale: Option<u16>,
    tx_prod: u16,
    tx_sequence: u32,
    sending: bool,
}

impl<M: Memory> Bnx2<M> {
    /// Takes the ring into use; the chip may receive from now on.
    ///
    /// # Errors
    /// The memory is not what is expected of it.
    pub fn new(registers: M, status: M, ring: M, buffers: M) -> Result<Self, RingError> {
        if ring.len() != 2 * PAGE {
            return Err(RingError::Layout {
                what: "descriptors are not in two pages of 4 KiB",
            });
        }
        let chip = registers.read32(MISC_ID)? >> 16;
        // With MSI-X the chip sends by the connections from 32 on, whose mailboxes begin where the mapping ends.
        if chip == CHIP_5709 && registers.read32(TSCH_TSS_CFG)? != 0 {
            return Err(RingError::Unreachable {
                what: "the mailbox to send by with MSI-X",
                remedy: "load bnx2 with disable_msi=1",
            });
        }
        for cid in [TX_CID, RX_CID] {
            registers.read32(mailbox(cid) + TX_SEQUENCE)?;
        }
        let pool = Pool::of(|entry| Self::address(&ring, entry), buffers.len())?;
        let mut this = Self {
            keeps_tags: registers.read32(EMAC_RX_MODE)? & KEEP_VLAN_TAG != 0,
            stale: None,
            rx_cons: 0,
            rx_prod: 0,
            rx_sequence: 0,
            tx_prod: 0,
            tx_sequence: 0,
            sending: false,
            registers,
            status,
            ring,
            buffers,
            pool,
        };
        this.stale = Some(this.received()?);
        for entry in 0..pool.count {
            this.buffers.write32(pool.buffer(entry) + HEADER_TAG_LENGTH, 0)?;
            this.rx_prod = RING.next(this.rx_prod);
        }
        this.rx_sequence = u32::from(pool.count) * this.step();
        this.post()?;
        this.hear_groups(chip)?;
        Ok(this)
    }

    /// The bus address of a receive descriptor's buffer.
    fn address(ring: &M, entry: u16) -> Result<u64, RingError> {
        let at = PAGE + usize::from(entry) * DESCRIPTOR;
        Ok(u64::from(ring.read32(at)?) << 32 | u64::from(ring.read32(at + 4)?))
    }

    /// cnic lets broadcasts in; neighbour discovery needs groups, too.
    fn hear_groups(&self, chip: u32) -> Result<(), RingError> {
        let mut sort = SORT_ISCSI | SORT_BROADCAST | SORT_MULTICAST;
        if chip != CHIP_5709 {
            sort |= SORT_ANY_VLAN;
        }
        for value in [0, sort, sort | SORT_ENABLE] {
            self.registers.write32(RPM_SORT_USER2, value)?;
        }
        Ok(())
    }

    fn step(&self) -> u32 {
        u32::try_from(self.pool.size).unwrap_or(u32::MAX)
    }

    /// The chip's index of what it received.
    fn received(&self) -> Result<u16, RingError> {
        let index = (self.status.read32(STATUS_RX2)? >> 16) as u16;
        fence(Ordering::Acquire);
        Ok(RING.settle(index))
    }

    /// Gives buffers to the chip.
    fn post(&self) -> Result<(), RingError> {
        fence(Ordering::SeqCst);
        self.registers.write16(mailbox(RX_CID) + RX_INDEX, self.rx_prod)?;
        self.registers
            .write32(mailbox(RX_CID) + RX_SEQUENCE, self.rx_sequence)?;
        Ok(())
    }

    fn there(&self) -> Result<(), RingError> {
        match Self::address(&self.ring, 0)? {
            0 => Err(RingError::Closed),
            _ => Ok(()),
        }
    }

    /// Copies the frame of a buffer, if it is one.
    fn copy(&self, buffer: usize, room: &mut [u8]) -> Result<Taken, RingError> {
        let status = self.buffers.read32(buffer)?;
        let word = self.buffers.read32(buffer + HEADER_TAG_LENGTH)?;
        let len = usize::try_from(word >> 16).unwrap_or(0).checked_sub(FCS);
        let fits = |len: &usize| (14..=self.pool.size - HEADER - FCS).contains(len);
        let (Some(len), true) = (len.filter(fits), status & STATUS_BAD == 0) else {
            return Ok(Taken::NoFrame);
        };
        let Some(frame) = room.get_mut(..len) else {
            return Ok(Taken::NoFrame);
        };
        self.buffers.read(buffer + HEADER, frame)?;
        if status & STATUS_VLAN == 0 || self.keeps_tags {
            return Ok(Taken::Frame(len));
        }
        Ok(tag::insert(room, len, word as u16).map_or(Taken::NoFrame, Taken::Frame))
    }
}

impl<M: Memory> Ring for Bnx2<M> {
    const NAME: &'static str = "bnx2";

    fn longest(&self) -> usize {
        self.pool.size - HEADER - FCS
    }

    fn take(&mut self, room: &mut [u8]) -> Result<Taken, RingError> {
        self.there()?;
        let received = self.received()?;
        let buffer = self.pool.buffer(RING.entry(self.rx_cons));
        if self.stale == Some(received) && self.buffers.read32(buffer + HEADER_TAG_LENGTH)? == 0 {
            return Ok(Taken::Nothing);
        }
        self.stale = None;
        let most = u32::from(self.pool.count);
        match RING.ahead(self.rx_cons, received) {
            0 => return Ok(Taken::Nothing),
            ahead if ahead > most => return Err(RingError::Index { ahead, most }),
            _ => {}
        }
        let taken = self.copy(buffer, room)?;
        self.rx_cons = RING.next(self.rx_cons);
        self.rx_prod = RING.next(self.rx_prod);
        self.rx_sequence = self.rx_sequence.wrapping_add(self.step());
        self.post()?;
        Ok(taken)
    }

    fn idle(&mut self) -> Result<bool, RingError> {
        self.there()?;
        let sent = (self.status.read32(STATUS_TX2)? >> 16) as u16;
        self.sending &= RING.settle(sent) != self.tx_prod;
        Ok(!self.sending)
    }

    fn put(&mut self, frame: &[u8]) -> Result<(), RingError> {
        let (tci, [head, rest]) = tag::split(frame);
        let len = (head.len() + rest.len()).max(SHORTEST);
        if len > self.longest() {
            return Err(RingError::Layout {
                what: "the frame is longer than the buffer",
            });
        }
        self.buffers.write(0, &[0; SHORTEST])?;
        self.buffers.write(0, head)?;
        self.buffers.write(head.len(), rest)?;
        let at = usize::from(RING.entry(self.tx_prod)) * DESCRIPTOR;
        let vlan = tci.map_or(0, |tci| u32::from(tci) << 16 | TX_VLAN);
        let bytes = u32::try_from(len).unwrap_or(u32::MAX);
        self.ring.write32(at + TX_LENGTH, bytes)?;
        self.ring.write32(at + TX_FLAGS, vlan | TX_END | TX_START)?;
        self.tx_sequence = self.tx_sequence.wrapping_add(bytes);
        self.tx_prod = RING.next(self.tx_prod);
        self.sending = true;
        fence(Ordering::SeqCst);
        self.registers.write16(mailbox(TX_CID) + TX_INDEX, self.tx_prod)?;
        self.registers
            .write32(mailbox(TX_CID) + TX_SEQUENCE, self.tx_sequence)?;
        Ok(())
    }
}
