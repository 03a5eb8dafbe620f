//! Where the areas of flash begin, and what marks them valid.
//!
//! Source: `ql4_fw.h`, `FLASH_*`, `FA_FLASH_*`; the control block's cookie is measured with the stock driver.

/// System information, [`super::raw::flash_sys_info`], as READ_FLASH addresses it.
pub const FLASH_OFFSET_SYS_INFO: u32 = 0x0200_0000;
/// Initialization control block, [`super::raw::addr_ctrl_blk`].
pub const FLASH_SEGMENT_IFCB: u32 = 0x0400_0000;
/// First device database entry; entries follow each other, 512 bytes each.
pub const FLASH_OFFSET_DB_INFO: u32 = 0x0500_0000;
/// Last byte of the device database area (64 entries).
pub const FLASH_OFFSET_DB_END: u32 = FLASH_OFFSET_DB_INFO + 0x7fff;
/// First CHAP entry; entries follow each other, 364 bytes each.
pub const FLASH_CHAP_OFFSET: u32 = 0x0600_0000;
/// Raw access to the whole chip.
pub const FLASH_RAW_ACCESS_ADDR: u32 = 0x8e00_0000;
/// Erase block size in bytes.
pub const FLASH_DEFAULTBLOCKSIZE: u32 = 0x2_0000;
/// CHAP area of the 82xx (raw chip offset) when its layout table does not say.
pub const FA_FLASH_ISCSI_CHAP: u32 = 0x54_0000;
/// Size of the 82xx CHAP area in bytes, both ports.
pub const FA_FLASH_CHAP_SIZE: u32 = 0x0C_0000;
/// DDB area of the 82xx (raw chip offset) when its layout table does not say.
pub const FA_FLASH_ISCSI_DDB: u32 = 0x42_0000;
/// Size of the 82xx DDB area in bytes, both ports.
pub const FA_FLASH_DDB_SIZE: u32 = 0x08_0000;
/// `cookie` of a valid initialization control block.
pub const IFCB_COOKIE: u32 = 0x11BE_AD5A;
