//! One PCI function as a vfio-user client sees it.
//!
//! Owns configuration space, the interrupt line and the answers to every request. Registers and firmware are the adapter's.
//! Source: vfio-user specification; `include/uapi/linux/vfio.h` (indices of PCI regions and interrupts).

use std::time::Instant;

use isp4xxx::Chip;
use isp4xxx::regs::{Adapter, Face};
use nix::libc;

use crate::config_space::{self, ConfigSpace};
use crate::descriptor::Foreign;
use crate::interrupt::Interrupt;
use crate::memory::DmaMap;
use crate::message::Request;
use crate::wire::{MAJOR, MAX_FDS, MAX_TRANSFER, MINOR};

/// `VFIO_PCI_NUM_REGIONS`, `VFIO_PCI_NUM_IRQS`.
const REGIONS: u32 = 9;
const IRQS: u32 = 5;
const BAR_IO: u32 = 0;
const BAR_MEMORY: u32 = 1;
const CONFIG: u32 = 7;
const INTX: u32 = 0;
/// `VFIO_DEVICE_FLAGS_RESET | VFIO_DEVICE_FLAGS_PCI`.
const DEVICE_FLAGS: u32 = 1 | 1 << 1;
/// `VFIO_REGION_INFO_FLAG_READ | _WRITE`.
const READ_WRITE: u32 = 1 | 1 << 1;
/// `VFIO_IRQ_INFO_EVENTFD | _MASKABLE | _AUTOMASKED`.
const INTX_FLAGS: u32 = 1 | 1 << 1 | 1 << 2;

/// One PCI function.
#[derive(Debug)]
pub(crate) struct Device {
    chip: &'static Chip,
    face: &'static Face,
    port: usize,
    config: ConfigSpace,
    interrupt: Interrupt,
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

impl Device {
    pub(crate) fn new(chip: &'static Chip, face: &'static Face, port: usize) -> Self {
        Self {
            chip,
            face,
            port,
            config: ConfigSpace::new(chip, face, port),
            interrupt: Interrupt::default(),
        }
    }

    /// The interrupt line has this level.
    pub(crate) fn level(&mut self, high: bool) {
        self.interrupt.level(high);
    }

    /// The client is gone: nothing of it stays.
    pub(crate) fn client_gone(&mut self, adapter: &mut Adapter<DmaMap>, now: Instant) {
        if let Some(memory) = adapter.memory_mut(self.port) {
            memory.clear();
        }
        adapter.reset(now, self.port);
        *self = Self::new(self.chip, self.face, self.port);
        self.set_master(adapter);
    }

    /// Memory is reached while the command register says so.
    fn set_master(&self, adapter: &mut Adapter<DmaMap>) {
        if let Some(memory) = adapter.memory_mut(self.port) {
            memory.set_master(self.config.is_master());
        }
    }

