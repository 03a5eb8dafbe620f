//! Where the areas of flash begin, and what marks them valid.
//!
//! Source: `ql4_fw.h`, `FLASH_*`, `FA_FLASH_*`; the control block's cookie is measured with the stock driver.

/// System information, [`super::raw::flash_sys_info`], as READ_FLASH addresses it.
pub const FLASH_OFFSET_SYS_INFO: u32 = 0x0200_0000;
/// Initialization control block, [`super::raw::addr_ctrl_blk`].
pub const FLASH_SEGMENT_IFCB: u32 = 0x0400_0000;
/// First device database entry; entries follow each other, 512 bytes each.
pub const FLASH_OFFSET_DB_INFO: u32 = 0x0500_0000;
/// First CHAP entry; entries follow each other, 364 bytes each.
pub const FLASH_CHAP_OFFSET: u32 = 0x0600_0000;
/// `cookie` of a valid initialization control block.
pub const IFCB_COOKIE: u32 = 0x11BE_AD5A;
