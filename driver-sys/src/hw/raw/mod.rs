//! Structs of the ISP4xxx family with the driver's names: flash, EEPROM, mailbox buffers. Little-endian, alignment 1.
//!
//! Owns layouts only. Source: `ql4_fw.h`, `ql4_nvram.h`; checked against BTF in the crate's `abi` tests.
#![allow(non_camel_case_types, non_snake_case, reason = "the kernel's names")]

mod acb;
mod acb_def;
mod chap;
mod ddb;
mod eeprom;
mod info;
mod stats;

pub use acb::addr_ctrl_blk;
pub use acb_def::addr_ctrl_blk_def;
pub use chap::ql4_chap_table;
pub use ddb::dev_db_entry;
pub use eeprom::{bios_params, eeprom_function_cfg, eeprom_isp4010, eeprom_isp4022, eeprom_port_cfg};
pub use info::{
    about_fw_info, conn_event_log_entry, crash_record, flash_sys_info, mbx_sys_info, sys_info_phys_addr,
};
pub use stats::ql_iscsi_stats;
