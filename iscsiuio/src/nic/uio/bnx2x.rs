//! The L2 ring that cnic gives up on 57710 to 57840.
//!
//! Not run on hardware: it is tried on a model of the ring in memory. Regions: 0 registers (BAR 0), 1 status block, 2 a page each of
//! transmit descriptors, receive descriptors and completions, 3 buffers. What is sent is told of through the doorbells of BAR 2,
//! which cnic offers nowhere: a kernel has to offer them as region 4. Source: `cnic.c` (`cnic_init_bnx2x_tx_ring`,
//! `cnic_init_bnx2x_rx_ring`, `cnic_init_rings`, `cnic_l2_completion`), `bnx2x_hsi.h`, `bnx2x_cmn.c` (`bnx2x_rx_int`).

use std::sync::atomic::{Ordering, fence};

use super::lap::Lap;
use super::pool::Pool;
use super::ring::SHORTEST;
use super::{Memory, Ring, RingError, Taken, tag};

/// Bytes of a page of descriptors, as on every machine with pages of 4 KiB.
const PAGE: usize = 4096;
const PAGES: usize = 4;
/// Transmit descriptors, 16 bytes each; three for a frame.
const TX: Lap = Lap::new(256, 255);
const TX_DESCRIPTOR: usize = 16;
/// Receive descriptors, 8 bytes each.
const RX: Lap = Lap::new(512, 510);
const RX_DESCRIPTOR: usize = 8;
/// Completions, 64 bytes each.
const RCQ: Lap = Lap::new(64, 63);
const COMPLETION: usize = 64;
const COMPLETIONS: u16 = 63;

/// Registers.
const CHIP_NUMBER: usize = 0xa408;
const USTORM: usize = 0x40_0000;

/// `struct client_init_general_data` and what cnic writes behind its beginning.
const CLIENT: usize = 0;
const DOORBELL: usize = 16;
const DOORBELL_KEY: usize = 20;
const USE_DOORBELL: u32 = 0x0178_55db;
/// The frame's first descriptor covers as much.
const FIRST: usize = 16;
/// What a doorbell is told beside the index: its header.
const DOORBELL_HEADER: u32 = 2;

/// `struct host_sp_status_block`: `index_values` 1 and 5.
const STATUS_RX: usize = 16 + 2;
const STATUS_TX: usize = 16 + 2 * 5;

/// `struct eth_tx_start_bd` and `struct eth_tx_bd`.
const START_VLAN: usize = 12;
const START_FLAGS: usize = 14;
const OUTBAND_VLAN: u8 = 1 << 2;
const REST_TOTAL: usize = 8;
const REST_BYTES: usize = 10;

/// `struct eth_fast_path_rx_cqe`.
const CQE_TYPE: u8 = 3;
const CQE_BAD: u8 = 1 << 3;
const CQE_OFFSET: usize = 3;
const CQE_VLAN: usize = 8;
const CQE_LENGTH: usize = 10;
const CQE_PARSED: usize = 14;
const PARSED_VLAN: u16 = 1 << 1;

/// Where the chip's firmware has the producers of a client: base, for each port, for each client.
fn producers(chip: u32, port: usize, client: usize) -> Result<usize, RingError> {
    Ok(USTORM
        + match chip {
            0x164e => 0x50c8 + port * 0x90 + client * 8,
            0x164f | 0x1650 => 0x1e00 + port * 0xe0 + client * 8,
            // 57712, 57713, 57800, 57810, 57811, 57840; each with its multi-function kind.
            0x1662 | 0x1663 | 0x1651 | 0x1652 | 0x168a | 0x16a5 | 0x168e | 0x16ae | 0x163d | 0x163e
            | 0x168d | 0x16ab | 0x16a1 | 0x16a2 | 0x16a4 => 0x6000 + client * 0x20,
            chip => return Err(RingError::Chip { chip }),
        })
}

/// The ring, in memory of any kind.
#[derive(Debug)]
pub struct Bnx2x<M> {
    registers: M,
    doorbells: M,
    status: M,
    ring: M,
    buffers: M,
    pool: Pool,
    producers: usize,
    doorbell: usize,
    cqe_cons: u16,
    cqe_prod: u16,
    bd_cons: u16,
    bd_prod: u16,
    tx_bd: u16,
    /// Frames sent.
    tx_prod: u16,
    sending: bool,
}

impl<M: Memory> Bnx2x<M> {
    /// Takes the ring into use; the chip may receive from now on. `function` is the number of the PCI function.
    ///
    /// # Errors
    /// The memory is not what is expected of it.
    pub fn new(
        registers: M,
        doorbells: Option<M>,
        status: M,
        ring: M,
        buffers: M,
        function: u8,
    ) -> Result<Self, RingError> {
        let layout = |what| RingError::Layout { what };
        let doorbells = doorbells.ok_or(RingError::Unreachable {
            what: "the doorbells to send by (BAR 2)",
            remedy: "cnic offers BAR 0 only, and the kernel needs one that offers BAR 2 as memory 4",
        })?;
        if ring.len() != PAGES * PAGE {
            return Err(layout("descriptors are not in four pages of 4 KiB"));
        }
        let pool = Pool::of(|entry| Self::address(&ring, entry), buffers.len())?;
        if buffers.read32(DOORBELL_KEY)? != USE_DOORBELL {
            return Err(layout("cnic does not say where the doorbell is"));
        }
        let doorbell = usize::try_from(buffers.read32(DOORBELL)?).unwrap_or(usize::MAX);
        doorbells.read32(doorbell)?;
        let client = usize::from(buffers.read8(CLIENT)?);
        let chip = registers.read32(CHIP_NUMBER)? & 0xffff;
        let mut this = Self {
            producers: producers(chip, usize::from(function & 1), client)?,
            doorbell,
            cqe_cons: 0,
            cqe_prod: COMPLETIONS,
            bd_cons: 0,
            bd_prod: 0,
            tx_bd: 0,
            tx_prod: 0,
            sending: false,
            registers,
            doorbells,
            status,
            ring,
            buffers,
            pool,
        };
        for _ in 0..pool.count {
            this.bd_prod = RX.next(this.bd_prod);
        }
        this.post()?;
        Ok(this)
    }

