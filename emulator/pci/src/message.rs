//! Requests of a client: bytes become typed, bounded requests.
//!
//! Owns the layout of every request body. Pure: it has no state and touches nothing. Source: vfio-user specification,
//! "Message Commands"; `include/uapi/linux/vfio.h`.

use nix::libc;

use crate::wire::{self, MAX_TRANSFER};

/// What a client asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request<'a> {
    /// Versions and capabilities.
    Version {
        /// Major version.
        major: u16,
        /// Minor version.
        minor: u16,
    },
    /// A range of the bus becomes memory.
    DmaMap {
        /// The device may read there.
        read: bool,
        /// The device may write there.
        write: bool,
        /// Offset within the descriptor.
        offset: u64,
        /// Bus address.
        address: u64,
        /// Bytes.
        size: u64,
    },
    /// A range, or everything, is memory no more.
    DmaUnmap {
        /// Everything.
        all: bool,
        /// Bus address.
        address: u64,
        /// Bytes.
        size: u64,
    },
    /// What the device has.
    DeviceInfo,
    /// What a region is.
    RegionInfo {
        /// Which one.
        index: u32,
    },
    /// Descriptors for a region.
    RegionIoFds,
    /// What an interrupt is.
    IrqInfo {
        /// Which one.
        index: u32,
    },
    /// Interrupt set-up.
    SetIrqs {
        /// What the data is and what to do (`VFIO_IRQ_SET_*`).
        flags: u32,
        /// Which interrupt.
        index: u32,
        /// First vector.
        start: u32,
        /// How many vectors.
        count: u32,
        /// Data, for `VFIO_IRQ_SET_DATA_BOOL`.
        data: &'a [u8],
    },
    /// Reads a region.
    RegionRead {
        /// Offset within the region.
        offset: u64,
        /// Which one.
        region: u32,
        /// Bytes, at most 64 KiB.
        count: usize,
    },
    /// Writes a region.
    RegionWrite {
        /// Offset within the region.
        offset: u64,
        /// Which one.
        region: u32,
        /// The bytes.
        data: &'a [u8],
    },
    /// Resets the device.
    Reset,
}

struct Body<'a>(&'a [u8]);

impl<'a> Body<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], i32> {
        let (head, rest) = self.0.split_first_chunk().ok_or(libc::EINVAL)?;
        self.0 = rest;
        Ok(*head)
    }
    fn u16(&mut self) -> Result<u16, i32> {
        self.take().map(u16::from_le_bytes)
    }
    fn u32(&mut self) -> Result<u32, i32> {
        self.take().map(u32::from_le_bytes)
    }
    fn u64(&mut self) -> Result<u64, i32> {
        self.take().map(u64::from_le_bytes)
    }
}

/// Reads the body of a command.
///
/// # Errors
/// The errno to answer with: `EINVAL` for a body that does not fit, `ENOTSUP` for a command that is not known.
pub fn decode(command: u16, body: &[u8]) -> Result<Request<'_>, i32> {
    let mut body = Body(body);
    match command {
        wire::VERSION => Ok(Request::Version {
            major: body.u16()?,
            minor: body.u16()?,
        }),
        wire::DMA_MAP => {
            let _argsz = body.u32()?;
            let flags = body.u32()?;
            Ok(Request::DmaMap {
                read: flags & 1 != 0,
                write: flags & 2 != 0,
                offset: body.u64()?,
                address: body.u64()?,
                size: body.u64()?,
            })
        }
        wire::DMA_UNMAP => {
            let _argsz = body.u32()?;
            let flags = body.u32()?;
            Ok(Request::DmaUnmap {
                all: flags & 2 != 0,
                address: body.u64()?,
                size: body.u64()?,
            })
        }
        wire::DEVICE_GET_INFO => Ok(Request::DeviceInfo),
        wire::DEVICE_GET_REGION_INFO => {
            let [_argsz, _flags, index] = [body.u32()?, body.u32()?, body.u32()?];
            Ok(Request::RegionInfo { index })
        }
        wire::DEVICE_GET_REGION_IO_FDS => Ok(Request::RegionIoFds),
        wire::DEVICE_GET_IRQ_INFO => {
            let [_argsz, _flags, index] = [body.u32()?, body.u32()?, body.u32()?];
            Ok(Request::IrqInfo { index })
        }
        wire::DEVICE_SET_IRQS => {
            let _argsz = body.u32()?;
            Ok(Request::SetIrqs {
                flags: body.u32()?,
                index: body.u32()?,
                start: body.u32()?,
                count: body.u32()?,
                data: body.0,
            })
        }
        wire::REGION_READ | wire::REGION_WRITE => {
            let (offset, region, count) = (body.u64()?, body.u32()?, body.u32()? as usize);
            if count > MAX_TRANSFER {
                return Err(libc::EINVAL);
            }
            if command == wire::REGION_READ {
                return Ok(Request::RegionRead {
                    offset,
                    region,
                    count,
                });
            }
            if body.0.len() != count {
                return Err(libc::EINVAL);
            }
            Ok(Request::RegionWrite {
                offset,
                region,
                data: body.0,
            })
        }
        wire::DEVICE_RESET => Ok(Request::Reset),
        _ => Err(libc::ENOTSUP),
    }
}
