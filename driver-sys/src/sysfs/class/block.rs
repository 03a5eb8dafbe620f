//! `/sys/class/block/NAME`: disks.
//!
//! Owns: [`Block`]. Must not know: file systems. Source: kernel `block/genhd.c` (`disk_attrs`).

use crate::sysfs::{Error, Reader, Root, attrs};

use super::device::Hctl;

attrs! {
    /// A disk's attributes.
    pub struct Block, table BLOCK_ATTRS {
        /// Size in sectors of 512 bytes, whatever the logical block size.
        must sectors: u64 = "size";
        /// Major and minor number, `8:16`.
        may dev: String = "dev";
        /// Whether writes are refused.
        may read_only: bool = "ro";
        /// Whether the medium can be taken out.
        may removable: bool = "removable";
        /// Logical block size in bytes.
        may logical_block_size: u32 = "queue/logical_block_size";
        /// Physical block size in bytes.
        may physical_block_size: u32 = "queue/physical_block_size";
    }
}

impl Block {
    /// Size in bytes, `None` beyond 2^64.
    pub fn bytes(&self) -> Option<u64> {
        self.sectors.checked_mul(512)
    }
}

/// Reads the disk of a logical unit.
///
/// # Errors
/// There is no such disk, or it does not tell its size.
pub fn block_of(root: &Root, unit: Hctl, name: &str) -> Result<Block, Error> {
    Block::read(
        &mut Reader::new(),
        root.at(&format!("bus/scsi/devices/{unit}/block/{name}")),
    )
}
