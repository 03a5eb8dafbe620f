//! What the qla4xxx driver does with a port: its objects, its rules, its errnos.
//!
//! Source: Linux 6.1 `drivers/scsi/qla4xxx` (`ql4_os.c`, `ql4_init.c`, `ql4_bsg.c`, `ql4_attr.c`, `ql4_mbx.c`).

pub(crate) mod acb;
mod acb_table;
pub(crate) mod ddb_states;
mod ddb_table;
pub(crate) mod flashnode;
