//! Where things lie in the flash of 40xx adapters, and which adapters have it so.
//!
//! Source: `ql4_fw.h` (`FLASH_*`, struct sizes), `ql4_os.c` (table sizes).

use std::fmt;

use driver_sys::hw::chap::MAX_CHAP_ENTRIES_40XX;
use driver_sys::hw::ddb::MAX_PRST_DEV_DB_ENTRIES;
use driver_sys::hw::flash::{
    FLASH_CHAP_OFFSET, FLASH_OFFSET_DB_INFO, FLASH_OFFSET_SYS_INFO, FLASH_SEGMENT_IFCB,
};
use driver_sys::hw::raw::{addr_ctrl_blk, dev_db_entry, flash_sys_info, ql4_chap_table};

use super::super::adapter::{require, resolve_key};
use crate::backend::Memory;
use crate::ctx::Ctx;
use crate::error::{Error, Kind, Result};
use crate::ids::AdapterId;
use crate::model::AdapterKey;
use crate::quirks::{Ability, Chip};

/// An area of flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Addresses, product and serial number.
    SysInfo,
    /// The control block that a start begins with.
    Ifcb,
    /// The device database: flash targets.
    Ddb,
    /// The CHAP table, secrets included.
    Chap,
}

impl Area {
    /// Its bytes.
    pub(super) fn memory(self) -> Memory {
        let (offset, length) = match self {
            Self::SysInfo => (FLASH_OFFSET_SYS_INFO, size_of::<flash_sys_info>()),
            Self::Ifcb => (FLASH_SEGMENT_IFCB, size_of::<addr_ctrl_blk>()),
            Self::Ddb => (
                FLASH_OFFSET_DB_INFO,
                size_of::<dev_db_entry>() * usize::from(MAX_PRST_DEV_DB_ENTRIES),
            ),
            Self::Chap => (
                FLASH_CHAP_OFFSET,
                size_of::<ql4_chap_table>() * usize::from(MAX_CHAP_ENTRIES_40XX),
            ),
        };
        Memory::Flash {
            offset,
            length: u32::try_from(length).unwrap_or(u32::MAX),
        }
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SysInfo => "sysinfo",
            Self::Ifcb => "ifcb",
            Self::Ddb => "ddb",
            Self::Chap => "chap",
        })
    }
}

/// The port, whose driver must be `able`.
pub(super) fn port(
    ctx: &mut Ctx<'_>,
    id: Option<&AdapterId>,
    doing: &str,
    able: Ability,
) -> Result<(AdapterKey, Chip)> {
    let key = resolve_key(ctx, id)?;
    require(&key, doing, able)?;
    let chip = Chip::of(key.model.as_deref());
    Ok((key, chip))
}

/// Refuses for a reason that is the chip's, if it has one.
pub(super) fn unless(key: &AdapterKey, tried: &str, why: Option<&str>) -> Result<()> {
    match why {
        None => Ok(()),
        Some(why) => Err(Error::new(Kind::Unsupported, tried).answered(format!(
            "{} is {}: {why}",
            key.host,
            key.model.as_deref().unwrap_or("of an unknown model")
        ))),
    }
}
