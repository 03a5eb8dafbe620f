//! Which buffers a ring of receive descriptors has, read from the descriptors that the driver wrote.
//!
//! cnic gives descriptor `i` buffer `i % n + 1`; buffer 0 is what is sent from. Source: `cnic.c` (`cnic_init_bnx2_rx_ring`,
//! `cnic_init_bnx2x_rx_ring`).

use super::RingError;

/// The most buffers that make sense.
const MOST: u16 = 64;
/// Lengths of a buffer that make sense, in bytes.
const LENGTHS: std::ops::RangeInclusive<u32> = 256..=16384;

/// The buffers of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pool {
    /// How many there are to receive into.
    pub(super) count: u16,
    /// Bytes of each.
    pub(super) size: usize,
}

impl Pool {
    /// Reads it from the bus addresses of the first descriptors, and compares with the memory that is mapped.
    pub(super) fn of(
        address: impl Fn(u16) -> Result<u64, RingError>,
        buffers: usize,
    ) -> Result<Self, RingError> {
        let (first, second) = (address(0)?, address(1)?);
        if first == 0 {
            return Err(RingError::Closed);
        }
        let layout = |what| RingError::Layout { what };
        let size = second
            .checked_sub(first)
            .and_then(|size| u32::try_from(size).ok());
        let size = size
            .filter(|size| LENGTHS.contains(size))
            .ok_or(layout("the receive descriptors are not one buffer apart"))?;
        let mut count = 1;
        while address(count)? != first {
            if address(count)? != first + u64::from(size) * u64::from(count) {
                return Err(layout("the receive buffers do not follow each other"));
            }
            count += 1;
            if count > MOST {
                return Err(layout("there are more receive buffers than make sense"));
            }
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        match size.checked_mul(usize::from(count) + 1) {
            Some(all) if all <= buffers => Ok(Self { count, size }),
            _ => Err(layout(
                "the receive buffers are longer than the memory that is mapped",
            )),
        }
    }

    /// Where the buffer of a descriptor begins.
    pub(super) fn buffer(&self, entry: u16) -> usize {
        self.size * usize::from(entry % self.count + 1)
    }
}
