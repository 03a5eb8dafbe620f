//! Serial EEPROM: sizes, boot bytes, checksum.
//!
//! Source: `ql4_fw.h` `NVRAM_PORT*`, `QL4*_NVRAM_SIZE`; `ql4_nvram.c`, `qla4xxx_is_nvram_configuration_valid`.

/// Bytes of the ISP4010's EEPROM.
pub const QL4010_NVRAM_SIZE: usize = 0x200;
/// Bytes of the ISP4022's and ISP4032's EEPROM.
pub const QL40X2_NVRAM_SIZE: usize = 0x800;
/// Boot mode byte of port 0 (function 1).
pub const NVRAM_PORT0_BOOT_MODE: usize = 0x03b1;
/// Primary boot target byte of port 0.
pub const NVRAM_PORT0_BOOT_PRI_TGT: usize = 0x03b2;
/// Secondary boot target byte of port 0.
pub const NVRAM_PORT0_BOOT_SEC_TGT: usize = 0x03bb;
/// Boot mode byte of port 1 (function 3).
pub const NVRAM_PORT1_BOOT_MODE: usize = 0x07b1;
/// Primary boot target byte of port 1.
pub const NVRAM_PORT1_BOOT_PRI_TGT: usize = 0x07b2;
/// Secondary boot target byte of port 1.
pub const NVRAM_PORT1_BOOT_SEC_TGT: usize = 0x07bb;
/// `boardId` of an ISP4022 board code name "Placer" as the header knows it.
pub const EEPROM_BOARDID_PLACER: u16 = 2;
/// `boardId` of an ISP4010 board code name "Eldorado".
pub const EEPROM_BOARDID_ELDORADO: u16 = 1;

/// A boot target byte: bit 7 "valid", low seven bits the DDB index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootTargetByte(pub u8);

impl BootTargetByte {
    /// A valid entry for a DDB index below 128; `None` beyond.
    #[must_use]
    pub const fn new(ddb_index: u8) -> Option<Self> {
        if ddb_index < 0x80 {
            Some(Self(0x80 | ddb_index))
        } else {
            None
        }
    }

    /// The DDB index if the byte is marked valid.
    #[must_use]
    pub const fn ddb_index(self) -> Option<u8> {
        if self.0 & 0x80 == 0 {
            None
        } else {
            Some(self.0 & 0x7f)
        }
    }
}

/// Sum of all little-endian 16-bit words, modulo 65536; a valid image sums to 0.
#[must_use]
pub fn word_sum(image: &[u8]) -> u16 {
    image
        .chunks(2)
        .map(|c| u16::from(c[0]) | (u16::from(c.get(1).copied().unwrap_or(0)) << 8))
        .fold(0u16, u16::wrapping_add)
}

/// Rewrites the last word so that the image sums to 0. Does nothing with fewer than two bytes.
pub fn fix_checksum(image: &mut [u8]) {
    let Some(at) = image.len().checked_sub(2) else {
        return;
    };
    let (body, last) = image.split_at_mut(at);
    last.copy_from_slice(&word_sum(body).wrapping_neg().to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_checksum_makes_the_image_sum_to_zero() {
        let mut image: Vec<u8> = (0..QL40X2_NVRAM_SIZE).map(|i| (i * 7) as u8).collect();
        assert_ne!(word_sum(&image), 0);
        fix_checksum(&mut image);
        assert_eq!(word_sum(&image), 0);
    }

    #[test]
    fn boot_byte_keeps_index_and_validity_apart() {
        assert_eq!(BootTargetByte(0x05).ddb_index(), None);
        assert_eq!(BootTargetByte::new(5), Some(BootTargetByte(0x85)));
        assert_eq!(BootTargetByte(0x85).ddb_index(), Some(5));
        assert_eq!(BootTargetByte::new(128), None);
    }
}
