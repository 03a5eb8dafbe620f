//! The L2 ring of qedi: memory between the driver and us, no hardware.
//!
//! Not run on hardware: it is tried on a model of the ring in memory. Regions: 0 `struct qedi_uio_ctrl`, 1 receive descriptors,
//! 2 buffers. The driver sends when it is told so by a path update with a handle of its own. Source: `qedi.h`, `qedi_main.c`
//! (`qedi_reset_uio_rings`, `qedi_ll2_rx`, `qedi_ll2_process_skb`), `qedi_iscsi.c` (`qedi_data_avail`, `qedi_set_path`).

use std::io;
use std::sync::atomic::{Ordering, fence};

use super::{Memory, Ring, RingError, Taken, tag};

/// Bytes of `struct qedi_rx_bd`, and how many a page has.
const DESCRIPTOR: usize = 12;
const DESCRIPTORS: u32 = 4096 / 12;
/// Buffers to receive into; one more is sent from.
const BUFFERS: u32 = 15;
/// How many frames can wait: the driver may be writing over the one before them.
const WAITING: u32 = BUFFERS - 1;
/// Bytes of a buffer that make sense.
const LENGTHS: std::ops::RangeInclusive<usize> = 256..=16384;

/// `struct qedi_uio_ctrl`.
const HOST_TX_PROD: usize = 4;
const HOST_RX_CONS: usize = 8;
const HOST_RX_BD_CONS: usize = 12;
const HOST_TX_PKT_LEN: usize = 16;
const HOST_RX_CONS_CNT: usize = 20;
const HW_RX_BD_PROD: usize = 32;
const CONTROL: usize = 48;

/// Receive descriptor: buffer, length, tag.
const BD_LENGTH: usize = 4;
const BD_VLAN: usize = 8;

/// Who tells the driver to send what is in the buffer.
pub trait Transmit: Send {
    /// Tells it, and returns once it is done.
    ///
    /// # Errors
    /// It cannot be told.
    fn transmit(&mut self, vlan: u16) -> io::Result<()>;
}

/// The ring, in memory of any kind.
#[derive(Debug)]
pub struct Qedi<M, T> {
    control: M,
    ring: M,
    buffers: M,
    driver: T,
    size: usize,
    /// The descriptor that was read last.
    done: u32,
    consumed: u32,
    produced: u32,
}

impl<M: Memory, T: Transmit> Qedi<M, T> {
    /// Takes the ring into use; `size` is the length of a buffer.
    ///
    /// # Errors
    /// The memory is not what is expected of it.
    pub fn new(control: M, ring: M, buffers: M, size: usize, driver: T) -> Result<Self, RingError> {
        let layout = |what| RingError::Layout { what };
        if !LENGTHS.contains(&size) || buffers.len() / (BUFFERS as usize + 1) < size {
            return Err(layout("the buffers are not 16 of the size that the driver says"));
        }
        if control.len() < CONTROL {
            return Err(layout("the control structure is too short"));
        }
        if ring.len() < DESCRIPTORS as usize * DESCRIPTOR {
            return Err(layout("the receive descriptors are less than a page"));
        }
        // The driver has just reset all indices.
        let done = control.read32(HOST_RX_BD_CONS)?;
        Ok(Self {
            control,
            ring,
            buffers,
            driver,
            size,
            done: done % DESCRIPTORS,
            consumed: 0,
            produced: 0,
        })
    }

    /// How many descriptors the driver has written beyond one.
    fn ahead(&self, of: u32) -> Result<u32, RingError> {
        let written = self.control.read32(HW_RX_BD_PROD)?;
        fence(Ordering::Acquire);
        if written >= DESCRIPTORS {
            return Err(RingError::Index {
                ahead: written,
                most: DESCRIPTORS,
            });
        }
        Ok((written + DESCRIPTORS - of) % DESCRIPTORS)
    }

    fn copy(&self, entry: u32, room: &mut [u8]) -> Result<Taken, RingError> {
        let at = entry as usize * DESCRIPTOR;
        let buffer = self.ring.read32(at)?;
        let len = usize::try_from(self.ring.read32(at + BD_LENGTH)?).unwrap_or(usize::MAX);
        let vlan = self.ring.read16(at + BD_VLAN)?;
        // What is as long as the buffer was cut.
        if buffer >= BUFFERS || !(14..self.size).contains(&len) {
            return Ok(Taken::NoFrame);
        }
        let Some(frame) = room.get_mut(..len) else {
            return Ok(Taken::NoFrame);
        };
        self.buffers.read(self.size * (buffer as usize + 1), frame)?;
        fence(Ordering::Acquire);
        // The driver waits for nobody: it may have written the next frames over this one, or is about to.
        if self.ahead(entry)? >= WAITING {
            return Ok(Taken::NoFrame);
        }
        if vlan == 0 || tag::split(frame).0.is_some() {
            return Ok(Taken::Frame(len));
        }
        Ok(tag::insert(room, len, vlan).map_or(Taken::NoFrame, Taken::Frame))
    }
}

impl<M: Memory, T: Transmit> Ring for Qedi<M, T> {
    const NAME: &'static str = "qedi";

    fn longest(&self) -> usize {
        self.size
    }

    fn take(&mut self, room: &mut [u8]) -> Result<Taken, RingError> {
        let ahead = self.ahead(self.done)?;
        if ahead == 0 {
            return Ok(Taken::Nothing);
        }
        // What was written over is not there any more.
        let lost = ahead.saturating_sub(WAITING);
        let entry = (self.done + lost + 1) % DESCRIPTORS;
        let taken = self.copy(entry, room)?;
        self.done = entry;
        self.consumed = self.consumed.wrapping_add(lost + 1);
        self.control.write32(HOST_RX_BD_CONS, entry)?;
        self.control.write32(HOST_RX_CONS, self.consumed % BUFFERS)?;
        self.control.write32(HOST_RX_CONS_CNT, self.consumed)?;
        Ok(taken)
    }

    fn idle(&mut self) -> Result<bool, RingError> {
        // The driver takes the frame while it is told.
        Ok(true)
    }

    fn put(&mut self, frame: &[u8]) -> Result<(), RingError> {
        let (tci, [head, rest]) = tag::split(frame);
        let len = head.len() + rest.len();
        if len > self.size {
            return Err(RingError::Layout {
                what: "the frame is longer than the buffer",
            });
        }
        self.buffers.write(0, head)?;
        self.buffers.write(head.len(), rest)?;
        let bytes = u32::try_from(len).unwrap_or(u32::MAX);
        self.control.write32(HOST_TX_PKT_LEN, bytes)?;
        fence(Ordering::SeqCst);
        self.driver
            .transmit(tci.unwrap_or(0))
            .map_err(RingError::Transmit)?;
        self.produced = self.produced.wrapping_add(1);
        self.control.write32(HOST_TX_PROD, self.produced)?;
        Ok(())
    }
}
