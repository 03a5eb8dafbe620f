//! The serial EEPROM (93C86): where the boot block of each port lies, and how it is read and written.
//!
//! Owns typed access to a 2048-byte (4010: 512) image. It must not know where the image is kept. Source: `ql4_fw.h`
//! `NVRAM_PORT*`, `ql4_nvram.h` `struct eeprom_data`, `ql4_os.c` `get_fw_boot_info`.

use driver_sys::hw::nvram::{self as hw, BootTargetByte};

/// What a port boots from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BootBlock {
    /// Boot mode; the low three bits other than 0 switch booting on.
    pub mode: u8,
    /// Flash DDB of the primary target.
    pub primary: Option<u8>,
    /// Flash DDB of the secondary target.
    pub secondary: Option<u8>,
}

const OFFSETS: [[usize; 3]; 2] = [
    [
        hw::NVRAM_PORT0_BOOT_MODE,
        hw::NVRAM_PORT0_BOOT_PRI_TGT,
        hw::NVRAM_PORT0_BOOT_SEC_TGT,
    ],
    [
        hw::NVRAM_PORT1_BOOT_MODE,
        hw::NVRAM_PORT1_BOOT_PRI_TGT,
        hw::NVRAM_PORT1_BOOT_SEC_TGT,
    ],
];

impl BootBlock {
    /// Booting is on.
    #[must_use]
    pub const fn enabled(&self) -> bool {
        self.mode & 0x07 != 0
    }

    /// Reads the block of `port`; `None` when this EEPROM has none (4010, third port).
    #[must_use]
    pub fn read(image: &[u8], port: usize) -> Option<Self> {
        let [mode, primary, secondary] = *OFFSETS.get(port)?;
        Some(Self {
            mode: *image.get(mode)?,
            primary: BootTargetByte(*image.get(primary)?).ddb_index(),
            secondary: BootTargetByte(*image.get(secondary)?).ddb_index(),
        })
    }

    /// The bytes to write for `port`: `(offset, value)`; `None` when this EEPROM has no such block or an index is beyond 127.
    #[must_use]
    pub fn bytes(&self, image_len: usize, port: usize) -> Option<[(usize, u8); 3]> {
        let [mode, primary, secondary] = *OFFSETS.get(port)?;
        if mode.max(primary).max(secondary) >= image_len {
            return None;
        }
        let byte = |index: Option<u8>| match index {
            None => Some(0),
            Some(index) => BootTargetByte::new(index).map(|byte| byte.0),
        };
        Some([
            (mode, self.mode),
            (primary, byte(self.primary)?),
            (secondary, byte(self.secondary)?),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boot_block_lies_where_the_driver_looks() {
        let mut image = vec![0u8; 2048];
        image[0x7b1] = 2;
        image[0x7b2] = 0x80 | 5;
        image[0x7bb] = 6; // not marked valid
        let block = BootBlock::read(&image, 1).unwrap();
        assert_eq!(
            block,
            BootBlock {
                mode: 2,
                primary: Some(5),
                secondary: None
            }
        );
        assert!(block.enabled());
        assert!(!BootBlock::read(&image, 0).unwrap().enabled());
        assert_eq!(
            block.bytes(2048, 1).unwrap(),
            [(0x7b1, 2), (0x7b2, 0x85), (0x7bb, 0)]
        );
        assert_eq!(BootBlock::read(&image[..512], 0), None);
        assert_eq!(block.bytes(512, 0), None);
        assert_eq!(
            BootBlock {
                primary: Some(128),
                ..block
            }
            .bytes(2048, 0),
            None
        );
    }
}