    /// The bus address of a receive descriptor's buffer.
    fn address(ring: &M, entry: u16) -> Result<u64, RingError> {
        let at = PAGE + usize::from(entry) * RX_DESCRIPTOR;
        Ok(u64::from(ring.read32(at + 4)?) << 32 | u64::from(ring.read32(at)?))
    }

    /// Gives buffers and completions to the chip.
    fn post(&self) -> Result<(), RingError> {
        fence(Ordering::SeqCst);
        let both = u32::from(self.bd_prod) << 16 | u32::from(self.cqe_prod);
        self.registers.write32(self.producers, both)?;
        self.registers.write32(self.producers + 4, 0)?;
        Ok(())
    }

    fn there(&self) -> Result<(), RingError> {
        match Self::address(&self.ring, 0)? {
            0 => Err(RingError::Closed),
            _ => Ok(()),
        }
    }

    /// Copies the frame that a completion tells of, if it is one.
    fn copy(&self, completion: usize, room: &mut [u8]) -> Result<Taken, RingError> {
        let offset = usize::from(self.ring.read8(completion + CQE_OFFSET)?);
        let len = usize::from(u16::from_le(self.ring.read16(completion + CQE_LENGTH)?));
        let tci = u16::from_le(self.ring.read16(completion + CQE_VLAN)?);
        let parsed = u16::from_le(self.ring.read16(completion + CQE_PARSED)?);
        if self.ring.read8(completion)? & CQE_BAD != 0 || len < 14 || offset + len > self.pool.size {
            return Ok(Taken::NoFrame);
        }
        let Some(frame) = room.get_mut(..len) else {
            return Ok(Taken::NoFrame);
        };
        let buffer = self.pool.buffer(RX.entry(self.bd_cons));
        self.buffers.read(buffer + offset, frame)?;
        if parsed & PARSED_VLAN == 0 && tci == 0 {
            return Ok(Taken::Frame(len));
        }
        Ok(tag::insert(room, len, tci).map_or(Taken::NoFrame, Taken::Frame))
    }
}

impl<M: Memory> Ring for Bnx2x<M> {
    const NAME: &'static str = "bnx2x";

    fn longest(&self) -> usize {
        self.pool.size
    }

    fn take(&mut self, room: &mut [u8]) -> Result<Taken, RingError> {
        self.there()?;
        let done = u16::from_le(self.status.read16(STATUS_RX)?);
        fence(Ordering::Acquire);
        let most = u32::from(COMPLETIONS);
        match RCQ.ahead(self.cqe_cons, done) {
            0 => return Ok(Taken::Nothing),
            ahead if ahead > most => return Err(RingError::Index { ahead, most }),
            _ => {}
        }
        let completion = 2 * PAGE + usize::from(RCQ.entry(self.cqe_cons)) * COMPLETION;
        // A completion of a command has no buffer.
        let frame = self.ring.read8(completion)? & CQE_TYPE == 0;
        let taken = if frame {
            self.copy(completion, room)?
        } else {
            Taken::NoFrame
        };
        if frame {
            self.bd_cons = RX.next(self.bd_cons);
            self.bd_prod = RX.next(self.bd_prod);
        }
        self.cqe_cons = RCQ.next(self.cqe_cons);
        self.cqe_prod = RCQ.next(self.cqe_prod);
        self.post()?;
        Ok(taken)
    }

    fn idle(&mut self) -> Result<bool, RingError> {
        self.there()?;
        self.sending &= u16::from_le(self.status.read16(STATUS_TX)?) != self.tx_prod;
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
        let descriptor = |index| usize::from(TX.entry(index)) * TX_DESCRIPTOR;
        let start = descriptor(self.tx_bd);
        let parse = TX.next(self.tx_bd);
        let remains = TX.next(parse);
        let flags = self.ring.read8(start + START_FLAGS)? & !OUTBAND_VLAN;
        let flags = tci.map_or(flags, |_| flags | OUTBAND_VLAN);
        self.ring.write8(start + START_FLAGS, flags)?;
        let word = tci.unwrap_or(self.tx_prod);
        self.ring.write16(start + START_VLAN, word.to_le())?;
        let bytes = u16::try_from(len).unwrap_or(u16::MAX);
        let rest = u16::try_from(len - FIRST).unwrap_or(u16::MAX);
        let at = descriptor(remains);
        self.ring.write16(at + REST_TOTAL, bytes.to_le())?;
        self.ring.write16(at + REST_BYTES, rest.to_le())?;
        self.tx_bd = TX.next(remains);
        self.tx_prod = self.tx_prod.wrapping_add(1);
        self.sending = true;
        fence(Ordering::SeqCst);
        let told = DOORBELL_HEADER | u32::from(self.tx_bd) << 16;
        self.doorbells.write32(self.doorbell, told)?;
        Ok(())
    }
}