    /// Answers a request: the reply's payload, or an errno.
    pub(crate) fn answer(
        &mut self,
        adapter: &mut Adapter<DmaMap>,
        now: Instant,
        request: &Request<'_>,
        body: &[u8],
        fds: Vec<Foreign>,
    ) -> Result<Vec<u8>, i32> {
        match *request {
            Request::Version { minor, .. } => Ok(version(minor)),
            Request::DmaMap {
                read,
                write,
                offset,
                address,
                size,
            } => {
                let memory = adapter.memory_mut(self.port).ok_or(libc::ENODEV)?;
                memory.map(address, size, offset, (read, write), fds.into_iter().next())?;
                Ok(Vec::new())
            }
            Request::DmaUnmap { all, address, size } => {
                let memory = adapter.memory_mut(self.port).ok_or(libc::ENODEV)?;
                if all {
                    memory.clear();
                } else {
                    memory.unmap(address, size)?;
                }
                Ok(body.get(..24).unwrap_or(body).to_vec())
            }
            Request::DeviceInfo => Ok(words(&[16, DEVICE_FLAGS, REGIONS, IRQS])),
            Request::RegionInfo { index } => region_info(self.face, index),
            Request::RegionIoFds => Err(libc::ENOTSUP),
            Request::IrqInfo { index } if index >= IRQS => Err(libc::EINVAL),
            Request::IrqInfo { index: INTX } => Ok(words(&[16, INTX_FLAGS, INTX, 1])),
            Request::IrqInfo { index } => Ok(words(&[16, 0, index, 0])),
            Request::SetIrqs {
                flags,
                index: INTX,
                start,
                count,
                data,
            } => {
                self.interrupt.set(flags, start, count, data, fds)?;
                Ok(Vec::new())
            }
            // Clients switch off what a device does not have.
            Request::SetIrqs { index, count: 0, .. } if index < IRQS => Ok(Vec::new()),
            Request::SetIrqs { .. } => Err(libc::EINVAL),
            Request::RegionRead {
                offset,
                region,
                count,
            } => {
                let mut reply = access(offset, region, count);
                let at = reply.len();
                reply.resize(at + count, 0);
                self.read(adapter, now, region, offset, &mut reply[at..])?;
                Ok(reply)
            }
            Request::RegionWrite { offset, region, data } => {
                self.write(adapter, now, region, offset, data)?;
                Ok(access(offset, region, data.len()))
            }
            Request::Reset => {
                adapter.reset(now, self.port);
                self.config.reset(self.chip, self.face, self.port);
                self.set_master(adapter);
                Ok(Vec::new())
            }
        }
    }

    fn read(
        &mut self,
        adapter: &mut Adapter<DmaMap>,
        now: Instant,
        region: u32,
        offset: u64,
        into: &mut [u8],
    ) -> Result<(), i32> {
        in_bounds(self.face, region, offset, into.len())?;
        match region {
            CONFIG => self.config.read(offset, into),
            _ => adapter.read(now, self.port, offset, into),
        }
        Ok(())
    }

    fn write(
        &mut self,
        adapter: &mut Adapter<DmaMap>,
        now: Instant,
        region: u32,
        offset: u64,
        from: &[u8],
    ) -> Result<(), i32> {
        in_bounds(self.face, region, offset, from.len())?;
        match region {
            CONFIG => {
                self.config.write(offset, from);
                self.set_master(adapter);
            }
            _ => adapter.write(now, self.port, offset, from),
        }
        Ok(())
    }
}

/// Length of a region; none for one that this device does not have.
fn region_len(face: &Face, region: u32) -> Option<u64> {
    match region {
        BAR_IO | BAR_MEMORY => Some(face.len.into()),
        CONFIG => Some(config_space::LEN as u64),
        _ => None,
    }
}

fn in_bounds(face: &Face, region: u32, offset: u64, len: usize) -> Result<(), i32> {
    let end = offset.checked_add(len as u64).ok_or(libc::EINVAL)?;
    let inside = region_len(face, region).is_some_and(|size| end <= size);
    if inside { Ok(()) } else { Err(libc::EINVAL) }
}

fn region_info(face: &Face, index: u32) -> Result<Vec<u8>, i32> {
    if index >= REGIONS {
        return Err(libc::EINVAL);
    }
    let size = region_len(face, index);
    let flags = if size.is_some() { READ_WRITE } else { 0 };
    let mut info = words(&[32, flags, index, 0]);
    info.extend(size.unwrap_or(0).to_le_bytes());
    info.extend(0u64.to_le_bytes());
    Ok(info)
}

fn access(offset: u64, region: u32, count: usize) -> Vec<u8> {
    let mut reply = offset.to_le_bytes().to_vec();
    reply.extend(words(&[region, count as u32]));
    reply
}

/// Speaks the older of the two minor versions.
fn version(minor: u16) -> Vec<u8> {
    let capabilities = serde_json::json!({"capabilities": {
        "max_msg_fds": MAX_FDS,
        "max_data_xfer_size": MAX_TRANSFER,
    }});
    let mut reply = [MAJOR.to_le_bytes(), MINOR.min(minor).to_le_bytes()].concat();
    reply.extend(capabilities.to_string().into_bytes());
    reply.push(0);
    reply
}
