//! The card's memory: a file for each region that cnic offers, so that any process can map it.
//!
//! Source: `cnic.c`, `cnic_init_uio`, `__cnic_alloc_uio_rings`.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::Result;
use driver_sys::uio::{Description, Device, Map, Region};

/// Bytes of each region: registers, status block, a page of transmit and a page of receive descriptors, buffers.
pub(super) const SIZES: [u64; 4] = [0x12800, 128, 8192, 4096];
const PAGE: u64 = 4096;

/// The regions, mapped.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) registers: Map,
    pub(super) status: Map,
    pub(super) rings: Map,
    pub(super) buffers: Map,
}

impl Memory {
    /// Makes the files in `dir`.
    pub(super) fn create(dir: &Path) -> Result<Self> {
        let region = |index: u32| -> Result<Map> {
            let size = SIZES
                .get(index as usize)
                .copied()
                .unwrap_or(0)
                .next_multiple_of(PAGE);
            File::create(file(dir, index))?.set_len(size)?;
            // Each file is a device of one region: no region is in the way of another one.
            let alone = Description {
                number: index,
                name: String::new(),
                parent: String::new(),
                regions: vec![Region {
                    index: 0,
                    size,
                    offset: 0,
                }],
            };
            Ok(Device::open(dir, &alone)?.map(0)?)
        };
        Ok(Self {
            registers: region(0)?,
            status: region(1)?,
            rings: region(2)?,
            buffers: region(3)?,
        })
    }
}

/// The file of a region.
pub(super) fn file(dir: &Path, index: u32) -> PathBuf {
    dir.join(format!("uio{index}"))
}
