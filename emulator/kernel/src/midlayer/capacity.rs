//! How big a disk is, as the kernel takes it.
//!
//! Source: `sd.c` (`sd_read_capacity`), `block/blk-settings.c` (`blk_queue_physical_block_size`).

/// What READ CAPACITY told, and what the kernel made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Capacity {
    /// Blocks; none when nobody could tell, or of a size that the kernel does not take.
    pub(crate) blocks: u64,
    /// Bytes of a logical block.
    pub(crate) logical: u32,
    /// Bytes of a physical block, as they were told.
    pub(crate) physical: u32,
}

impl Default for Capacity {
    fn default() -> Self {
        Self {
            blocks: 0,
            logical: 512,
            physical: 512,
        }
    }
}

impl Capacity {
    /// What was told. A disk whose blocks have a size that the kernel does not take stays, without a block that could be read.
    pub(crate) fn new(blocks: u64, logical: u32, physical: u32) -> Self {
        let (blocks, logical) = match logical {
            0 => (blocks, 512),
            512 | 1024 | 2048 | 4096 => (blocks, logical),
            _ => (0, 512),
        };
        Self {
            blocks,
            logical,
            physical: physical.max(logical),
        }
    }

    /// Size in the kernel's 512-byte sectors.
    pub(crate) fn sectors(self) -> u64 {
        self.blocks.saturating_mul(u64::from(self.logical / 512))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_a_kernel_does_not_take_leave_an_empty_disk() {
        for size in [1, 511, 520, 528, 4104, 4160, 8192, u32::MAX] {
            let capacity = Capacity::new(100, size, size);
            assert_eq!((capacity.sectors(), capacity.logical), (0, 512), "{size}");
            assert_eq!(capacity.physical, size.max(512));
        }
        for size in [512, 1024, 2048, 4096] {
            assert_eq!(
                Capacity::new(100, size, size).sectors(),
                100 * u64::from(size) / 512
            );
        }
        assert_eq!(Capacity::new(100, 0, 0).sectors(), 100);
    }
}
