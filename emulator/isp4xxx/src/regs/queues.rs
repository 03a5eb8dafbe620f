//! The request and response rings of a function and its shadow registers.
//!
//! Owns indices and their bounds. It must not know entries. INITIALIZE_FIRMWARE tells where the rings lie. The signature of a
//! response is written last, then the shadow index. Source: `ql4_init.c` `qla4xxx_init_rings`, `ql4_mbx.c`
//! `qla4xxx_initialize_fw_cb`, `ql4_isr.c` `qla4xxx_process_response_queue`.

use std::collections::VecDeque;

use driver_sys::hw::raw::addr_ctrl_blk;

use super::iocb::{ENTRY, Entry, RESPONSE_PROCESSED};
use super::memory::{BadAddress, GuestMemory};

/// Most responses that wait for a driver to make room; every command it may have under way needs a few.
const MAX_BACKLOG: usize = 16_384;

/// Why the rings cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RingError {
    /// An index beyond the ring, or a ring outside guest memory: requests cannot be fetched.
    Request,
    /// Responses cannot be delivered.
    Response,
}

/// Rings and shadow registers.
#[derive(Debug)]
pub(super) struct Queues {
    requests: u64,
    request_len: u16,
    request_in: u16,
    request_out: u16,
    responses: u64,
    response_len: u16,
    response_in: u16,
    response_out: u16,
    shadow: u64,
    backlog: VecDeque<Entry>,
}

impl Queues {
    /// The rings that a control block names; `None` without rings.
    pub(super) fn new(block: &addr_ctrl_blk) -> Option<Self> {
        let at = |low: u32, high: u32| u64::from(high) << 32 | u64::from(low);
        let queues = Self {
            requests: at(block.rqq_addr_lo.get(), block.rqq_addr_hi.get()),
            request_len: block.rqq_len.get(),
            request_in: block.rqq_consumer_idx.get(),
            request_out: block.rqq_consumer_idx.get(),
            responses: at(block.compq_addr_lo.get(), block.compq_addr_hi.get()),
            response_len: block.compq_len.get(),
            response_in: block.compq_producer_idx.get(),
            response_out: block.compq_producer_idx.get(),
            shadow: at(block.shdwreg_addr_lo.get(), block.shdwreg_addr_hi.get()),
            backlog: VecDeque::new(),
        };
        let sane = queues.request_out < queues.request_len
            && queues.response_in < queues.response_len
            && queues.response_len >= 2;
        sane.then_some(queues)
    }

    /// The driver has put requests into the ring, up to this index.
    pub(super) fn rung(&mut self, memory: &impl GuestMemory, request_in: u32) -> Result<(), RingError> {
        let end = u16::try_from(request_in).map_err(|_| RingError::Request)?;
        if end >= self.request_len {
            return Err(RingError::Request);
        }
        self.request_in = end;
        self.consumed(memory)
    }

    /// Fetches the next command, whole: the entry count of its first entry says how many belong to it.
    pub(super) fn fetch(&mut self, memory: &impl GuestMemory) -> Result<Option<Vec<Entry>>, RingError> {
        if self.request_out == self.request_in {
            return Ok(None);
        }
        let first = self.request(memory)?;
        let more = usize::from(first[3]).saturating_sub(1);
        let mut entries = vec![first];
        for _ in 0..more {
            if self.request_out == self.request_in {
                return Err(RingError::Request);
            }
            entries.push(self.request(memory)?);
        }
        self.consumed(memory)?;
        Ok(Some(entries))
    }

    /// Tells the driver how far requests were fetched.
    fn consumed(&self, memory: &impl GuestMemory) -> Result<(), RingError> {
        let out = u32::from(self.request_out).to_le_bytes();
        memory.write(self.shadow, &out).map_err(|_| RingError::Request)
    }

    fn request(&mut self, memory: &impl GuestMemory) -> Result<Entry, RingError> {
        let mut entry = [0; ENTRY];
        let at = slot(self.requests, self.request_out).ok_or(RingError::Request)?;
        memory.read(at, &mut entry).map_err(|_| RingError::Request)?;
        self.request_out = (self.request_out + 1) % self.request_len;
        Ok(entry)
    }

    /// Puts a response into the ring, or keeps it until there is room.
    pub(super) fn respond(&mut self, memory: &impl GuestMemory, entry: Entry) -> Result<(), RingError> {
        if self.backlog.len() >= MAX_BACKLOG {
            return Err(RingError::Response);
        }
        self.backlog.push_back(entry);
        self.flush(memory)
    }

    /// The driver has taken responses up to this index.
    pub(super) fn taken(&mut self, memory: &impl GuestMemory, response_out: u32) -> Result<(), RingError> {
        let out = u16::try_from(response_out).map_err(|_| RingError::Response)?;
        if out >= self.response_len {
            return Err(RingError::Response);
        }
        self.response_out = out;
        self.flush(memory)
    }

    /// Responses wait for the driver.
    pub(super) fn waiting(&self) -> bool {
        self.response_in != self.response_out
    }

    fn flush(&mut self, memory: &impl GuestMemory) -> Result<(), RingError> {
        while (self.response_in + 1) % self.response_len != self.response_out
            && let Some(entry) = self.backlog.pop_front()
        {
            self.deliver(memory, &entry).map_err(|_| RingError::Response)?;
        }
        Ok(())
    }

    fn deliver(&mut self, memory: &impl GuestMemory, entry: &Entry) -> Result<(), BadAddress> {
        let nowhere = BadAddress {
            at: self.responses,
            len: ENTRY as u64,
        };
        let at = slot(self.responses, self.response_in).ok_or(nowhere)?;
        let (body, signature) = entry.split_at(ENTRY - 4);
        memory.write(at, body)?;
        if signature == RESPONSE_PROCESSED.to_le_bytes() {
            // Sense data of a target may look like it; the driver would never see the entry.
            memory.write(at + body.len() as u64, &[0; 4])?;
        } else {
            memory.write(at + body.len() as u64, signature)?;
        }
        self.response_in = (self.response_in + 1) % self.response_len;
        let shadow = self.shadow.checked_add(4).ok_or(nowhere)?;
        memory.write(shadow, &u32::from(self.response_in).to_le_bytes())
    }
}

/// Where an entry lies, with room for all of it below the end of the address space.
fn slot(ring: u64, index: u16) -> Option<u64> {
    let at = ring.checked_add(u64::from(index) * ENTRY as u64)?;
    at.checked_add(ENTRY as u64).map(|_| at)
}
