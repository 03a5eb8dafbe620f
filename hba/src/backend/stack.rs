//! What stands on disks, as the kernel tells it: partitions, holders, mounts, swap. Facts only; what they mean for an operation is
//! said by `ops::in_use`.
//!
//! Source: `block/genhd.c`, `block/holder.c` (`holders`, `slaves`), `drivers/md/dm-sysfs.c`, `fs/btrfs/sysfs.c`, proc(5).

/// Disks, what stands on them, and what is mounted and swapped to anywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stack {
    /// The disks that were asked about.
    pub disks: Vec<StackDisk>,
    /// They and every block device above them.
    pub nodes: Vec<BlockNode>,
    /// Everything that is mounted.
    pub mounts: Vec<Mount>,
    /// Block devices, by kernel name, that are swapped to.
    pub swaps: Vec<String>,
    /// File systems of several devices: the kernel names of each one's devices.
    pub pools: Vec<Vec<String>>,
}

/// A disk and the logical unit it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackDisk {
    /// The logical unit's address.
    pub address: String,
    /// Its session.
    pub sid: Option<u32>,
    /// The disk's kernel name, as `sdb`.
    pub name: String,
}

/// A block device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BlockNode {
    /// Kernel name, as `sdb1` or `dm-0`.
    pub name: String,
    /// Major and minor number, as `8:17`.
    pub number: Option<String>,
    /// What it is.
    pub layer: Layer,
    /// The name that a device mapper map has.
    pub label: Option<String>,
    /// Its partitions, and the devices made of it.
    pub above: Vec<String>,
    /// How many devices it is made of.
    pub below: usize,
    /// Whether somebody in the kernel has it for himself; asked only where nothing else is known to stand on it.
    pub claimed: bool,
}

/// What a block device is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Layer {
    /// A whole disk.
    #[default]
    Disk,
    /// A partition.
    Partition,
    /// A multipath map.
    Multipath,
    /// A logical volume of LVM.
    Volume,
    /// An encrypted device.
    Crypt,
    /// Another device mapper map.
    Map,
    /// A RAID array (md).
    Raid,
    /// A loop device.
    Loop,
}

/// Something that is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// Device number, as `8:17`; of file systems over several devices one of their own, major 0.
    pub number: String,
    /// Names of block devices that its source and its options tell.
    pub names: Vec<String>,
    /// Where.
    pub point: String,
    /// Kind of file system.
    pub kind: String,
}
