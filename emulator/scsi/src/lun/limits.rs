//! Limits of a logical unit that the block limits page shows and the commands enforce.

/// What a good transfer is at most, in bytes.
pub const OPTIMAL_TRANSFER: u32 = 1 << 20;
/// Longest WRITE SAME in bytes: no longer than a read, so that it can be checked in one.
pub const MAX_WRITE_SAME: u64 = 16 << 20;
/// Longest sum of one UNMAP in logical blocks.
pub const MAX_UNMAP_BLOCKS: u32 = 1 << 20;
/// Most descriptors of one UNMAP.
pub const MAX_UNMAP_DESCRIPTORS: u32 = 256;
/// What is worth unmapping, in bytes (the block of a file system).
pub const UNMAP_GRANULARITY: u32 = 4096;

/// Longest COMPARE AND WRITE in logical blocks.
pub const MAX_COMPARE_AND_WRITE: u8 = 255;
/// Longest WRITE ATOMIC in bytes.
pub const MAX_ATOMIC_WRITE: u32 = 256 << 10;
/// Most descriptors of one GET LBA STATUS.
pub const MAX_LBA_DESCRIPTORS: usize = 256;
/// EXTENDED COPY: most target descriptors of one list.
pub const MAX_COPY_TARGETS: usize = 16;
/// EXTENDED COPY: most segment descriptors of one list.
pub const MAX_COPY_SEGMENTS: usize = 64;
/// EXTENDED COPY: longest sum of descriptors in bytes.
pub const MAX_COPY_DESCRIPTORS: usize = 4096;
/// EXTENDED COPY: longest segment in bytes.
pub const MAX_COPY_SEGMENT: u64 = 64 << 20;
