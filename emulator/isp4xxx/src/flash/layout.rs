//! Where the areas lie.
//!
//! Source: `ql4_fw.h` `FLASH_OFFSET_SYS_INFO`, `FLASH_SEGMENT_IFCB`, `FLASH_OFFSET_DB_INFO`, `FLASH_CHAP_OFFSET`.

use driver_sys::hw::flash as hw;

/// Distance between the views of two ports in a card's image, in bytes.
pub const PORT_STRIDE: u64 = 0x0800_0000;

/// One area of a port's view.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    /// System information: MAC addresses, serial number.
    SysInfo,
    /// The initialization control block.
    Ifcb,
    /// The device database.
    Ddb,
    /// The CHAP table.
    Chap,
}

impl Area {
    /// All areas, by address.
    pub const ALL: [Self; 4] = [Self::SysInfo, Self::Ifcb, Self::Ddb, Self::Chap];

    /// Address in the port's view.
    #[must_use]
    pub const fn offset(self) -> u32 {
        match self {
            Self::SysInfo => hw::FLASH_OFFSET_SYS_INFO,
            Self::Ifcb => hw::FLASH_SEGMENT_IFCB,
            Self::Ddb => hw::FLASH_OFFSET_DB_INFO,
            Self::Chap => hw::FLASH_CHAP_OFFSET,
        }
    }

    /// Length in bytes, whole pages.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::SysInfo | Self::Ifcb => 0x1000,
            Self::Ddb => 0x8000,
            Self::Chap => 0xC000,
        }
    }

    /// Bytes of one record.
    #[must_use]
    pub const fn record(self) -> usize {
        match self {
            Self::SysInfo | Self::Ddb => 512,
            Self::Ifcb => 768,
            Self::Chap => 364,
        }
    }

    /// Address in the card's image.
    #[must_use]
    pub const fn position(self, port: usize) -> u64 {
        port as u64 * PORT_STRIDE + self.offset() as u64
    }

    /// The field's name of the area.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SysInfo => "system information",
            Self::Ifcb => "IFCB",
            Self::Ddb => "DDB table",
            Self::Chap => "CHAP table",
        }
    }
}

/// Length of a card's image in bytes.
#[must_use]
pub const fn image_len(ports: usize) -> u64 {
    ports as u64 * PORT_STRIDE
}
